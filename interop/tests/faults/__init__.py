"""Parts that fail, and what clients see then."""
