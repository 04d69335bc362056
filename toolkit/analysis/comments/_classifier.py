"""Classify comments: fold, repair, scan, qualify, score with the n-gram model, decide.

The lexicon finds words and phrases and gives the reasons; the n-gram model scores how similar the whole text is to
notes labelled sensitive. Both take part in each decision: a text with a hit of the lexicon is sensitive unless its
score is very low, and a text without a hit is sensitive only if its score is very high. `_MIN_SCORE` has the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from toolkit.analysis.comments._context import qualify
from toolkit.analysis.comments._folding import fold
from toolkit.analysis.comments._lexicon import Lexicon, load_lexicon
from toolkit.analysis.comments._ngram_model import NgramModel, load_ngram_model
from toolkit.analysis.comments._scan import find_entries, with_anchors
from toolkit.analysis.comments._spelling import repair

__all__ = ["NGRAM_MODEL", "classify"]

NGRAM_MODEL = "ngram-model"
"""The evidence given where the lexicon found nothing and the n-gram model decided."""

_BATCH = 200_000
"""How many distinct texts are classified at once: keeps memory to a few hundred megabytes."""

_MIN_SCORE = {"all": 0.0, "phrase": 0.05, "word": 0.1, "qualified out": 0.9, "nothing": 0.9}
"""The lowest score of the n-gram model with which a text is sensitive, by what the lexicon found in it. Where an entry
is the whole text, there are no other words to score.

Chosen on notes by several writers, each scored by a model that was trained without that writer's notes.
"""


def classify(texts: Sequence[str | None] | pl.Series) -> pl.DataFrame:
    """Return whether each comment reveals something intimate, in which categories, and about whom.

    Takes any sequence of texts, None for a blank. One row per text, in the order given:

    - sensitive (bool): the broad answer, about anyone, including negated or hearsay mentions;
    - strict (bool): stated as a fact about the patient;
    - categories (list of str): main category first, empty when harmless;
    - polarity (asserted, negated, hypothetical), about (patient, relative), stated (stated, inferred, hearsay): of the
      main hit; null when harmless. A text found by the n-gram model alone gets asserted, patient, inferred;
    - evidence (list of str): ids of the lexicon entries that decided, or `NGRAM_MODEL`;
    - found (str): what the lexicon found: all (an entry is the whole text), phrase, word, qualified out, nothing;
    - score (float): of the n-gram model, from 0 to 1.

    The answer for a text depends on that text alone.
    """
    given = pl.DataFrame({"comment": pl.Series(texts, dtype=pl.String)})
    folded = given.select(folded=fold(pl.col("comment")))
    distinct = folded.unique(maintain_order=True).with_row_index("text")
    lexicon, model = load_lexicon(), load_ngram_model()
    batches = [distinct.slice(at, _BATCH) for at in range(0, max(1, distinct.height), _BATCH)]
    # Two batches at a time, because each step of a batch leaves one of two cores idle for a part of its time.
    with ThreadPoolExecutor(2) as pool:
        scores = pool.submit(model.score_folded, distinct["folded"])
        found = _rescan_repaired(list(pool.map(lambda batch: _scan_batch(batch, lexicon), batches)), lexicon)
    decided = _decide(distinct.with_columns(score=scores.result()).join(found, on="text", how="left"), model)
    return folded.join(decided, on="folded", how="left", maintain_order="left").select(_COLUMNS)


_CONFIRMED = ["all", "phrase", "word"]
"""The values of `found` for a hit that its context does not make harmless."""
_COLUMNS = ["sensitive", "strict", "categories", "polarity", "about", "stated", "evidence", "found", "score"]


def _decide(found: pl.DataFrame, model: NgramModel) -> pl.DataFrame:
    """Combine what the lexicon found with the score of the n-gram model."""
    scored = found.with_columns(pl.col("found").fill_null("nothing")).with_columns(
        sensitive=pl.col("score") >= pl.col("found").replace_strict(_MIN_SCORE, return_dtype=pl.Float64),
    )
    by_lexicon = pl.col("sensitive") & pl.col("found").is_in(_CONFIRMED)
    by_model = pl.col("sensitive") & ~by_lexicon
    guesses = scored.filter(by_model).select("text", guess=model.categories(scored.filter(by_model)["folded"]))
    joined = scored.join(guesses, on="text", how="left", maintain_order="left")
    defaults = {"polarity": "asserted", "about": "patient", "stated": "inferred"}
    return joined.with_columns(
        strict=pl.col("strict").fill_null(value=False) & by_lexicon,
        categories=pl.when(by_lexicon)
        .then("categories")
        .when(by_model)
        .then(pl.concat_list("guess"))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        evidence=pl.when(by_lexicon)
        .then("evidence")
        .when(by_model)
        .then(pl.concat_list(pl.lit(NGRAM_MODEL)))
        .otherwise(pl.lit([], dtype=pl.List(pl.String))),
        **{name: pl.when(by_lexicon).then(name).when(by_model).then(pl.lit(value)) for name, value in defaults.items()},
    )


def _rescan_repaired(batches: Sequence[tuple[pl.DataFrame, pl.DataFrame]], lexicon: Lexicon) -> pl.DataFrame:
    """Return one row per text in which the lexicon finds anything, as typed or after repair.

    `batches` are the results of `_scan_batch`. Few texts are repaired, so those of all batches are scanned together:
    each scan first builds an automaton of all words of the lexicon, which takes time.
    """
    first, repaired = (pl.concat([batch[part] for batch in batches]) for part in (0, 1))
    if repaired.is_empty():
        return first
    again = _scan(repaired, lexicon).filter(pl.col("found") != "qualified out")
    return pl.concat([first.join(again, on="text", how="anti"), again])


def _scan_batch(texts: pl.DataFrame, lexicon: Lexicon) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what the lexicon finds in the texts of one batch, and the texts without a hit that repair changes."""
    found = _scan(texts, lexicon)
    confirmed = found.filter(pl.col("found") != "qualified out")
    return found, repair(texts.join(confirmed, on="text", how="anti"))


def _scan(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Scan, qualify and summarise: one row per text with a hit."""
    survivors = with_anchors(texts, lexicon)
    hits = qualify(find_entries(survivors, lexicon), survivors, lexicon)
    size = survivors.select("text", size=pl.col("folded").str.len_bytes().cast(pl.Int64))
    summary = _summarise(_confirmed(hits).join(size, on="text", how="left", maintain_order="left"), lexicon)
    out = hits.select("text").unique(maintain_order=True).join(summary, on="text", how="anti", maintain_order="left")
    return pl.concat([summary, out.with_columns(found=pl.lit("qualified out"))], how="diagonal")


def _confirmed(hits: pl.DataFrame) -> pl.DataFrame:
    """Return the hits that are neither dropped nor part of a longer hit that was dropped."""
    kept = hits.filter(~pl.col("dropped"))
    dropped = hits.filter("dropped").select("text", drop_start="start", drop_end="end")
    pieces = (
        kept.join(dropped, on="text")
        .filter((pl.col("drop_start") <= pl.col("start")) & (pl.col("drop_end") >= pl.col("end")))
        .select("text", "entry", "start", "end")
    )
    return kept.join(pieces, on=["text", "entry", "start", "end"], how="anti", maintain_order="left")


def _summarise(hits: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Return one row per text from its hits; stated hits come before inferred ones, long phrases before short ones."""
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
