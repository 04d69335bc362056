"""Misspellings of names: each function takes names and random words, and returns the names as typed.

A name may stay unchanged (no accent to lose, no rule that applies): the caller marks an error only where the name
changed.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from toolkit.synth.streams import Words, low, scale

__all__ = ["join_particles", "keyboard", "mojibake", "phonetic", "stray_spaces"]

# Neighbours of each letter on a French keyboard.
_AZERTY = {
    "a": "zq", "z": "aeqs", "e": "zrsd", "r": "etdf", "t": "ryfg", "y": "tugh", "u": "yihj", "i": "uojk", "o": "ipkl",
    "p": "olm", "q": "aswz", "s": "qdzx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkun", "k": "jlio",
    "l": "kmop", "m": "lp", "w": "qxs", "x": "wcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bhj",
}  # fmt: skip
# Spellings that sound alike in French names, as (original, typed); $ is the end of the name. They are tried from a
# random start, and the first that applies is used.
_ALIKE = (
    ("eau", "au"), ("aud", "aut"), ("ault", "aud"), ("au", "o"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("qu", "k"),
    ("y", "i"), ("ss", "s"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("rr", "r"), ("mm", "m"), ("ff", "f"),
    ("in", "ain"), ("ain", "in"), ("an", "en"), ("en", "an"), ("ai", "é"), ("ier", "ié"), ("et", "ay"),
    ("ez", "es"), ("z", "s"),
    ("s$", "t"), ("t$", "d"), ("e$", ""), ("x$", ""), ("d$", "t"), ("i", "y"), ("l", "ll"), ("n", "nn"), ("t", "tt"),
    ("k", "c"), ("c", "k"), ("o", "au"), ("r", "rr"),
)  # fmt: skip
_RULES = tuple((original.rstrip("$"), typed, original.endswith("$")) for original, typed in _ALIKE)
_FROM = tuple(_RULES[start:] + _RULES[:start] for start in range(len(_RULES)))
"""The rules in the order in which they are tried, for each start: original, typed, whether at the end of the name."""
_ACCENTED = "àâäçéèêëîïôöùûüÿñãõáíóúÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒœæÆß"


def _misread(letter: str) -> str | None:
    try:
        return letter.encode().decode("cp1252")
    except UnicodeDecodeError:
        return None


_MOJIBAKE = {letter: misread for letter in _ACCENTED if (misread := _misread(letter))}


def keyboard(names: pl.Series, words: Words) -> pl.Series:
    """Mistype one letter after the first: a neighbouring key, or a letter left out, doubled or swapped."""
    length = names.str.len_chars().to_numpy().astype(np.int64)
    at = 1 + scale(words, np.maximum(length - 2, 1))
    frame = pl.DataFrame(
        {"name": names, "at": at, "pick": scale(low(words), 12), "how": scale(words << np.uint64(13), 100)}
    )
    letter, following = pl.col("name").str.slice(pl.col("at"), 1), pl.col("name").str.slice(pl.col("at") + 1, 1)
    head, tail = pl.col("name").str.slice(0, pl.col("at")), pl.col("name").str.slice(pl.col("at") + 1)
    keys = letter.str.to_lowercase().replace_strict(_AZERTY, default=None)
    neighbour = keys.str.slice(pl.col("pick") % keys.str.len_chars(), 1)
    typed = (
        pl.when(pl.col("how") < 50).then(pl.concat_str(head, neighbour, tail))
        .when(pl.col("how") < 70).then(pl.concat_str(head, tail))
        .when(pl.col("how") < 85).then(pl.concat_str(head, letter, letter, tail))
        .otherwise(pl.concat_str(head, following, letter, pl.col("name").str.slice(pl.col("at") + 2)))
    )  # fmt: skip
    long_enough = (pl.col("name").str.len_chars() >= 3) & keys.is_not_null()
    return frame.select(pl.when(long_enough).then(typed).otherwise("name")).to_series()


def phonetic(names: pl.Series, words: Words) -> pl.Series:
    """Write one sound in another way that is pronounced alike, after the first letter."""
    result = names.to_list()
    lowered = names.str.to_lowercase().to_list()
    starts = scale(words, len(_ALIKE)).tolist()
    for row, (name, low_name, start) in enumerate(zip(result, lowered, starts, strict=True)):
        for original, typed, at_end in _FROM[start]:
            if at_end:
                at = len(low_name) - len(original) if len(low_name) > 3 and low_name.endswith(original) else -1
            else:
                at = low_name.find(original, 1)
            if at > 0:
                result[row] = name[:at] + typed + name[at + len(original) :]
                break
    return pl.Series(names.name, result, dtype=pl.String)


def mojibake(names: pl.Series) -> pl.Series:
    """Decode UTF-8 as Windows-1252: é becomes Ã©."""
    return names.str.replace_many(list(_MOJIBAKE), list(_MOJIBAKE.values()))


def stray_spaces(names: pl.Series, words: Words) -> pl.Series:
    """Add a space before, after, or within a name of several parts."""
    frame = pl.DataFrame({"name": names, "how": scale(words, 3)})
    name = pl.col("name")
    typed = (
        pl.when(pl.col("how") == 0).then(pl.concat_str(pl.lit(" "), name))
        .when(pl.col("how") == 1).then(pl.concat_str(name, pl.lit(" ")))
        .otherwise(pl.when(name.str.contains("[ -]")).then(name.str.replace("([ -])", "$1 ")).otherwise(name + " "))
    )  # fmt: skip
    return frame.select(typed).to_series()


def join_particles(names: pl.Series) -> pl.Series:
    """Replace hyphens with spaces; in names without a hyphen, join particles (Le Goff becomes Legoff)."""
    frame = pl.DataFrame({"name": names})
    name = pl.col("name")
    joined = name.str.replace_all(r"[ '’]", "")
    capitalised = pl.concat_str(joined.str.slice(0, 1), joined.str.slice(1).str.to_lowercase())
    return frame.select(
        pl.when(name.str.contains("-", literal=True)).then(name.str.replace_all("-", " ", literal=True))
        .when(name.str.contains(r"[ '’]")).then(capitalised)
        .otherwise(name)
    ).to_series()  # fmt: skip
