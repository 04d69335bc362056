"""Benchmarks: running times, relative to copying the table once in the same run."""
