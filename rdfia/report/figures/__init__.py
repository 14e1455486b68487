"""Figures that serve any chapter."""
