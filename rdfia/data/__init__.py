"""Data: sources, splits, normalisation, augmentation and batches."""
