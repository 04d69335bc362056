"""Scripts that rebuild the data files of `toolkit/synth/data/`; nothing in the toolkit imports them."""
