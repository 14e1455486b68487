"""A course on deep learning for vision, redone as one reproducible study."""
