"""The second reader: what it learns, that its sums over words are what a vectoriser counts, and that it repeats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from toolkit.analysis.comments import (
    SecondReader,
    labelled_notes,
    load_second_reader,
    taught_notes,
    train,
    train_on_scan,
)
from toolkit.analysis.comments import _ngram_model as second_reader
from toolkit.errors import InputError


@pytest.fixture(scope="module")
def reader() -> SecondReader:
    """A second reader taught by the labelled notes."""
    notes = labelled_notes()
    return train(notes["comment"], notes["sensitive"])


def test_it_ranks_what_it_never_saw() -> None:
    """Trained on half of the labelled notes, it ranks the other half better than chance would (by the U statistic)."""
    notes = labelled_notes()
    learnt, unseen = notes.gather_every(2), notes.gather_every(2, offset=1)

    scores = train(learnt["comment"], learnt["sensitive"]).score(unseen["comment"])

    ranked = unseen.with_columns(rank=scores.rank())
    sensitive, harmless = (int((ranked["sensitive"] == side).sum()) for side in (True, False))
    above = ranked.filter("sensitive")["rank"].sum() - sensitive * (sensitive + 1) / 2
    assert above / (sensitive * harmless) > 0.58


def test_score_is_what_a_vectoriser_gives(reader: SecondReader) -> None:
    """Added up word by word, a text scores what scikit-learn's counts of its words weigh, scaled to their length."""
    texts = ["sous Subutex, courrier sous enveloppe", "a", "rdv le 12/03 à 9h"]
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), vocabulary=reader.sequences)
    folded = ["sous subutex , courrier sous enveloppe", "a", "rdv le 0 . 0 a 0 h"]

    odds = []
    for text in folded:
        words = counter.transform(text.split()).toarray() * reader.rarity
        odds.append(words.sum(axis=0) @ reader.weights[:, 0] / np.sqrt(max((words**2).sum(), 1)) + reader.offsets[0])

    assert pytest.approx(1 / (1 + np.exp(-np.array(odds))), abs=1e-6) == reader.score(texts).to_list()


def test_it_comes_taught_with_all_its_notes() -> None:
    """The reader that comes with the toolkit knows every word of the notes it is said to have been taught."""
    notes = pl.concat([part.select("comment", "sensitive") for part in (labelled_notes(), taught_notes())])

    scores = load_second_reader().score(notes["comment"])

    assert 0 == notes["comment"].is_duplicated().sum()
    right = notes.with_columns(said=scores > 0.5).filter(pl.col("said") == pl.col("sensitive")).height
    assert right / notes.height > 0.95


def test_it_guesses_the_category() -> None:
    """What only the second reader notices falls into the category whose notes it looks like."""
    texts = pl.Series([" sevrage en cours , rechute , vomit son rhum ", " juge parloir bracelet ecrou "])

    assert ["addiction", "criminal_justice"] == load_second_reader().categories(texts).to_list()


def test_it_is_read_as_it_was_written(reader: SecondReader, tmp_path: Path) -> None:
    """Saved and loaded, a reader gives the same scores to three digits."""
    texts = labelled_notes()["comment"]
    reader.save(tmp_path / "reader.npz")

    again = load_second_reader(tmp_path / "reader.npz")

    assert again.taught == reader.taught
    assert (again.score(texts) - reader.score(texts)).abs().max() < 0.005


def test_batches_do_not_show(reader: SecondReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores are the same in one batch and in many."""
    texts = labelled_notes()["comment"]
    whole = reader.score(texts)

    monkeypatch.setattr(second_reader, "_BATCH", 7)

    assert whole.equals(reader.score(texts))


def test_it_is_the_same_each_time(reader: SecondReader) -> None:
    """Two trainings on the same notes give the same scores and the same hash, other notes another hash."""
    notes = labelled_notes()
    texts = ["suivi en alcoologie", None, "rdv lundi", "  "]

    again = train(notes["comment"], notes["sensitive"])
    fewer = train(notes["comment"].head(600), notes["sensitive"].head(600))

    assert reader.score(texts).equals(again.score(texts))
    assert reader.taught == again.taught != fewer.taught


def test_blank_texts_score_nothing(reader: SecondReader) -> None:
    """A null or blank text scores 0, and no text is an empty answer."""
    assert [0.0, 0.0] == reader.score([None, "  "]).to_list()
    assert [] == reader.score([]).to_list()


def test_scan_teaches_the_company_of_its_hits() -> None:
    """Taught by the scan's verdicts, it puts a missed text first that shares a turn of phrase with the hits."""
    hits = [f"sous Subutex {month}, courrier sous enveloppe" for month in ("mai", "juin", "juillet", "mars")] * 30
    others = [f"rdv decale au {day}, carte vitale a jour" for day in range(120)]
    read = pl.DataFrame({"administrative_comment": [*hits, *others], "sensitive": [True] * 120 + [False] * 120})

    scores = train_on_scan(read).score(["il a replonge, courrier sous enveloppe", "rdv decale, attestation a jour"])

    assert scores[0] > 0.5 > scores[1]


def test_leak_without_hits_still_has_a_second_reader() -> None:
    """Where the scan called nothing sensitive, the labelled notes alone teach."""
    read = pl.DataFrame({"administrative_comment": ["rdv"], "sensitive": [False]})

    assert 1 == train_on_scan(read).score(["rdv"]).len()


@pytest.mark.parametrize(("texts", "labels"), [(["a"], [True, False]), (["a", "b"], [True, True])])
def test_labels_that_teach_nothing_are_refused(texts: list[str], labels: list[bool]) -> None:
    """One label a text, and both answers among them."""
    with pytest.raises(InputError):
        train(texts, labels)


def test_labelled_notes_are_what_they_say() -> None:
    """700 notes, 330 of them sensitive with at least one category, harmless ones without."""
    notes = labelled_notes()

    assert (700, 330) == (notes.height, notes["sensitive"].sum())
    assert notes["sensitive"].to_list() == (notes["categories"].list.len() > 0).to_list()
