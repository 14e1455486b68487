"""A chapter: what it trains, its text, and its own figures and tables."""
