"""The interop matrix: the cases of the QUIC Interop Runner between quicgw, in both roles, and foreign stacks."""
