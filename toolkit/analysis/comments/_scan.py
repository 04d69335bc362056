"""The recall-first scan: find the lexicon's entries in folded texts.

It works in three steps. Most texts contain no anchor of any entry and are dropped. In the others, the scan looks for
the parts of the entries whose anchor was found. Only where an entry is complete does it look for context words and
harmless phrases.
"""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments._lexicon import Lexicon, Use

__all__ = ["find_entries", "with_anchors"]


def with_anchors(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Return the texts that contain an anchor of at least one entry: no other text can contain an entry.

    `texts` has the columns text (a number) and folded; the result also has anchors, the list of those found.
    """
    found = pl.col("folded").str.extract_many(lexicon.anchors().implode(), overlapping=True)
    return texts.with_columns(anchors=found).filter(pl.col("anchors").list.len() > 0)


def find_entries(survivors: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Return every complete entry of every text.

    One row per hit: text, entry, start, end (offsets in folded, spaces excluded). `survivors` is the result of
    `with_anchors`. An entry is complete when its parts follow one another, the text contains one of its `needs` and
    none of its `unless`, and no harmless phrase of the look-alike files covers it.
    """
    hits = _complete(survivors, lexicon).join(lexicon.table.select("entry", "needs", "unless"), on="entry")
    around = _around(survivors, hits, lexicon)
    needed = around.filter(pl.col("use") == Use.NEED).select("text", needs="of")
    excluded = around.filter(pl.col("use") == Use.UNLESS).select("text", unless="of")
    in_context = pl.concat(
        [hits.filter(pl.col("needs").is_null()), hits.join(needed, on=["text", "needs"], how="semi")]
    ).join(excluded, on=["text", "unless"], how="anti")
    lookalikes = _join_parts(around.filter(pl.col("use") == Use.LOOKALIKE))
    return _drop_covered(in_context.drop("needs", "unless"), lookalikes)


def _complete(survivors: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Return the entries whose parts all follow one another: text, entry, start, end."""
    parts = lexicon.literals.filter(pl.col("use") == Use.PART)
    anchors = survivors.select("text", literal="anchors").explode("literal").unique()
    of_anchors = parts.filter("anchor").select("literal", "of")
    candidates = anchors.join(of_anchors, on="literal").select("text", "of").unique()
    wanted = parts.join(candidates, on="of", how="semi")
    found = _find_literals(survivors, wanted).join(candidates, on=["text", "of"], how="semi")
    return _join_parts(found).rename({"of": "entry"})


def _around(survivors: pl.DataFrame, hits: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Find the context words of the hits' entries and the harmless phrases, in the texts that have a hit."""
    texts = survivors.join(hits, on="text", how="semi")
    wanted = {Use.NEED: hits["needs"], Use.UNLESS: hits["unless"]}
    contexts = [
        lexicon.literals.filter(pl.col("use") == use, pl.col("of").is_in(of.unique().implode()))
        for use, of in wanted.items()
    ]
    phrases = lexicon.literals.filter(pl.col("use") == Use.LOOKALIKE)
    return _find_literals(texts, pl.concat([*contexts, phrases]))


def _find_literals(texts: pl.DataFrame, uses: pl.DataFrame) -> pl.DataFrame:
    """Return where these literals occur, one row per use: text, use, of, part, parts, reach, start, end."""
    literals = uses["literal"].unique().sort().implode()
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
        .join(uses, on="literal")
        .select("text", "use", "of", "part", "parts", "reach", "start", "end")
    )


def _join_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """Join the parts of each pattern: text, of, start of the first part, end of the last."""
    joined = parts.filter(pl.col("part") == 0).select("text", "of", "start", "end", "parts")
    complete = [joined.filter(pl.col("parts") == 1)]
    for number in parts["part"].filter(parts["part"] > 0).unique().sort():
        following = parts.filter(pl.col("part") == number).select("text", "of", "reach", then="start", then_end="end")
        joined = (
            joined.filter(pl.col("parts") > number)
            .join(following, on=["text", "of"])
            .filter((pl.col("then") - pl.col("end")).is_between(0, pl.col("reach") + 2))
            .select("text", "of", "start", end="then_end", parts="parts")
        )
        complete.append(joined.filter(pl.col("parts") == number + 1))
    return pl.concat(complete).drop("parts")


def _drop_covered(hits: pl.DataFrame, covers: pl.DataFrame) -> pl.DataFrame:
    """Return the hits that no harmless phrase covers."""
    covered = (
        hits.join(covers.select("text", cover_start="start", cover_end="end"), on="text")
        .filter((pl.col("cover_start") <= pl.col("start")) & (pl.col("cover_end") >= pl.col("end")))
        .select("text", "entry", "start", "end")
    )
    return hits.join(covered, on=["text", "entry", "start", "end"], how="anti").unique(maintain_order=True)
