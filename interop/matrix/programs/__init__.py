"""Programs that run beside the case, in the namespace of their end: clients, servers and the origin."""
