"""The record of a run: where it lies, what it holds, how it is written, and which of several is the best."""
