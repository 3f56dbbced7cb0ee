"""Real gRPC through both gateways."""
