"""Foreign HTTP/3 clients straight at the core."""
