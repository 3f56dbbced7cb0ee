print("quicgw")
