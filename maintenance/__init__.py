"""Scripts that rebuild the vendored data files; the toolkit does not import them."""
