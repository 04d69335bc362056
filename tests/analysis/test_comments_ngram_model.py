"""The n-gram model: what it learns, agreement with scikit-learn's vectoriser, and repeatability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from toolkit.analysis.comments import (
    NgramModel,
    _ngram_model,
    labelled_notes,
    load_ngram_model,
    train,
    train_on_scan,
    training_notes,
)
from toolkit.errors import InputError


@pytest.fixture(scope="module")
def model() -> NgramModel:
    """Train a model on the labelled notes."""
    notes = labelled_notes()
    return train(notes["comment"], notes["sensitive"])


def test_unseen_notes_are_ranked_better_than_by_chance() -> None:
    """Trained on half of the labelled notes, the model ranks the other half better than chance (U statistic)."""
    notes = labelled_notes()
    seen, unseen = notes.gather_every(2), notes.gather_every(2, offset=1)

    scores = train(seen["comment"], seen["sensitive"]).score(unseen["comment"])

    ranked = unseen.with_columns(rank=scores.rank())
    sensitive, harmless = (int((ranked["sensitive"] == side).sum()) for side in (True, False))
    above = ranked.filter("sensitive")["rank"].sum() - sensitive * (sensitive + 1) / 2
    assert above / (sensitive * harmless) > 0.58


def test_score_equals_scikit_learns_vectoriser(model: NgramModel) -> None:
    """The score, summed over words, equals one computed from scikit-learn's n-gram counts of the words."""
    texts = ["sous Subutex, courrier sous enveloppe", "a", "rdv le 12/03 à 9h"]
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), vocabulary=model.ngrams)
    folded = ["sous subutex , courrier sous enveloppe", "a", "rdv le 0 . 0 a 0 h"]

    odds = []
    for text in folded:
        words = counter.transform(text.split()).toarray() * model.rarity
        odds.append(words.sum(axis=0) @ model.weights[:, 0] / np.sqrt(max((words**2).sum(), 1)) + model.offsets[0])

    assert pytest.approx(1 / (1 + np.exp(-np.array(odds))), abs=1e-6) == model.score(texts).to_list()


def test_included_model_is_trained_on_all_its_notes() -> None:
    """The model that comes with the toolkit is right on more than 95 % of the notes it was trained on."""
    notes = pl.concat([part.select("comment", "sensitive") for part in (labelled_notes(), training_notes())])

    scores = load_ngram_model().score(notes["comment"])

    assert 0 == notes["comment"].is_duplicated().sum()
    right = notes.with_columns(flagged=scores > 0.5).filter(pl.col("flagged") == pl.col("sensitive")).height
    assert right / notes.height > 0.95


def test_category_is_the_most_similar_one() -> None:
    """The predicted category of a text is the one whose notes it resembles."""
    texts = pl.Series([" sevrage en cours , rechute , vomit son rhum ", " juge parloir bracelet ecrou "])

    assert ["addiction", "criminal_justice"] == load_ngram_model().categories(texts).to_list()


def test_saved_model_gives_the_same_scores(model: NgramModel, tmp_path: Path) -> None:
    """A model that was saved and loaded gives scores within 0.005 of the original."""
    texts = labelled_notes()["comment"]
    model.save(tmp_path / "reader.npz")

    again = load_ngram_model(tmp_path / "reader.npz")

    assert again.training_digest == model.training_digest
    assert (again.score(texts) - model.score(texts)).abs().max() < 0.005


def test_batches_do_not_change_the_scores(model: NgramModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores are the same in one batch and in many."""
    texts = labelled_notes()["comment"]
    whole = model.score(texts)

    monkeypatch.setattr(_ngram_model, "_BATCH", 7)

    assert whole.equals(model.score(texts))


def test_training_is_repeatable(model: NgramModel) -> None:
    """Training twice on the same notes gives the same scores and hash; other notes give another hash."""
    notes = labelled_notes()
    texts = ["suivi en alcoologie", None, "rdv lundi", "  "]

    again = train(notes["comment"], notes["sensitive"])
    fewer = train(notes["comment"].head(600), notes["sensitive"].head(600))

    assert model.score(texts).equals(again.score(texts))
    assert model.training_digest == again.training_digest != fewer.training_digest


def test_blank_texts_score_0(model: NgramModel) -> None:
    """A null or blank text scores 0, and an empty list gives an empty series."""
    assert [0.0, 0.0] == model.score([None, "  "]).to_list()
    assert [] == model.score([]).to_list()


def test_training_on_the_scan_finds_similar_texts() -> None:
    """Trained on the scan's results, the model ranks a missed text first that shares a phrase with the hits."""
    hits = [f"sous Subutex {month}, courrier sous enveloppe" for month in ("mai", "juin", "juillet", "mars")] * 30
    others = [f"rdv decale au {day}, carte vitale a jour" for day in range(120)]
    read = pl.DataFrame({"administrative_comment": [*hits, *others], "sensitive": [True] * 120 + [False] * 120})

    scores = train_on_scan(read).score(["il a replonge, courrier sous enveloppe", "rdv decale, attestation a jour"])

    assert scores[0] > 0.5 > scores[1]


def test_training_on_a_scan_without_hits() -> None:
    """Where the scan found nothing sensitive, the model is trained on the labelled notes alone."""
    read = pl.DataFrame({"administrative_comment": ["rdv"], "sensitive": [False]})

    assert 1 == train_on_scan(read).score(["rdv"]).len()


@pytest.mark.parametrize(("texts", "labels"), [(["a"], [True, False]), (["a", "b"], [True, True])])
def test_unusable_labels_are_an_error(texts: list[str], labels: list[bool]) -> None:
    """Too many labels, or labels that are all the same, are an error."""
    with pytest.raises(InputError):
        train(texts, labels)


def test_labelled_notes_are_as_documented() -> None:
    """There are 700 notes; the 330 sensitive ones have at least one category, the others none."""
    notes = labelled_notes()

    assert (700, 330) == (notes.height, notes["sensitive"].sum())
    assert notes["sensitive"].to_list() == (notes["categories"].list.len() > 0).to_list()
