"""From texts to one row of answers a text: fold, repair, scan, qualify, ask the second reader, decide.

The lexicon says what it found and why; the second reader says how much the text as a whole reads like the notes that
people called sensitive. Neither decides alone: what the lexicon found must not read as plainly harmless, and what it
did not find must read as plainly sensitive. How much is asked of the second reader is written in `_REQUIRED`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from toolkit.analysis.comments._context import qualify
from toolkit.analysis.comments._folding import fold
from toolkit.analysis.comments._lexicon import Lexicon, load_lexicon
from toolkit.analysis.comments._ngram_model import SecondReader, load_second_reader
from toolkit.analysis.comments._scan import find_entries, reached
from toolkit.analysis.comments._spelling import repair

__all__ = ["SECOND_READER", "classify"]

SECOND_READER = "second-reader"
"""What stands as evidence where the lexicon found nothing."""

_BATCH = 200_000
"""How many distinct texts are read at once: keeps memory to a few hundred megabytes."""

_REQUIRED = {"all": 0.0, "phrase": 0.05, "word": 0.1, "qualified out": 0.9, "nothing": 0.9}
"""The least score of the second reader with which a text is sensitive, by what the lexicon found in it; where an entry
is all that the text holds, there is no company to judge it by.

Chosen on notes by several writers, each scored by a second reader that had not seen that writer's notes.
"""


def classify(texts: Sequence[str | None] | pl.Series) -> pl.DataFrame:
    """Does each comment reveal something intimate, what, of whom, and who says so?

    Takes any sequence of texts, None for a blank. Returns one row a text, in the order given:

    - sensitive (bool): the broad answer, whoever it is about, however it is said;
    - strict (bool): stated of the patient and asserted;
    - categories (list of str): main category first, empty when harmless;
    - polarity (asserted, negated, hypothetical), about (patient, relative), stated (stated, inferred, hearsay): of the
      main hit; null when harmless. What only the second reader noticed is called asserted, of the patient, inferred;
    - evidence (list of str): ids of the lexicon entries that decided, or `SECOND_READER`;
    - found (str): what the lexicon found: all (an entry is the whole text), phrase, word, qualified out, nothing;
    - score (float): of the second reader, from 0 to 1.

    The answer for a text depends on that text alone.
    """
    given = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    folded = given.select(folded=fold(pl.col("comment")))
    distinct = folded.unique(maintain_order=True).with_row_index("text")
    lexicon, second = load_lexicon(), load_second_reader()
    batches = [distinct.slice(at, _BATCH) for at in range(0, max(1, distinct.height), _BATCH)]
    # Two batches are read at a time: each step of a batch leaves one of two cores idle for a part of its time.
    with ThreadPoolExecutor(2) as pool:
        scores = pool.submit(second.score_folded, distinct["folded"])
        read = _read(list(pool.map(lambda batch: _first_reading(batch, lexicon), batches)), lexicon)
    decided = _decide(distinct.with_columns(score=scores.result()).join(read, on="text", how="left"), second)
    return folded.join(decided, on="folded", how="left", maintain_order="left").select(_ANSWERS)


_STANDS = ["all", "phrase", "word"]
"""What the lexicon found and no word around it took back."""
_ANSWERS = ["sensitive", "strict", "categories", "polarity", "about", "stated", "evidence", "found", "score"]


def _decide(read: pl.DataFrame, second: SecondReader) -> pl.DataFrame:
    """Weigh what the lexicon found against what the second reader says."""
    weighed = read.with_columns(pl.col("found").fill_null("nothing")).with_columns(
        sensitive=pl.col("score") >= pl.col("found").replace_strict(_REQUIRED, return_dtype=pl.Float64),
    )
    stands = pl.col("sensitive") & pl.col("found").is_in(_STANDS)
    alone = pl.col("sensitive") & ~stands
    only = weighed.filter(alone).select("text", guess=second.categories(weighed.filter(alone)["folded"]))
    joined = weighed.join(only, on="text", how="left", maintain_order="left")
    own = {"polarity": "asserted", "about": "patient", "stated": "inferred"}
    return joined.with_columns(
        strict=pl.col("strict").fill_null(value=False) & stands,
        categories=pl.when(stands)
        .then("categories")
        .when(alone)
        .then(pl.concat_list("guess"))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        evidence=pl.when(stands)
        .then("evidence")
        .when(alone)
        .then(pl.concat_list(pl.lit(SECOND_READER)))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        **{name: pl.when(stands).then(name).when(alone).then(pl.lit(value)) for name, value in own.items()},
    )


def _read(readings: Sequence[tuple[pl.DataFrame, pl.DataFrame]], lexicon: Lexicon) -> pl.DataFrame:
    """One row a text in which the lexicon finds anything, repaired or not.

    Few texts are repaired, so those of all batches are read again at once: each reading begins with putting all words
    of the lexicon into one automaton.
    """
    first, rest = (pl.concat([reading[part] for reading in readings]) for part in (0, 1))
    if rest.is_empty():
        return first
    again = _judge(rest, lexicon).filter(pl.col("found") != "qualified out")
    return pl.concat([first.join(again, on="text", how="anti"), again])


def _first_reading(texts: pl.DataFrame, lexicon: Lexicon) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the lexicon finds in the texts of one batch, and those in which nothing stands, as far as repair helps."""
    found = _judge(texts, lexicon)
    standing = found.filter(pl.col("found") != "qualified out")
    return found, repair(texts.join(standing, on="text", how="anti"))


def _judge(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Scan, qualify and sum up: one row a text that the scan hit."""
    survivors = reached(texts, lexicon)
    hits = qualify(find_entries(survivors, lexicon), survivors, lexicon)
    size = survivors.select("text", size=pl.col("folded").str.len_bytes().cast(pl.Int64))
    summed = _sum_up(_standing(hits).join(size, on="text", how="left", maintain_order="left"), lexicon)
    out = hits.select("text").unique(maintain_order=True).join(summed, on="text", how="anti", maintain_order="left")
    return pl.concat([summed, out.with_columns(found=pl.lit("qualified out"))], how="diagonal")


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
    names = lexicon.table.select("entry", "id", "categories", "words")
    plain = (pl.col("polarity") == "asserted") & (pl.col("about") == "patient") & ~pl.col("inferred")
    stated = (
        pl.when(pl.col("hearsay"))
        .then(pl.lit("hearsay"))
        .when("inferred")
        .then(pl.lit("inferred"))
        .otherwise(pl.lit("stated"))
    )
    length = pl.col("end") - pl.col("start")
    ordered = hits.with_columns(plain=plain, stated=stated, length=length, whole=length >= pl.col("size") - 2).sort(
        "text", "inferred", "length", "start", "entry", descending=[False, False, True, False, False]
    )
    return (
        ordered.join(names, on="entry", how="left", maintain_order="left")
        .group_by("text", maintain_order=True)
        .agg(
            found=pl.when(pl.col("whole").any())
            .then(pl.lit("all"))
            .when(pl.col("words").max() > 1)
            .then(pl.lit("phrase"))
            .otherwise(pl.lit("word")),
            strict=pl.col("plain").any(),
            categories=pl.col("categories").list.explode().unique(maintain_order=True),
            polarity=pl.col("polarity").first(),
            about=pl.col("about").first(),
            stated=pl.col("stated").first(),
            evidence=pl.col("id").unique(maintain_order=True),
        )
    )
