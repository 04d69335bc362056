"""The lexicon: each entry matches its example, patterns expand as documented, and errors name file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis.comments._folding import fold_phrase
from toolkit.analysis.comments._lexicon import FOLDER, LexiconError, load_lexicon
from toolkit.analysis.comments._patterns import ADJACENT, PatternError, expand, split_parts
from toolkit.analysis.comments._scan import find_entries, with_anchors
from toolkit.schema import CATEGORIES


def test_every_entry_is_found_in_its_own_example() -> None:
    """The scan finds each entry in its own example, before context and look-alikes are considered."""
    lexicon = load_lexicon()
    texts = pl.DataFrame(
        {
            "text": pl.Series(range(len(lexicon.entries)), dtype=pl.UInt32),
            "folded": [f" {entry.example} " for entry in lexicon.entries],
        }
    )
    literals = lexicon.literals.filter(pl.col("use").is_in(["part", "need"]))
    bare = type(lexicon)(lexicon.entries, lexicon.table, literals, lexicon.cues)
    found = find_entries(with_anchors(texts, bare), bare)
    own = set(found.filter(pl.col("text") == pl.col("entry"))["entry"])

    assert [] == [entry.id for index, entry in enumerate(lexicon.entries) if index not in own]


def test_examples_are_folded_and_glosses_filled() -> None:
    """Every example is in folded form, and every entry has a gloss."""
    entries = load_lexicon().entries

    assert [] == [entry.id for entry in entries if fold_phrase(entry.example) != entry.example or not entry.gloss]


def test_each_category_has_well_over_a_hundred_entries() -> None:
    """The smallest category has more than 100 entries, all together have more than 1,500."""
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
def test_a_pattern_expands_to_its_literals(part: str, expected: list[str]) -> None:
    """Brackets multiply out, a tilde adds the agreement endings, a star leaves the end open."""
    assert expected == list(expand(part))


def test_a_pattern_with_gaps_has_parts_and_reaches() -> None:
    """Two dots allow a short gap between parts, three dots a longer one."""
    assert (("a", 0), ("b", 12), ("c", 60)) == split_parts("a .. b ... c")


def test_long_alternations_are_split_without_changing_the_phrases() -> None:
    """The halves of a split part, joined again, are its phrases, and the second half must follow directly."""
    first, second = "|".join(f"un{letter}" for letter in "abcdefgh"), "|".join(f"deux{letter}" for letter in "abcdefgh")
    left, right = split_parts(f"({first}) ({second})")
    joined = {before.rstrip() + after for before in expand(left[0]) for after in expand(right[0])}

    assert set(expand(f"({first}) ({second})")) == joined
    assert (0, ADJACENT) == (left[1], right[1])


@pytest.mark.parametrize(("text", "found"), [("sous herceptin", True), ("sous une herceptin", False)])
def test_halves_of_a_split_part_must_be_adjacent(text: str, found: bool) -> None:
    """A split part is not found when a word is between its two halves."""
    lexicon = load_lexicon()
    entry = next(number for number, entry in enumerate(lexicon.entries) if entry.id == "serious/sous-herceptin")
    texts = pl.DataFrame({"text": [0], "folded": [f" {text} "]})
    hits = find_entries(with_anchors(texts, lexicon), lexicon)

    assert (2, found) == (lexicon.table["parts"][entry], entry in hits["entry"])


def test_anchors_are_one_part_of_each_entry_and_not_common_words() -> None:
    """Each entry has anchors, all from one part, and the most common words are not anchors."""
    lexicon = load_lexicon()
    parts = lexicon.literals.filter("anchor").group_by("of").agg(pl.col("part").n_unique())

    assert (len(lexicon.entries), 1) == (parts.height, parts["part"].max())
    assert not {" le ", " de ", " a ", " et ", " rdv ", " dossier "} & set(lexicon.anchors())


@pytest.mark.parametrize("part", ["(a|b", "a)", "a* b", "É", ""])
def test_invalid_patterns_are_an_error(part: str) -> None:
    """Unmatched brackets, a star before the end, a character that is not folded and an empty phrase are errors."""
    with pytest.raises(PatternError):
        expand(part)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",stated,", ",stating,", "expected 'stated' or 'inferred'"),
        ("id,pattern", "name,pattern", "expected the columns"),
        ("addiction/alcoolique,alcoolique", "addiction/alcoolique,(alcoolique", "never closed"),
        ("addiction/alcoolique,", "addiction/alcooliques,", "ids must be unique"),
    ],
)
def test_invalid_lexicon_files_are_an_error(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A wrong kind, header, pattern or id in a file is an error that names the mistake."""
    folder = tmp_path / "lexicon"
    shutil.copytree(FOLDER, folder)
    file = folder / "addiction.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(LexiconError, match=message):
        load_lexicon(folder)
