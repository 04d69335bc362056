"""The lexicon: each entry does what it says, and a file that is wrong is refused with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis.comments._folding import fold_phrase
from toolkit.analysis.comments._lexicon import FOLDER, LexiconError, load_lexicon
from toolkit.analysis.comments._patterns import ADJACENT, PatternError, expand, split_parts
from toolkit.analysis.comments._scan import find_entries, reached
from toolkit.schema import CATEGORIES


def test_every_entry_is_found_in_its_own_example() -> None:
    """An entry's example holds that entry, before any qualifier or look-alike speaks."""
    lexicon = load_lexicon()
    texts = pl.DataFrame(
        {
            "text": pl.Series(range(len(lexicon.entries)), dtype=pl.UInt32),
            "folded": [f" {entry.example} " for entry in lexicon.entries],
        }
    )
    literals = lexicon.literals.filter(pl.col("use").is_in(["part", "need"]))
    bare = type(lexicon)(lexicon.entries, lexicon.table, literals, lexicon.cues)
    found = find_entries(reached(texts, bare), bare)
    own = set(found.filter(pl.col("text") == pl.col("entry"))["entry"])

    assert [] == [entry.id for index, entry in enumerate(lexicon.entries) if index not in own]


def test_examples_are_folded_and_glosses_filled() -> None:
    """An example is written as folding writes it, and every entry says why it is there."""
    entries = load_lexicon().entries

    assert [] == [entry.id for entry in entries if fold_phrase(entry.example) != entry.example or not entry.gloss]


def test_each_category_has_well_over_a_hundred_entries() -> None:
    """No category is left thin: the smallest has more than a hundred entries, all together more than 1,500."""
    entries = load_lexicon().entries
    sizes = {category: sum(entry.categories[0] == category for entry in entries) for category in CATEGORIES}

    assert min(sizes.values()) > 100
    assert sum(sizes.values()) > 1500


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("sous (une |)tutelle", [" sous une tutelle ", " sous tutelle "]),
        ("battu~", [" battu ", " battue ", " battus ", " battues "]),
        ("toxicoman*", [" toxicoman"]),
        ("(a|b (c|d))", [" a ", " b c ", " b d "]),
    ],
)
def test_a_pattern_stands_for_its_literals(part: str, expected: list[str]) -> None:
    """Brackets multiply out, the tilde writes the agreements, the star leaves the end open."""
    assert expected == list(expand(part))


def test_a_pattern_with_gaps_has_parts_and_reaches() -> None:
    """Two dots join neighbours, three dots words a little further away."""
    assert (("a", 0), ("b", 12), ("c", 60)) == split_parts("a .. b ... c")


def test_long_alternations_side_by_side_are_cut_without_another_meaning() -> None:
    """The halves of a part, put together again, are the phrases of the whole; the second must follow at once."""
    first, second = "|".join(f"un{letter}" for letter in "abcdefgh"), "|".join(f"deux{letter}" for letter in "abcdefgh")
    left, right = split_parts(f"({first}) ({second})")
    joined = {before.rstrip() + after for before in expand(left[0]) for after in expand(right[0])}

    assert set(expand(f"({first}) ({second})")) == joined
    assert (0, ADJACENT) == (left[1], right[1])


@pytest.mark.parametrize(("text", "found"), [("sous herceptin", True), ("sous une herceptin", False)])
def test_what_was_cut_is_only_found_side_by_side(text: str, found: bool) -> None:
    """A word between the two halves of a part that was cut makes another phrase of it."""
    lexicon = load_lexicon()
    entry = next(number for number, entry in enumerate(lexicon.entries) if entry.id == "serious/sous-herceptin")
    texts = pl.DataFrame({"text": [0], "folded": [f" {text} "]})
    hits = find_entries(reached(texts, lexicon), lexicon)

    assert (2, found) == (lexicon.table["parts"][entry], entry in hits["entry"])


def test_the_first_scan_looks_for_one_part_of_each_entry_and_avoids_common_words() -> None:
    """Each entry has its anchors, all of one part; few of them are everyday words."""
    lexicon = load_lexicon()
    parts = lexicon.literals.filter("anchor").group_by("of").agg(pl.col("part").n_unique())

    assert (len(lexicon.entries), 1) == (parts.height, parts["part"].max())
    assert not {" le ", " de ", " a ", " et ", " rdv ", " dossier "} & set(lexicon.anchors())


@pytest.mark.parametrize("part", ["(a|b", "a)", "a* b", "É", ""])
def test_a_pattern_that_cannot_be_read_is_refused(part: str) -> None:
    """An open bracket, a star in the middle, a letter that folding never leaves, an empty phrase."""
    with pytest.raises(PatternError):
        expand(part)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",stated,", ",stating,", "expected 'stated' or 'inferred'"),
        ("id,pattern", "name,pattern", "expected the columns"),
        ("addiction/alcoolique,alcoolique", "addiction/alcoolique,(alcoolique", "never closed"),
        ("addiction/alcoolique,", "addiction/alcooliques,", "ids must be unique"),
    ],
)
def test_a_lexicon_file_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A wrong kind, header, pattern or id stops the loading with a sentence that says so."""
    folder = tmp_path / "lexicon"
    shutil.copytree(FOLDER, folder)
    file = folder / "addiction.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(LexiconError, match=said):
        load_lexicon(folder)
