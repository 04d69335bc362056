"""Data-leak forensics on invented data: make a leak, open it, ask it questions, check the answers."""
