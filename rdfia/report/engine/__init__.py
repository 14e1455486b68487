"""The engine of the report: what a figure, a table and a page are, and how they find their place. It draws nothing."""
