"""`classify`: the twelve categories, the effect of context, and properties that hold for any text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import toolkit.analysis
from toolkit.analysis.comments import _classifier, classify
from toolkit.analysis.comments._classifier import NGRAM_MODEL
from toolkit.analysis.comments._context import qualify
from toolkit.analysis.comments._folding import fold_phrase
from toolkit.analysis.comments._lexicon import load_lexicon
from toolkit.analysis.comments._scan import find_entries, with_anchors
from toolkit.analysis.comments._spelling import repair

DEV = Path(toolkit.analysis.__file__).parent / "comments" / "data" / "comments_dev.csv"
FRESH = Path(__file__).parent / "data" / "comments_fresh.csv"
BLIND = Path(__file__).parent / "data" / "comments_blind.csv"


def _one(text: str | None) -> dict[str, object]:
    return classify([text]).row(0, named=True)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("dialyse mardi et jeudi", "serious_illness"),
        ("bipolaire, oublie ses rdv", "mental_health"),
        ("sous méthadone", "addiction"),
        ("frappée par son mari", "violence"),
        ("lesbienne, le dit simplement", "sexual_life"),
        ("FIV en mars", "reproductive"),
        ("musulmane pratiquante", "religion_beliefs"),
        ("d'origine malienne", "origin_ethnicity"),
        ("encartée au PCF", "politics_union"),
        ("sort de prison en mai", "criminal_justice"),
        ("née sous X", "family_life"),
        ("sous curatelle renforcée", "social_situation"),
    ],
)
def test_each_category_is_recognised(text: str, category: str) -> None:
    """A plain note of each category is sensitive and falls into it first."""
    assert [category] == _one(text)["categories"][:1]  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "pas de cancer",
        "VIH : nég",
        "nie toute violence",
        "éliminer un lymphome",
        "si TS au téléphone, faire le 15",
        "consigne : patient alcoolisé, appeler le Dr",
        "12 rue de la Mosquée",
        "se garer derrière la prison",
        "infirmière en psychiatrie",
        "gardien de prison",
        "Mme Gay rappelle",
        "vaccin hépatite B, 2e dose",
        "violence du choc",
        "vit D (25 OH)",
    ],
)
def test_harmless_contexts_are_not_sensitive(text: str) -> None:
    """Negations, conditions, places, occupations, names, vaccines and figures of speech are not sensitive."""
    assert False is _one(text)["sensitive"]


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("n'est pas juif", "polarity", "negated"),
        ("cancer du sein probable", "polarity", "hypothetical"),
        ("cancer du sein", "polarity", "asserted"),
        ("sa mère alcoolique", "about", "relative"),
        ("frappée par son mari", "about", "patient"),
        ("vu avec la mère : HIV +", "about", "patient"),
        ("schizophrène selon la voisine", "stated", "hearsay"),
        ("ALD 23", "stated", "inferred"),
        ("schizophrène", "stated", "stated"),
    ],
)
def test_qualifiers_are_recognised(text: str, column: str, expected: str) -> None:
    """Polarity, experiencer and source are recognised; a relative who reports or acts is not the experiencer."""
    assert expected == _one(text)[column]


@pytest.mark.parametrize("text", ["n'est pas juif", "sa mère alcoolique", "ALD 23"])
def test_negated_inferred_and_relatives_are_broad_only(text: str) -> None:
    """A note that is negated, inferred or about a relative is sensitive but not strict."""
    answer = _one(text)

    assert (True, False) == (answer["sensitive"], answer["strict"])


def _has_confirmed_hit(text: str) -> bool:
    """Return whether the lexicon alone, without the n-gram model, has a hit that its context does not drop."""
    lexicon = load_lexicon()
    survivors = with_anchors(pl.DataFrame({"text": [0], "folded": [" " + fold_phrase(text) + " "]}), lexicon)
    return not qualify(find_entries(survivors, lexicon), survivors, lexicon)["dropped"].all()


@pytest.mark.parametrize(
    ("sensitive", "harmless"),
    [
        ("arrêt de la dialyse", "arrêt de bus Mosquée"),
        ("dossier en cours au CECOS", "3 cours de la République"),
        ("cœur greffé, masque pour tous", "pour tous : greffe, plaquette à l'accueil"),
        ("étudiant marocain, écrire les consignes", "consignes accueil : patient alcoolisé, appeler le Dr"),
        ("section CFDT, congrès en avril", "congrès sur le VIH en avril"),
        ("a fait congeler son sperme avant chimio", "hépatite B : fait"),
        ("mycoplasme et gono retrouvés au prélèvement", "prélèvement gono jeudi"),
        ("ordonnance du JAF au dossier", "DU de psychiatrie"),
        ("si elle redit qu'elle va tout avaler, prévenir", "06/06/25 UO si elle est violente, sonner"),
        ("musulmane, pas de rdv le vendredi", "Bagnard, pas de D"),
        ("laotienne du quartier de la gare, vérifier le nom", "Bagnard, vérifier le nom"),
        ("cannabis ? tous les jours", "cannabis ? : jamais"),
        ("association aide aux victimes, 1er rdv", "association aide aux victimes = employeur"),
    ],
)
def test_cues_drop_harmless_notes_only(sensitive: str, harmless: str) -> None:
    """A cue drops the harmless note and keeps the sensitive one that uses its words in another sense."""
    assert (True, False) == (_has_confirmed_hit(sensitive), _has_confirmed_hit(harmless))


@pytest.mark.parametrize("text", [None, "", "   ", "\t\n"])
def test_a_blank_is_not_sensitive(text: str | None) -> None:
    """A blank note is not sensitive and has no category, evidence or qualifier."""
    expected = {"sensitive": False, "strict": False, "categories": [], "evidence": []}
    expected |= {"polarity": None, "about": None, "stated": None, "found": "nothing", "score": 0.0}

    answer = _one(text)

    assert expected == {name: answer[name] for name in expected}


def test_empty_list_gives_an_empty_table() -> None:
    """An empty list gives an empty table with the same columns."""
    assert (0, classify(["x"]).columns) == (classify([]).height, classify([]).columns)


@pytest.mark.parametrize(
    "text", ["schyzophrene", "skizophrène", "hepathite C chronique", "rénaleATTENTION dialyse", "stimulationovarienne"]
)
def test_misspelt_words_are_found(text: str) -> None:
    """A long word is found despite a swapped, doubled or missing letter or a missing space."""
    assert True is _one(text)["sensitive"]


@pytest.mark.parametrize("word", ["semigreffe", "antialcoolique", "additif", "angglais", "retention"])
def test_a_plain_word_is_not_repaired(word: str) -> None:
    """A prefixed word is not split, and an ordinary or misspelt ordinary word is not replaced by a lexicon word."""
    assert repair(pl.DataFrame({"text": [0], "folded": [f" {word} "]})).is_empty()


def test_ngram_model_finds_notes_without_a_lexicon_entry() -> None:
    """A note without any entry's words is sensitive by its n-grams, and is inferred, not strict."""
    answer = _one("le petit ne verra plus sa mère, décision du juge")

    assert (True, False, "inferred") == (answer["sensitive"], answer["strict"], answer["stated"])
    assert [NGRAM_MODEL] == answer["evidence"]


def test_ngram_model_rejects_a_word_in_a_harmless_text() -> None:
    """An entry's word is not sensitive when the rest of the note is harmless, but is when it is the whole note."""
    harmless, alone = _one("course solidaire contre le cancer le 30/8"), _one("cancer")

    assert (False, True) == (harmless["sensitive"], alone["sensitive"])


def test_the_answer_names_its_evidence() -> None:
    """The evidence has the id of the lexicon entry that decided."""
    assert "serious/myelome" in _one("myélome")["evidence"]  # type: ignore[operator]


@pytest.mark.parametrize(("file", "precision", "recall"), [(DEV, 0.97, 0.97), (FRESH, 0.95, 0.90), (BLIND, 0.92, 0.88)])
def test_scores_on_labelled_notes_do_not_fall(file: Path, precision: float, recall: float) -> None:
    """Precision and recall do not fall, on the notes used in development and on the two sets that were not."""
    notes = pl.read_csv(file, infer_schema=False)
    truth = notes["sensitive"] == "1"
    flagged = classify(notes["comment"])["sensitive"]
    right = int((truth & flagged).sum())

    assert precision <= right / int(flagged.sum())
    assert recall <= right / int(truth.sum())


_LABELLED = pl.read_csv(DEV, infer_schema=False)["comment"].to_list()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text() | st.none(), max_size=20))
def test_any_text_gets_one_row(texts: list[str | None]) -> None:
    """Any text gives one row and raises no error."""
    assert len(texts) == classify(texts).height


@settings(max_examples=10, deadline=None)
@given(st.permutations(_LABELLED[:60]))
def test_answers_do_not_depend_on_other_texts(texts: list[str]) -> None:
    """A text gets the same answer in any order, once or repeated."""
    answers = classify(texts + texts).rows()
    together = dict(zip(texts, answers[: len(texts)], strict=True))

    assert _in_order() == together
    assert list(together.values()) == answers[len(texts) :]


@cache
def _in_order() -> dict[str, tuple[object, ...]]:
    """Return the answers to the first labelled notes, in their order."""
    return dict(zip(_LABELLED[:60], classify(_LABELLED[:60]).rows(), strict=True))


def test_case_and_accents_change_nothing() -> None:
    """Text in capitals without accents, as many notes are typed, gets the same answers."""
    plain = pl.Series(_LABELLED).str.normalize("NFD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    kept = ["sensitive", "categories"]

    assert classify(plain).select(kept).equals(classify(plain.str.to_uppercase()).select(kept))


def test_batches_do_not_change_the_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts in small batches get the same answers as in one, including misspelt ones, which are scanned again."""
    misspelt = ["toxicomannie ancienne", "sous méthadonne"]
    texts = [*pl.read_csv(DEV, infer_schema=False)["comment"].head(60), *misspelt]
    whole = classify(texts)

    monkeypatch.setattr(_classifier, "_BATCH", 7)

    assert_frame_equal(whole, classify(texts))
    assert [True, True] == whole["sensitive"].tail(2).to_list()
    assert NGRAM_MODEL not in whole["evidence"].tail(2).explode()
