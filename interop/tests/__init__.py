"""What must be true of quicgw, shown with programs that are not quicgw."""
