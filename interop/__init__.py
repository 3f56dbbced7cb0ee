"""quicgw against clients, servers and gateways that are not ours."""
