"""From texts to one row of answers a text: fold, repair, scan, qualify, sum up."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from toolkit.analysis.comments.folding import fold
from toolkit.analysis.comments.lexicon import Lexicon, load_lexicon
from toolkit.analysis.comments.qualifiers import qualify
from toolkit.analysis.comments.repair import repair
from toolkit.analysis.comments.scan import find_entries, reached

__all__ = ["classify"]

_BATCH = 200_000
"""How many distinct texts are read at once: keeps memory to a few hundred megabytes."""


def classify(texts: Sequence[str | None] | pl.Series) -> pl.DataFrame:
    """Does each comment reveal something intimate, what, of whom, and who says so?

    Takes any sequence of texts, None for a blank. Returns one row a text, in the order given:

    - sensitive (bool): the broad answer, whoever it is about, however it is said;
    - strict (bool): stated of the patient and asserted;
    - categories (list of str): main category first, empty when harmless;
    - polarity (asserted, negated, hypothetical), about (patient, relative), stated (stated, inferred, hearsay): of the
      main hit; null when harmless;
    - evidence (list of str): ids of the lexicon entries that decided.

    The answer for a text depends on that text alone.
    """
    given = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    folded = given.select(folded=fold(pl.col("comment")))
    distinct = folded.unique(maintain_order=True).with_row_index("text")
    lexicon = load_lexicon()
    read = pl.concat([_read(distinct.slice(at, _BATCH), lexicon) for at in range(0, max(1, distinct.height), _BATCH)])
    return (
        folded.join(distinct.join(read, on="text", how="left"), on="folded", how="left", maintain_order="left")
        .with_columns(
            pl.col("sensitive", "strict").fill_null(value=False),
            pl.col("categories", "evidence").fill_null([]),
        )
        .select("sensitive", "strict", "categories", "polarity", "about", "stated", "evidence")
    )


def _read(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """One row a sensitive text of one batch; what looks harmless is repaired and read again."""
    first = _judge(texts, lexicon)
    rest = repair(texts.join(first, on="text", how="anti"))
    return first if rest.is_empty() else pl.concat([first, _judge(rest, lexicon)])


def _judge(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Scan, qualify and sum up: one row a sensitive text."""
    survivors = reached(texts, lexicon)
    hits = qualify(find_entries(survivors, lexicon), survivors, lexicon)
    return _sum_up(_standing(hits), lexicon)


def _standing(hits: pl.DataFrame) -> pl.DataFrame:
    """The hits that hold: not dropped, and not a piece of a longer hit that was."""
    kept = hits.filter(~pl.col("dropped"))
    dropped = hits.filter("dropped").select("text", drop_start="start", drop_end="end")
    pieces = (
        kept.join(dropped, on="text")
        .filter((pl.col("drop_start") <= pl.col("start")) & (pl.col("drop_end") >= pl.col("end")))
        .select("text", "entry", "start", "end")
    )
    return kept.join(pieces, on=["text", "entry", "start", "end"], how="anti", maintain_order="left")


def _sum_up(hits: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """One row a text from its hits: what is stated goes before what is inferred, a long phrase before a short one."""
    names = lexicon.table.select("entry", "id", "categories")
    plain = (pl.col("polarity") == "asserted") & (pl.col("about") == "patient") & ~pl.col("inferred")
    stated = (
        pl.when(pl.col("hearsay"))
        .then(pl.lit("hearsay"))
        .when("inferred")
        .then(pl.lit("inferred"))
        .otherwise(pl.lit("stated"))
    )
    ordered = hits.with_columns(plain=plain, stated=stated, length=pl.col("end") - pl.col("start")).sort(
        "text", "inferred", "length", "start", "entry", descending=[False, False, True, False, False]
    )
    return (
        ordered.join(names, on="entry", how="left", maintain_order="left")
        .group_by("text", maintain_order=True)
        .agg(
            sensitive=pl.lit(value=True),
            strict=pl.col("plain").any(),
            categories=pl.col("categories").list.explode().unique(maintain_order=True),
            polarity=pl.col("polarity").first(),
            about=pl.col("about").first(),
            stated=pl.col("stated").first(),
            evidence=pl.col("id").unique(maintain_order=True),
        )
    )
