"""Servers behind the core: one that does everything HTTP can, real gRPC, a module tree, fast ones for measurements."""
