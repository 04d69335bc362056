"""Reading a grammar of comments: the texts of templates, and the errors for mistakes in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from toolkit.synth.comments._comments import Grammar, StyleRates

PLAIN = StyleRates(**dict.fromkeys((rate.name for rate in fields(StyleRates)), 0.0) | {"stock": 1.0})
"""The phrases as the grammar has them, and nothing else."""

SMALL = """
category = "addiction"
weight = 1
[slots]
informant = ["on dit : "]
drink = [{ text = "vin", times = 3 }, "rhum"]
[sensitive.drinks]
templates = ["b<u|ue> [au|du] {drink}"]
[harmless.ordinary.note]
joins = true
templates = ["RAS [le {date}|ce jour]"]
"""


def sensitive_texts(grammar: Grammar, count: int) -> list[str]:
    """The texts of so many sensitive records; those at odd places are women's."""
    ids = np.arange(count, dtype=np.int64)
    days = np.full(count, 16_000, dtype=np.int32)
    return grammar.render(1, ids, ids >= 0, days, PLAIN, ids % 2 == 1).text.to_list()


def load(folder: Path, content: str) -> Grammar:
    """The grammar of one file."""
    (folder / "one.toml").write_text(content, encoding="utf-8")
    return Grammar.load(folder)


def test_templates_are_multiplied_out(tmp_path: Path) -> None:
    """Alternatives, slots and their weights, and agreement with the patient's sex become texts."""
    texts = sensitive_texts(load(tmp_path, SMALL), 8_000)
    counts = Counter((text, number % 2 == 1) for number, text in enumerate(texts))

    verbs = (("bu", False), ("bue", True))
    phrases = {
        (f"{verb} {to} {drink}", woman) for verb, woman in verbs for to in ("au", "du") for drink in ("vin", "rhum")
    }
    assert phrases == set(counts)
    assert 5_600 < sum(count for (text, _), count in counts.items() if text.endswith("vin")) < 6_400


def test_alternatives_are_drawn_evenly(tmp_path: Path) -> None:
    """An alternative that can become many strings is drawn no more often than its neighbour."""
    content = SMALL.replace("b<u|ue> [au|du] {drink}", "[vu|bu] [du {drink}|son eau|{count} verres]")
    texts = sensitive_texts(load(tmp_path, content), 9_000)
    starts = Counter("verres" if "verres" in text else text.split()[1] for text in texts)

    assert {"du", "son", "verres"} == set(starts)
    assert 2_800 < min(starts.values()) <= max(starts.values()) < 3_200


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{drink}", "{food}", r"\{food\} cannot be used: there is no such slot"),
        ('"rhum"', '"{drink}"', r"slot \{drink\} leads back to itself"),
        ('"rhum"', '"rhum {date}"', r"\{date\} cannot be used: a built-in slot"),
        ('"rhum"', '{ text = "rhum" }', "expected a string or"),
        ('category = "addiction"', 'category = "sorrow"', "unknown category 'sorrow'; expected one of serious_illness"),
        ("[sensitive.drinks]", '[sensitive.drinks]\npolarity = "no"', "unknown polarity 'no'"),
        ("[sensitive.drinks]", '[sensitive.drinks]\nabout = "dog"', "unknown value 'dog' of about"),
        ("[sensitive.drinks]", '[sensitive.drinks]\nsex = "X"', "unknown sex 'X'"),
        ("[sensitive.drinks]", "[sensitive.drinks]\ncolour = 1", "unknown key 'colour'"),
        ("b<u|ue> [au|du] {drink}", " ", "a template is empty"),
        ("weight = 1", "weight = 0", "must be positive"),
        ("b<u|ue>", "b" * 120, "at most 118 are allowed"),
        ("[au|du]", "[au|du", "stray"),
        ("joins = true", "joins = false", "the grammar has no note family"),
        ("[slots]", "[slots]\ndate = ['x']", r"slot \{date\} is defined twice"),
        ("[slots]", "[slots", "not a valid TOML file"),
    ],
)
def test_wrong_grammar_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A mistake in a grammar raises an error that names it."""
    with pytest.raises(ValueError, match=message):
        load(tmp_path, SMALL.replace(old, new))


def test_family_twice_is_refused(tmp_path: Path) -> None:
    """A family defined in two files raises an error."""
    twin = 'category = "addiction"\nweight = 1\n[sensitive.drinks]\ntemplates = ["x"]\n'
    (tmp_path / "two.toml").write_text(twin, encoding="utf-8")
    with pytest.raises(ValueError, match=r"family addiction\.drinks is defined twice"):
        load(tmp_path, SMALL)
