"""Many at once, and slow ones."""
