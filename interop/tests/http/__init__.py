"""HTTP semantics through both gateways."""
