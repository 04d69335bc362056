"""Generated comments: their truth, their variety, and the effect of each typing style."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, replace
from datetime import date, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from toolkit.schema import CATEGORIES
from toolkit.synth.comments._comments import FIELD_LENGTH, Family, Grammar, RenderedComments, StyleRates

PLAIN = StyleRates(
    capitals=0,
    lower_case=0,
    lost_accents=0,
    initial_capital=0,
    stamp=0,
    before=0,
    after=0,
    hearsay=0,
    exclamations=0,
    typing_error=0,
    missing_space=0,
    cut=0,
    stock=1,
)
"""The phrases as the grammar has them, and nothing else."""

MIXED = StyleRates(
    capitals=0.09,
    lower_case=0.2,
    lost_accents=0.2,
    initial_capital=0.35,
    stamp=0.25,
    before=0.1,
    after=0.1,
    hearsay=0.05,
    exclamations=0.04,
    typing_error=0.07,
    missing_space=0.03,
    cut=0.2,
    stock=0.02,
)
FIRST_DAY = (date(2012, 3, 1) - date(1970, 1, 1)).days
WITHOUT_ACCENTS = str.maketrans("àâäçéèêëîïôöùûüÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ", "aaaceeeeiioouuuAAACEEEEIIOOUUU", "")
TELEPHONE = re.compile(r"\b0\d(?:[ .]?\d\d){4}\b")
RESERVED = re.compile(r"(?:063998|019900)\d{4}")


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    """The package's own grammar."""
    return Grammar.load()


def render(
    grammar: Grammar,
    ids: NDArray[np.int64],
    style: StyleRates = PLAIN,
    *,
    sensitive: bool | NDArray[np.bool_] = True,
    seed: int = 1,
) -> RenderedComments:
    """Comments for these ids; the day depends on the id, and odd ids are women."""
    days = (FIRST_DAY + ids % 4_000).astype(np.int32)
    return grammar.render(seed, ids, np.broadcast_to(sensitive, ids.shape), days, style, ids % 2 == 1)


def texts(grammar: Grammar, count: int, *, sensitive: bool = True, **rates: float) -> list[str]:
    """The first `count` texts, plain but for the rates given."""
    style = replace(PLAIN, **rates)
    return render(grammar, np.arange(count, dtype=np.int64), style, sensitive=sensitive).text.to_list()


def unaccented(text: str) -> str:
    """The text without accents, by a table of its own."""
    return text.replace("œ", "oe").replace("Œ", "OE").translate(WITHOUT_ACCENTS)


def group(family: Family) -> str:
    """The main category of a sensitive family, 'ordinary' or 'misleading' for a harmless one."""
    if family.sensitive:
        return family.category.split("|")[0]
    return "ordinary" if family.kind == "ordinary" else "misleading"


# --- The grammar ------------------------------------------------------------------------------------------------------


def test_each_category_has_many_families(grammar: Grammar) -> None:
    """Every category has at least 18 families of phrases, and harmless notes mislead in at least 40 ways."""
    families = Counter(group(family) for family in grammar.families)
    kinds = {family.kind for family in grammar.families if not family.sensitive} - {"ordinary"}

    assert dict.fromkeys(CATEGORIES, True) == {category: families[category] >= 18 for category in CATEGORIES}
    assert len(kinds) >= 40


def test_a_quarter_of_the_families_is_held_out(grammar: Grammar) -> None:
    """In every category, among ordinary notes and among misleading ones, a fifth to three tenths are held out."""
    families = Counter(group(family) for family in grammar.families)
    held_out = Counter(group(family) for family in grammar.families if family.held_out)

    for name, count in families.items():
        assert 0.2 <= held_out[name] / count <= 0.3, name


@pytest.mark.parametrize(
    ("identity", "category", "polarity", "about"),
    [
        ("serious_illness.hiv", "serious_illness", "asserted", "patient"),
        ("serious_illness.relative_cancer", "serious_illness", "asserted", "relative"),
        ("serious_illness.suspected", "serious_illness", "hypothetical", "patient"),
        ("sexual_life.not_homosexual", "sexual_life", "negated", "patient"),
        ("religion_beliefs.atheist", "religion_beliefs", "negated", "patient"),
        ("criminal_justice.sex_register", "criminal_justice|violence", "asserted", "patient"),
        ("harmless.negated_illness.none", "", "negated", "patient"),
        ("harmless.hypothetical.rule_out", "", "hypothetical", "patient"),
        ("harmless.team_instruction.general", "", "asserted", "other"),
    ],
)
def test_families_carry_the_truth(grammar: Grammar, identity: str, category: str, polarity: str, about: str) -> None:
    """A family has the right category, polarity and subject."""
    family = next(family for family in grammar.families if family.id == identity)

    assert (category, polarity, about) == (family.category, family.polarity, family.about)


def test_every_family_is_written(grammar: Grammar) -> None:
    """Each family of phrases is drawn for some record."""
    ids = np.arange(60_000, dtype=np.int64)
    drawn = {int(f) for sensitive in (True, False) for f in render(grammar, ids, sensitive=sensitive).family}

    assert set(range(len(grammar.families))) == drawn


def test_some_families_are_for_one_sex(grammar: Grammar) -> None:
    """A family kept for men or for women is written in no file of the other sex."""
    ids = np.arange(20_000, dtype=np.int64)
    sexes = {(grammar.families[f].sex, i % 2 == 1) for i, f in enumerate(render(grammar, ids).family)}

    assert {("", False), ("", True), ("M", False), ("F", True)} == sexes


# --- Truth and repeatability ------------------------------------------------------------------------------------------


def test_sensitive_records_get_sensitive_families(grammar: Grammar) -> None:
    """A record marked sensitive gets a family with a category, any other one without."""
    ids = np.arange(20_000, dtype=np.int64)
    sensitive = ids % 3 == 0
    rendered = render(grammar, ids, MIXED, sensitive=sensitive)

    assert sensitive.tolist() == [grammar.families[f].sensitive for f in rendered.family]


@pytest.mark.parametrize("word", ["bipolaire", "méthadone", "VIH +", "incarcéré", "transgenre", "avortement", "OQTF"])
def test_harmless_texts_have_no_sensitive_words(grammar: Grammar, word: str) -> None:
    """Unambiguous words are in sensitive texts and in no harmless one."""
    assert any(word in text for text in texts(grammar, 40_000))
    assert not any(word in text for text in texts(grammar, 40_000, sensitive=False, before=0.5, after=0.5))


def test_same_ids_give_same_texts(grammar: Grammar) -> None:
    """The order of the ids and the chunks they come in change nothing."""
    ids = np.random.default_rng(5).permutation(np.arange(0, 9_000, 3, dtype=np.int64))
    whole = render(grammar, ids, MIXED, sensitive=ids % 2 == 0)
    chunks = [render(grammar, part, MIXED, sensitive=part % 2 == 0) for part in np.array_split(np.sort(ids), 7)]
    by_id = dict(zip(ids.tolist(), zip(whole.text, whole.family, strict=True), strict=True))
    in_chunks = [pair for chunk in chunks for pair in zip(chunk.text, chunk.family, strict=True)]

    assert [by_id[i] for i in sorted(by_id)] == in_chunks


def test_another_seed_gives_other_texts(grammar: Grammar) -> None:
    """Two seeds share hardly a text."""
    ids = np.arange(2_000, dtype=np.int64)
    one, two = (render(grammar, ids, MIXED, seed=seed).text for seed in (1, 2))

    assert (one == two).sum() < 20


def test_no_records_no_comments(grammar: Grammar) -> None:
    """Without ids, there are no comments."""
    rendered = render(grammar, np.zeros(0, dtype=np.int64), MIXED)

    assert (0, 0) == (len(rendered.text), len(rendered.family))


def test_day_outside_the_calendar_is_refused(grammar: Grammar) -> None:
    """A day outside the range of stamps raises an error with the range."""
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(ValueError, match="between 2005-01-01 and 2026-12-31"):
        grammar.render(1, one, one == 0, np.array([0], dtype=np.int32), PLAIN, one == 0)


# --- Variety and bounds -----------------------------------------------------------------------------------------------


def test_sensitive_texts_vary(grammar: Grammar) -> None:
    """Of 205,000 sensitive texts, 200,000 differ."""
    rendered = render(grammar, np.arange(205_000, dtype=np.int64) * 317, MIXED)

    assert rendered.text.n_unique() >= 200_000


def test_harmless_texts_vary_and_repeat(grammar: Grammar) -> None:
    """Of 200,000 harmless texts more than half differ, some are typed again and again, none fills over 2 %."""
    rendered = render(grammar, np.arange(200_000, dtype=np.int64) * 317, MIXED, sensitive=False)
    most_typed = int(rendered.text.value_counts()["count"].max())  # type: ignore[arg-type]

    assert rendered.text.n_unique() > 100_000
    assert 100 < most_typed < 4_000


@pytest.mark.parametrize("sensitive", [True, False])
@pytest.mark.parametrize("style", [PLAIN, MIXED, StyleRates(**dict.fromkeys(asdict(PLAIN), 1 / 3))])
def test_texts_fit_the_field(grammar: Grammar, style: StyleRates, sensitive: bool) -> None:
    """No text is blank, longer than the field, or padded with spaces."""
    written = render(grammar, np.arange(30_000, dtype=np.int64), style, sensitive=sensitive).text
    lengths = written.str.len_chars()

    assert 0 == written.null_count()
    assert 0 < int(lengths.min()) <= int(lengths.max()) <= FIELD_LENGTH  # type: ignore[arg-type]
    assert written.to_list() == [text.strip() for text in written]


@pytest.mark.parametrize("sensitive", [True, False])
def test_telephones_are_reserved(grammar: Grammar, sensitive: bool) -> None:
    """Every telephone number is in a range reserved for fiction, also after typing errors."""
    style = replace(MIXED, typing_error=0.5, missing_space=0.5, before=0.5, after=0.5)
    written = render(grammar, np.arange(40_000, dtype=np.int64), style, sensitive=sensitive).text
    numbers = [re.sub(r"\D", "", number) for text in written for number in TELEPHONE.findall(text)]

    assert len(numbers) > 5_000
    assert [] == [number for number in numbers if not RESERVED.fullmatch(number)]


def test_years_lie_before_the_note(grammar: Grammar) -> None:
    """A year in a note is one of the fourteen before it was typed."""
    ids = np.arange(40_000, dtype=np.int64)
    typed = [(date(1970, 1, 1) + timedelta(days=FIRST_DAY + i % 4_000)).year for i in ids.tolist()]
    written = render(grammar, ids)
    illness = [grammar.families[f].id == "serious_illness.cancer_organ" for f in written.family]
    named = [(re.search(r"\b(19|20)\d\d\b", text), year) for text, year in zip(written.text, typed, strict=True)]
    gaps = {
        year - int(match.group())
        for (match, year), is_illness in zip(named, illness, strict=True)
        if is_illness and match
    }

    assert set(range(1, 15)) == gaps


# --- Typing styles ----------------------------------------------------------------------------------------------------


def test_capitals(grammar: Grammar) -> None:
    """In capitals, a text is the plain one without accents, upper case."""
    assert [unaccented(text).upper() for text in texts(grammar, 3_000)] == texts(grammar, 3_000, capitals=1)


def test_lower_case(grammar: Grammar) -> None:
    """In lower case, a text is the plain one, lower case."""
    assert [text.lower() for text in texts(grammar, 3_000)] == texts(grammar, 3_000, lower_case=1)


def test_lost_accents(grammar: Grammar) -> None:
    """Accents lost, a text is the plain one without them."""
    assert [unaccented(text) for text in texts(grammar, 3_000)] == texts(grammar, 3_000, lost_accents=1)


def test_initial_capital(grammar: Grammar) -> None:
    """A text begins with a capital, accented letters included."""
    plain = texts(grammar, 3_000, sensitive=False)

    assert [text[0].upper() + text[1:] for text in plain] == texts(grammar, 3_000, sensitive=False, initial_capital=1)
    assert any(text[0] in "éà" for text in plain)


def test_stamp(grammar: Grammar) -> None:
    """A stamp puts the day the note was typed, mostly signed with two capitals, before the plain text."""
    signed = 0
    for number, (plain, stamped) in enumerate(zip(texts(grammar, 3_000), texts(grammar, 3_000, stamp=1), strict=True)):
        typed = date(1970, 1, 1) + timedelta(days=FIRST_DAY + number)
        match = re.fullmatch(
            r"\(?(\d\d)[/.-](\d\d)[/.-](?:20)?(\d\d)[ /:(]+([A-Z]{2})?[): -]*", stamped.removesuffix(plain)
        )
        assert match is not None, stamped
        assert (f"{typed:%d}", f"{typed:%m}", f"{typed:%y}") == match.groups()[:3]
        signed += match[4] is not None

    assert signed > 2_000


def test_note_before(grammar: Grammar) -> None:
    """A routine note comes before the plain text, unless both would not fit the field."""
    pairs = list(zip(texts(grammar, 3_000), texts(grammar, 3_000, before=1), strict=True))

    assert [] == [both for plain, both in pairs if not both.endswith(plain)]
    assert sum(len(both) > len(plain) + 3 for plain, both in pairs) > 2_900


def test_phrase_stays_whole(grammar: Grammar) -> None:
    """With stamp, notes, informant and shouts together, the phrase is there to its last letter."""
    full = texts(grammar, 40_000, stamp=1, before=1, after=1, hearsay=1, exclamations=1, cut=1)
    pairs = zip(texts(grammar, 40_000), full, strict=True)

    assert [] == [both for plain, both in pairs if plain not in both]


def test_note_after(grammar: Grammar) -> None:
    """A routine note comes after the plain text."""
    pairs = list(zip(texts(grammar, 3_000), texts(grammar, 3_000, after=1), strict=True))

    assert [] == [both for plain, both in pairs if not (both.startswith(plain) and len(both) > len(plain) + 3)]


def test_cut(grammar: Grammar) -> None:
    """A note after the phrase is cut off, most often in the middle; the phrase is unchanged."""
    whole, cut = texts(grammar, 3_000, after=1), texts(grammar, 3_000, after=1, cut=1)

    assert [] == [text for text, start in zip(cut, texts(grammar, 3_000), strict=True) if not text.startswith(start)]
    assert [] == [text for text, start in zip(whole, cut, strict=True) if not text.startswith(start)]
    assert sum(map(len, cut)) < sum(map(len, whole)) - 3_000 * 5


def test_hearsay(grammar: Grammar) -> None:
    """Only families that allow it are reported by a third party; the phrase is unchanged."""
    reported = render(grammar, np.arange(3_000, dtype=np.int64), replace(PLAIN, hearsay=1))
    for plain, text, number in zip(texts(grammar, 3_000), reported.text, reported.family, strict=True):
        who = text.removesuffix(plain)
        assert grammar.families[number].hearsay == who.endswith(" : "), text


def test_exclamations(grammar: Grammar) -> None:
    """The plain text is followed by two exclamation marks or more."""
    pairs = zip(texts(grammar, 3_000), texts(grammar, 3_000, exclamations=1), strict=True)

    assert [] == [loud for plain, loud in pairs if not re.fullmatch(r" ?!{2,5}", loud.removeprefix(plain))]


def one_slip_apart(plain: str, typed: str) -> bool:
    """Whether one letter replaced, doubled, dropped or swapped with the next leads from `plain` to `typed`."""
    start = next((i for i, (a, b) in enumerate(zip(plain, typed, strict=False)) if a != b), min(len(plain), len(typed)))
    replaced = plain[start + 1 :] == typed[start + 1 :]
    doubled = plain[start:] == typed[start + 1 :] and typed[start] == plain[start - 1]
    dropped = plain[start + 1 :] == typed[start:]
    swapped = plain[start : start + 2][::-1] + plain[start + 2 :] == typed[start:]
    return replaced or doubled or dropped or swapped


def test_typing_error(grammar: Grammar) -> None:
    """A long word has one typing error where the truth does not depend on it; digits are unchanged."""
    slipped = render(grammar, np.arange(6_000, dtype=np.int64), replace(PLAIN, typing_error=1))
    for plain, typed, number in zip(texts(grammar, 6_000), slipped.text, slipped.family, strict=True):
        word = re.search(r"[^\W\d_]{5}", plain)
        if word and grammar.families[number].polarity == "asserted":
            assert plain != typed
            assert one_slip_apart(plain, typed), (plain, typed)
        else:
            assert plain == typed
        assert re.sub(r"\D", "", plain) == re.sub(r"\D", "", typed)


def test_missing_space(grammar: Grammar) -> None:
    """One space before a word is lost, where there is one."""
    for plain, glued in zip(texts(grammar, 3_000), texts(grammar, 3_000, missing_space=1), strict=True):
        loose = re.search(r" (?=[^\W\d_])", plain) is not None
        assert plain.replace(" ", "") == glued.replace(" ", "")
        assert plain.count(" ") - loose == glued.count(" ")


def test_short_phrases_come_with_something(grammar: Grammar) -> None:
    """With `stock` at zero, a phrase of few variants has a stamp or another note."""
    bare = Counter(texts(grammar, 20_000))
    dressed = Counter(texts(grammar, 20_000, stock=0))

    assert bare.most_common(1)[0][1] > 10
    assert dressed.most_common(1)[0][1] < 5


def test_rates_are_probabilities() -> None:
    """A rate outside 0 to 1, and spelling rates that sum to more than 1, raise an error."""
    with pytest.raises(ValueError, match=r"'stamp' is 2"):
        replace(PLAIN, stamp=2)
    with pytest.raises(ValueError, match=r"sum to 1\.2"):
        replace(PLAIN, capitals=0.6, lower_case=0.6)
