"""The answers told: numbers with their denominators, notebooks run at full scale, a page to open in a browser.

Each module is imported for what it does (`answers`, `data_sets`, `description`, `investigation`, `notebooks`, `page`,
`tables`, `wording`); nothing is imported here, so that a command loads what it needs and no more.
"""
