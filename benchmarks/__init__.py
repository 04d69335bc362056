"""Timed work: how long things take, as ratios to a yardstick measured in the same run."""
