"""The answers told: numbers with their denominators, notebooks run at full scale, a page to open in a browser.

Each module is imported for what it does (`answers` say the numbers, `investigation` runs it all, `page` writes the
report from `findings`, with its `figures`, `stills`, `exports` and the `places` of its numbers, `scan` proves that it
shows nobody); nothing is imported here, so that a command loads what it needs and no more.
"""
