"""The recall-first scan: where the lexicon's literals occur in folded texts, and which entries that makes complete."""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments.lexicon import Lexicon, Use

__all__ = ["find_entries", "reached"]


def reached(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """The texts that hold a telling part of at least one entry: everything else is left alone from here on.

    `texts` has the columns text (a number) and folded; so has the result.
    """
    return texts.filter(pl.col("folded").str.contains_any(lexicon.anchors().implode()))


def find_entries(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Every complete entry of every text, one row a hit: text, entry, start, end (offsets in folded, spaces excluded).

    An entry is complete when its parts follow one another, one of its `needs` is in the text, none of its `unless`, and
    no harmless phrase of the look-alike file covers it.
    """
    uses = _find_literals(texts, lexicon)
    hits = _join_parts(uses, lexicon).join(lexicon.table.select("entry", "needs", "unless"), on="entry")
    context = pl.col("of")
    needed = uses.filter(pl.col("use") == Use.NEED).select("text", needs=context)
    barred = uses.filter(pl.col("use") == Use.UNLESS).select("text", unless=context)
    complete = pl.concat(
        [hits.filter(pl.col("needs").is_null()), hits.join(needed, on=["text", "needs"], how="semi")]
    ).join(barred, on=["text", "unless"], how="anti")
    return _drop_covered(complete.drop("needs", "unless"), uses.filter(pl.col("use") == Use.LOOKALIKE))


def _find_literals(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """All uses of all literals: text, use, of, part, reach, start, end."""
    literals = lexicon.literals["literal"].unique().sort().implode()
    found = (
        texts.select(
            "text",
            "folded",
            literal=pl.col("folded").str.extract_many(literals, overlapping=True),
            start=pl.col("folded").str.find_many(literals, overlapping=True),
        )
        .explode("literal", "start")
        .drop_nulls("literal")
        .with_columns(start=pl.col("start").cast(pl.Int64) + 1)
    )
    stop = pl.col("start") + pl.col("literal").str.len_bytes().cast(pl.Int64) - 2
    # An open ending covers the rest of its word.
    rest = pl.col("folded").str.slice(stop + 1).str.find(" ", literal=True).cast(pl.Int64)
    end = pl.when(pl.col("literal").str.ends_with(" ")).then(stop).otherwise(stop + 1 + rest)
    return (
        found.with_columns(end=end)
        .drop("folded")
        .join(lexicon.literals, on="literal")
        .select("text", "use", "of", "part", "reach", "start", "end")
    )


def _join_parts(uses: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Put the parts of each pattern together: text, entry, start of the first part, end of the last."""
    parts = uses.filter(pl.col("use") == Use.PART).rename({"of": "entry"})
    parts = parts.join(lexicon.table.select("entry", "parts"), on="entry")
    joined = parts.filter(pl.col("part") == 0).select("text", "entry", "start", "end", "parts")
    complete = []
    for number in lexicon.table["parts"].unique().sort():
        complete.append(joined.filter(pl.col("parts") == number).drop("parts"))
        following = parts.filter(pl.col("part") == number)
        joined = (
            joined.filter(pl.col("parts") > number)
            .join(following.select("text", "entry", "reach", then="start", then_end="end"), on=["text", "entry"])
            .filter((pl.col("then") - pl.col("end")).is_between(0, pl.col("reach") + 2))
            .select("text", "entry", "start", "parts", end="then_end")
            .select("text", "entry", "start", "end", "parts")
        )
    return pl.concat(complete)


def _drop_covered(hits: pl.DataFrame, lookalikes: pl.DataFrame) -> pl.DataFrame:
    """The hits that lie within no harmless phrase."""
    covers = lookalikes.select("text", cover_start="start", cover_end="end")
    covered = (
        hits.join(covers, on="text")
        .filter((pl.col("cover_start") <= pl.col("start")) & (pl.col("cover_end") >= pl.col("end")))
        .select("text", "entry", "start", "end")
    )
    return hits.join(covered, on=["text", "entry", "start", "end"], how="anti").unique(maintain_order=True)
