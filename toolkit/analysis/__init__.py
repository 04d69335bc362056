"""The analyst: one file a question, from a leak on disk to a small table."""

from toolkit.analysis._keys import KEYS

__all__ = [
    "KEYS",
]
