"""Tests of what times the study."""
