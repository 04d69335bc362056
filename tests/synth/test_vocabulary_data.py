"""The data files of the generator: surnames, streets, withheld names, vendored reference data."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance import streets as streets_script
from maintenance import surname_places as surname_places_script
from maintenance import surnames as surnames_script
from toolkit import reference
from toolkit.provenance import FICTION_PHONE_ROOTS, FICTIONAL_STREET_COMPLEMENTS, SAFE_MAIL_SUFFIX
from toolkit.synth import _withheld as withheld
from toolkit.synth._withheld import fold_name, is_withheld_full_name, is_withheld_surname, name_digest

DATA = Path(withheld.__file__).parent / "data"
INSEE_SUM_OF_SQUARED_SHARES = 1.43e-4
PEOPLE = 15_000_000


@pytest.fixture(scope="module")
def surnames() -> pl.DataFrame:
    """The surnames, with their share of people."""
    table = pl.read_parquet(DATA / "surnames.parquet")
    return table.with_columns(share=pl.col("weight") / pl.col("weight").sum())


@pytest.fixture(scope="module")
def surname_places() -> pl.DataFrame:
    """The places of the surnames."""
    return pl.read_parquet(DATA / "surname_places.parquet")


def residents() -> pl.DataFrame:
    """The departements outside the overseas collectivities, with their population."""
    table = pl.read_csv(reference.read("departements.csv"), schema_overrides={"departement_code": pl.String})
    return table.filter(pl.col("zone") != "com").select(place="departement_code", population="population")


@pytest.fixture(scope="module")
def streets() -> pl.DataFrame:
    """The streets."""
    return pl.read_csv(DATA / "streets.csv")


# --- Surnames ---------------------------------------------------------------------------------------------------------


def test_surnames_have_the_promised_shape(surnames: pl.DataFrame) -> None:
    """Names and positive whole weights, heaviest first, of 2 to 24 characters."""
    assert {"name": pl.String, "weight": pl.Int64} == dict(list(surnames.schema.items())[:2])
    assert surnames["weight"].is_sorted(descending=True)
    assert surnames["weight"][-1] > 0
    assert 2 <= surnames["name"].str.len_chars().min()  # type: ignore[operator]
    assert 24 >= surnames["name"].str.len_chars().max()  # type: ignore[operator]


def test_no_two_surnames_fold_to_the_same_letters(surnames: pl.DataFrame) -> None:
    """Without accents, capitals, spaces and signs, every surname is still a name of its own."""
    folded = {fold_name(name) for name in surnames["name"]}

    assert surnames.height == len(folded)
    assert "" not in folded


def test_two_people_share_a_surname_as_often_as_in_france(surnames: pl.DataFrame) -> None:
    """The sum of squared shares is within 5 % of the one of INSEE's births 1891-2000."""
    assert pytest.approx(INSEE_SUM_OF_SQUARED_SHARES, rel=0.05) == (surnames["share"] ** 2).sum()


@pytest.mark.parametrize(("top", "share"), [(1, 0.0035), (10, 0.018), (400, 0.178), (1_000, 0.259), (10_000, 0.546)])
def test_the_commonest_surnames_hold_their_share(surnames: pl.DataFrame, top: int, share: float) -> None:
    """The commonest names hold the share that INSEE counts, within a tenth."""
    assert pytest.approx(share, rel=0.1) == surnames["share"].head(top).sum()


def test_fifteen_million_people_have_many_surnames(surnames: pl.DataFrame) -> None:
    """At least 150,000 different names are expected among 15 million people."""
    expected = (1 - (1 - surnames["share"]) ** PEOPLE).sum()

    assert expected >= 150_000


def test_surnames_are_properly_written(surnames: pl.DataFrame) -> None:
    """Each part of a name has a capital, then small letters; parts are joined by a space, a hyphen or an apostrophe."""
    part = r"[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿœ]|c'h)*"
    proper = re.compile(rf"(?:[A-Z]')?{part}(?:[ '-]{part})*")
    wrong = [name for name in surnames["name"] if not proper.fullmatch(name)]

    assert [] == wrong


@pytest.mark.parametrize(
    "name", ["Martin", "Le Goff", "Lefèvre", "Da Silva", "D'Almeida", "Saint-Martin", "Rivière", "François", "Traoré"]
)
def test_common_surnames_are_spelt_as_usual(surnames: pl.DataFrame, name: str) -> None:
    """Capitals, particles and accents that the published upper-case list lost are restored."""
    assert name in set(surnames["name"])


def test_double_barrelled_surnames_are_two_per_cent(surnames: pl.DataFrame) -> None:
    """About one person in fifty has a double-barrelled name."""
    hyphenated = surnames.filter(pl.col("name").str.contains("-"))

    assert pytest.approx(0.02, rel=0.15) == hyphenated["share"].sum()


def test_no_surname_is_withheld(surnames: pl.DataFrame) -> None:
    """No name, and no half of a double name, is one of those that identify a person in the news."""
    parts = {part for name in surnames["name"] for part in (name, *name.split("-"))}

    assert not [part for part in parts if is_withheld_surname(part)]


@pytest.mark.slow
def test_surnames_are_rebuilt_the_same(surnames: pl.DataFrame) -> None:
    """The script makes the same rows as the file."""
    assert surnames.select("name", "weight").equals(surnames_script.build())


# --- Where surnames come from -----------------------------------------------------------------------------------------


def test_surname_places_have_the_promised_shape(surname_places: pl.DataFrame) -> None:
    """One row per surname and place, sorted by surname, with positive whole weights and known places."""
    assert {"surname": pl.Int32, "place": pl.String, "weight": pl.Int64} == dict(surname_places.schema)
    assert surname_places["surname"].is_sorted()
    assert not surname_places.select("surname", "place").is_duplicated().any()
    assert surname_places["weight"].min() >= 1
    assert {*residents()["place"], *surname_places_script.ORIGINS} == set(surname_places["place"])


def test_places_share_out_the_weight_of_each_surname(surnames: pl.DataFrame, surname_places: pl.DataFrame) -> None:
    """The weights of a surname add up to its weight in the list of surnames, so national shares stay the same."""
    sums = surname_places.group_by("surname", maintain_order=True).agg(pl.col("weight").sum())

    assert list(range(surnames.height)) == sums["surname"].to_list()
    assert surnames["weight"].to_list() == sums["weight"].to_list()


def test_departements_hold_surnames_in_proportion_to_their_residents(surname_places: pl.DataFrame) -> None:
    """The weight of each departement is proportional to its population, within 2 %."""
    table = surname_places.group_by("place").agg(pl.col("weight").sum()).join(residents(), on="place")
    excess = (table["weight"] / table["weight"].sum()) / (table["population"] / table["population"].sum()) - 1

    assert 101 == table.height
    assert excess.abs().max() < 0.02


def test_a_tenth_of_the_people_at_most_was_born_abroad(surname_places: pl.DataFrame) -> None:
    """Origins abroad hold 8 to 10 % of the weight, and none more than its share of a tenth."""
    held = dict(surname_places.group_by("place").agg(pl.col("weight").sum() / 10_000_000).iter_rows())
    origins = {origin: held[origin] for origin in surname_places_script.ORIGINS}

    assert 8 <= sum(origins.values()) <= 10.01
    assert all(per_cent <= surname_places_script.ORIGINS[origin] / 10 + 0.01 for origin, per_cent in origins.items())


def test_common_names_live_everywhere_and_rare_ones_in_few_departements(surname_places: pl.DataFrame) -> None:
    """The 1,000 commonest names are in every departement, those after 10,000 in 1 to 3."""
    departements = surname_places.filter(pl.col("place").is_in(residents()["place"].to_list()))
    numbers = departements.group_by("surname", maintain_order=True).len()["len"]

    assert 101 == numbers[:1_000].min()
    assert 3 == numbers[10_000:].max()
    assert numbers[10_000:].mean() < 2


@pytest.mark.parametrize(
    ("name", "homes", "share"),
    [
        ("Le Goff", {"22", "29", "35", "56"}, 0.6),
        ("Hoarau", {"974"}, 0.7),
        ("Schmitt", {"57", "67", "68"}, 0.5),
        ("Etcheverry", {"64"}, 0.5),
        ("Jean-Baptiste", {"971", "972", "973"}, 0.6),
        ("Benali", {"maghreb"}, 0.5),
        ("Diallo", {"sub_saharan_africa"}, 0.5),
        ("Da Silva", {"portugal"}, 0.5),
        ("Nguyen", {"asia"}, 0.5),
    ],
)
def test_names_have_their_homes(
    surnames: pl.DataFrame, surname_places: pl.DataFrame, name: str, homes: set[str], share: float
) -> None:
    """Most people with a name of regional or foreign form come from its region."""
    code = surnames["name"].index_of(name)
    rows = surname_places.filter(pl.col("surname") == code)

    assert rows.filter(pl.col("place").is_in(homes))["weight"].sum() > share * rows["weight"].sum()


def test_a_common_french_name_is_nobodys_own(surnames: pl.DataFrame, surname_places: pl.DataFrame) -> None:
    """No departement has more than a tenth of the people called Martin."""
    rows = surname_places.filter(pl.col("surname") == surnames["name"].index_of("Martin"))

    assert rows["weight"].max() < rows["weight"].sum() / 10


def test_surname_places_are_rebuilt_the_same(surname_places: pl.DataFrame) -> None:
    """The script makes the same rows as the file."""
    assert surname_places.equals(surname_places_script.build())


# --- Names from abroad ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_names_abroad() -> pl.DataFrame:
    """The first names of people born abroad."""
    return pl.read_csv(DATA / "first_names_abroad.csv")


@pytest.fixture(scope="module")
def surname_spellings() -> pl.DataFrame:
    """The surnames of foreign origin with their spellings."""
    return pl.read_csv(DATA / "surname_spellings.csv")


def is_proper(name: str) -> bool:
    """Whether a name has only Latin letters, and each part but a particle has a capital, then small letters."""
    parts = re.split(r"[ '-]", name)
    latin = all(unicodedata.name(letter, "").startswith("LATIN") for part in parts for letter in part)
    return latin and all(part.istitle() or part in {"da", "de", "del"} for part in parts)


def test_each_origin_has_forty_to_eighty_first_names_of_each_sex(first_names_abroad: pl.DataFrame) -> None:
    """Each origin of the surnames has 40 to 80 different first names for men and for women."""
    numbers = first_names_abroad.group_by("origin", "sex").agg(pl.len(), different=pl.col("name").n_unique())

    assert {(o, s) for o in surname_places_script.ORIGINS for s in "MF"} == set(
        numbers.select("origin", "sex").iter_rows()
    )
    assert 40 <= numbers["len"].min()
    assert 80 >= numbers["len"].max()
    assert numbers["len"].to_list() == numbers["different"].to_list()


def test_weights_of_first_names_fall(first_names_abroad: pl.DataFrame) -> None:
    """The names of an origin and sex are in the order of their positive weights."""
    groups = first_names_abroad.group_by("origin", "sex").agg(falling=-pl.col("weight").diff().drop_nulls())

    assert {"origin", "sex", "name", "weight", "spellings"} == set(first_names_abroad.columns)
    assert first_names_abroad["weight"].min() > 0
    assert groups["falling"].explode().min() >= 0


def test_first_names_abroad_are_properly_written(first_names_abroad: pl.DataFrame) -> None:
    """First names and their spellings have capitals and letters of the Latin script."""
    spellings = first_names_abroad["spellings"].drop_nulls().str.split("|").explode()

    assert [] == [name for name in (*first_names_abroad["name"], *spellings) if not is_proper(name)]


def test_a_spelling_belongs_to_one_first_name(first_names_abroad: pl.DataFrame) -> None:
    """Within an origin and sex, no spelling is another name or the spelling of another name."""
    written = first_names_abroad.select(
        "origin", "sex", written=pl.concat_str("name", "spellings", separator="|", ignore_nulls=True).str.split("|")
    ).explode("written")

    assert [] == written.filter(written.is_duplicated()).rows()


def test_surnames_with_spellings_are_in_the_list(surnames: pl.DataFrame, surname_spellings: pl.DataFrame) -> None:
    """At least 150 different surnames of the list have other spellings."""
    names = surname_spellings["name"]

    assert ["name", "spellings"] == surname_spellings.columns
    assert 150 <= names.n_unique() == surname_spellings.height
    assert set(names) <= set(surnames["name"])


def test_spellings_of_surnames_are_proper_and_allowed(surname_spellings: pl.DataFrame) -> None:
    """Each surname has other spellings, each once, properly written and not withheld."""
    for name, spellings in surname_spellings.iter_rows():
        others = spellings.split("|")
        assert len({name, *others}) == 1 + len(others) >= 2
        assert [] == [other for other in others if not is_proper(other) or is_withheld_surname(other)]


# --- Streets ----------------------------------------------------------------------------------------------------------


def test_every_street_ends_with_a_fictional_complement(streets: pl.DataFrame) -> None:
    """Each street ends with a fictional complement, so no address exists."""
    endings = tuple(f" {complement}" for complement in FICTIONAL_STREET_COMPLEMENTS)

    assert all(street.endswith(endings) for street in streets["street"])


def test_every_complement_is_used(streets: pl.DataFrame) -> None:
    """Every fictional complement is used by a street."""
    unused = [c for c in FICTIONAL_STREET_COMPLEMENTS if not streets["street"].str.ends_with(f" {c}").any()]

    assert [] == unused


def test_streets_are_some_six_thousand_and_different(streets: pl.DataFrame) -> None:
    """About 6,000 different streets, each with a positive weight."""
    assert 5_900 <= streets.height == streets["street"].n_unique() <= 6_100
    assert streets["weight"].min() > 0  # type: ignore[operator]


def test_streets_are_correct_french(streets: pl.DataFrame) -> None:
    """Articles are contracted and elided: no "de le", "de les", "du É...", "de la E..."."""
    wrong = r" (?:de le|de les|à le|à les) | (?:du|de la|Le|La) [AEÉIOÔUŒ]|  "
    found = streets.filter(pl.col("street").str.contains(wrong))["street"].to_list()

    assert [] == found


def test_half_of_the_addresses_are_in_a_rue(streets: pl.DataFrame) -> None:
    """Types of street keep realistic shares: about half are rues, and no other type passes a tenth."""
    kind = pl.col("street").str.to_lowercase().str.extract(r"^(?:grande )?([^ ]+)")
    shares = streets.group_by(kind.alias("kind")).agg(pl.col("weight").sum() / streets["weight"].sum())
    by_kind = dict(shares.iter_rows())

    assert pytest.approx(0.52, abs=0.03) == by_kind.pop("rue")
    assert max(by_kind.values()) < 0.1


def test_streets_are_rebuilt_the_same(tmp_path: Path) -> None:
    """The script writes the same bytes as the file."""
    streets_script.write(tmp_path / "streets.csv")

    assert (DATA / "streets.csv").read_bytes() == (tmp_path / "streets.csv").read_bytes()


# --- Withheld names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Le Goff", "LEGOFF"),
        ("N'Diaye", "NDIAYE"),
        ("Lefèvre", "LEFEVRE"),
        ("Lecœur", "LECOEUR"),
        ("Saint-Ça", "SAINTCA"),
    ],
)
def test_folding_keeps_the_letters(name: str, folded: str) -> None:
    """Accents, ligatures, spaces and signs are folded away."""
    assert folded == fold_name(name)


@given(st.text(alphabet="aàâeéèêëiîïoôuùûüyÿcç-' ", max_size=20))
def test_folding_does_not_see_how_a_name_is_typed(name: str) -> None:
    """Capitals and composed or decomposed accents fold alike."""
    assert fold_name(name) == fold_name(name.upper()) == fold_name(unicodedata.normalize("NFD", name))


def test_withheld_names_are_found_however_they_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A withheld surname or full name is found with or without accents, capitals and signs; others are not."""
    lists = {
        "withheld_surnames.txt": frozenset({name_digest("LEZEBULON")}),
        "withheld_full_names.txt": frozenset({name_digest("JEANLUC PETIT")}),
    }
    monkeypatch.setattr(withheld, "_digests", lists.__getitem__)

    assert all(is_withheld_surname(name) for name in ("Le Zébulon", "LE ZEBULON", "Lezebulon"))
    assert not is_withheld_surname("Petit")
    assert all(is_withheld_full_name(first, "PETIT") for first in ("Jean-Luc", "JEAN LUC", "jeanluc"))
    assert not is_withheld_full_name("Jean", "Petit")


@pytest.mark.parametrize(("file", "least"), [("withheld_surnames.txt", 150), ("withheld_full_names.txt", 200)])
def test_withheld_lists_hold_digests_alone(file: str, least: int) -> None:
    """Each line under the first comment is a digest of 16 hexadecimal digits, sorted, each once."""
    comment, *digests = (DATA / file).read_text(encoding="ascii").splitlines()

    assert comment.startswith("# ")
    assert sorted(set(digests)) == digests
    assert least <= len(digests)
    assert all(re.fullmatch("[0-9a-f]{16}", digest) for digest in digests)


@pytest.mark.parametrize("name", ["Martin", "Bernard", "Dupont", "Petit", "Durand", "Philippe", "Le Goff", "Garcia"])
def test_common_surnames_are_not_withheld(name: str) -> None:
    """A common surname is not withheld."""
    assert not is_withheld_surname(name)


# --- Vendored reference data ------------------------------------------------------------------------------------------


def test_the_fiction_roots_are_those_of_the_vendored_table() -> None:
    """The roots of the generator are those of the table from Arcep's decision."""
    table = pl.read_csv(DATA / "phone_fiction_ranges.csv", schema_overrides={"root": pl.String})

    assert sorted(FICTION_PHONE_ROOTS) == sorted(root.replace(" ", "") for root in table["root"])


def test_safe_mail_domains_are_under_example() -> None:
    """The domains to write are all under `.example`."""
    domains = pl.read_csv(DATA / "email_providers.csv")["safe_domain"]

    assert domains.str.ends_with(SAFE_MAIL_SUFFIX).all()


def test_every_data_file_is_documented() -> None:
    """The README beside the data names each file."""
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    missing = [file.name for file in sorted(DATA.iterdir()) if file.name != "README.md" and file.name not in readme]

    assert [] == missing
