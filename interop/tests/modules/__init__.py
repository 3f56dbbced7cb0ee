"""The real go command through both gateways."""
