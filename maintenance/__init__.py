"""Scripts that rebuild data files and translation catalogues of the package; nothing in the toolkit imports them."""
