"""The analyst: one file a question, from a leak on disk to a small table."""
