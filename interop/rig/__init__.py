"""Links on demand: an edge and a core in network namespaces of their own, a NAT and an impaired link between them."""
