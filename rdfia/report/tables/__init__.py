"""Tables that serve any chapter."""
