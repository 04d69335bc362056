"""The labelling sheet: a widget in JupyterLab in which a person labels the comments of an audit sample, one at a time.

Names, telephone numbers and addresses are masked, since a reviewer does not need them. Each answer is saved before the
next comment is shown, and a sheet that is opened again resumes where it stopped. Each reviewer has a file, with line
numbers and answers but no text of any comment.
"""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ipywidgets
import polars as pl
from IPython.display import display

from toolkit._io import write_text
from toolkit.analysis.audit._sample import ANSWERS, Sample
from toolkit.analysis.comments import fold_phrase, load_lexicon, plain_words
from toolkit.errors import InputError
from toolkit.schema import CATEGORIES

__all__ = ["LabellingSheet", "mask_names", "read_labels"]

_REVIEWER = re.compile(r"[a-z0-9][a-z0-9_-]*")
_UNDO = "u"
_HELP = (
    "Keyboard: 1, 2 or 3 and Enter (sensitive, not, unsure), u and Enter to undo; "
    "after 1, the numbers of the categories, such as 1 4 7. Tab moves between the buttons."
)


class LabellingSheet:
    """A sheet for one reviewer; as the last expression of a notebook cell it is displayed.

    `directory` has one file per reviewer, `labels-<reviewer>.jsonl`. A comment labelled "unsure" is shown again after
    all others have an answer. For each comment labelled sensitive, the other comments of its record and person are
    shown too, at the end, so that each record or person counts once (`Sample.to_label`).

    Raises `InputError` when `reviewer` is not a short name in lower case, when the file is not a labelling sheet, or
    when it belongs to another sample.
    """

    def __init__(self, sample: Sample, directory: str | os.PathLike[str], reviewer: str) -> None:
        if not _REVIEWER.fullmatch(reviewer):
            raise InputError(
                f"The reviewer {reviewer!r} cannot name a file: use small letters, digits, '-' and '_', such as 'anna'."
            )
        self.sample = sample
        self.reviewer = reviewer
        self.file = Path(directory) / f"labels-{reviewer}.jsonl"
        self._answers = self._resume() if self.file.exists() else {}
        self._parts = _build(self._press, self.undo, self._type)
        self._show()

    @property
    def widget(self) -> Any:  # noqa: ANN401 (ipywidgets ships no types)
        """The ipywidgets box of the sheet."""
        return self._parts.box

    @property
    def current(self) -> int | None:
        """The unit whose comment is shown; None when everything has an answer."""
        open_units = self._open_units()
        return open_units[0] if open_units else None

    @property
    def labels(self) -> pl.DataFrame:
        """The answers so far, one row per comment: `unit`, `answer`, `categories`, as `audit.estimate` takes them."""
        return _as_table(self._answers)

    def answer(self, answer: str, categories: tuple[str, ...] = ()) -> None:
        """Save an answer for the comment shown: "sensitive" (with its categories), "not" or "unsure"."""
        unknown = [name for name in categories if name not in CATEGORIES]
        if answer not in ANSWERS or unknown:
            raise InputError(
                f"There is no answer {answer!r} {unknown}: use {', '.join(ANSWERS)}, and known categories."
            )
        unit = self.current
        if unit is None:
            return
        # Removed first, so that an unsure comment with a new answer comes last, where `undo` finds it.
        self._answers.pop(unit, None)
        self._answers[unit] = _Answer(answer, categories if answer == "sensitive" else ())
        self._save()
        self._show()

    def undo(self) -> None:
        """Remove the last answer, also one from an earlier session, and show its comment again."""
        if self._answers:
            self._answers.popitem()
            self._save()
            self._show()

    def _ipython_display_(self) -> None:
        display(self.widget)  # type: ignore[no-untyped-call]

    def _heading(self) -> dict[str, object]:
        return {
            "sample": self.sample.digest,
            "seed": self.sample.seed,
            "rules": self.sample.rules,
            "reviewer": self.reviewer,
        }

    def _resume(self) -> dict[int, _Answer]:
        heading, answers = _read(self.file)
        if heading != self._heading():
            raise InputError(
                f"The file {self.file} belongs to another sample or reviewer: give another directory or name."
            )
        return answers

    def _to_label(self) -> pl.DataFrame:
        return self.sample.to_label([unit for unit, given in self._answers.items() if given.answer == "sensitive"])

    def _open_units(self) -> list[int]:
        """Return the comments without an answer, in the order of review, then the unsure ones, oldest first."""
        unanswered = [unit for unit in self._to_label()["unit"].to_list() if unit not in self._answers]
        return unanswered + [unit for unit, given in self._answers.items() if given.answer == "unsure"]

    def _save(self) -> None:
        """Write the file atomically, so that an interrupted save keeps the earlier answers."""
        rows = [
            {"unit": unit, "answer": given.answer, "categories": list(given.categories)}
            for unit, given in self._answers.items()
        ]
        write_text(self.file, "".join(f"{json.dumps(row)}\n" for row in [self._heading(), *rows]))

    def _show(self) -> None:
        """Display the current comment and the progress."""
        wanted = self._to_label()
        unit = self.current
        unsure = sum(given.answer == "unsure" for given in self._answers.values())
        answered = sum(unit in self._answers for unit in wanted["unit"])
        self._parts.progress.max = wanted.height
        self._parts.progress.value = answered
        self._parts.message.value = f"{answered} of {wanted.height} comments answered, {unsure} of them unsure"
        self._parts.categories.value = ()
        self._parts.keys.value = ""
        for button in (*self._parts.answers, self._parts.keys):
            button.disabled = unit is None
        text = "All comments have an answer. Thank you."
        if unit is not None:
            text = mask_names(wanted.filter(pl.col("unit") == unit)["administrative_comment"].item())
        self._parts.comment.value = f"<p style='font-size:1.3em'>{html.escape(text)}</p>"

    def _press(self, answer: str) -> None:
        self.answer(answer, tuple(self._parts.categories.value))

    def _type(self, typed: str) -> None:
        """Handle typed input: the number of an answer, or 'u'; anything else shows a message and changes nothing."""
        words = typed.lower().split()
        if words == [_UNDO]:
            self.undo()
            return
        numbers = [int(word) if word.isdecimal() else 0 for word in words]
        if not words or not 1 <= numbers[0] <= len(ANSWERS) or not all(1 <= n <= len(CATEGORIES) for n in numbers[1:]):
            self._parts.message.value = f"{typed!r} is not an answer. {_HELP}"
            return
        chosen = tuple(CATEGORIES[number - 1] for number in numbers[1:]) or tuple(self._parts.categories.value)
        self.answer(ANSWERS[numbers[0] - 1], chosen)


def read_labels(file: Path, sample: Sample) -> pl.DataFrame:
    """Return the labels of `sample` from the file of a labelling sheet, as `LabellingSheet.labels` returns them.

    Raises `InputError` when the file does not exist, is not a labelling sheet, or belongs to another sample.
    """
    if not file.is_file():
        raise InputError(f"There is no file {file}: give the file of a labelling sheet, labels-<reviewer>.jsonl.")
    heading, answers = _read(file)
    if not isinstance(heading, dict) or heading.get("sample") != sample.digest:
        raise InputError(
            f"The file {file} belongs to another sample: use the same leak, size, seed and version of the rules as for "
            "the labelling sheet."
        )
    return _as_table(answers)


def mask_names(text: str) -> str:
    """Mask names and numbers in a comment: 'Mme Petit, 06 39 98 00 01' becomes 'Mme [name], [number]'.

    Masked are mail addresses, numbers of six digits or more, the word after a title, and capitalised words within a
    sentence that are not in the lexicon: a reviewer must see 'Subutex'. Words all in capitals are kept, because they
    are more often abbreviations or emphasis than names, and so is a single capitalised word at the start of a sentence.
    This keeps most names off the screen; it does not make a comment anonymous.
    """
    text = _MAIL.sub("[mail]", text)
    text = _LONG_NUMBER.sub("[number]", text)
    text = _AFTER_CIVILITY.sub(r"\1 [name]", text)
    return _NAMES_IN_A_ROW.sub("[name]", _CAPITALISED.sub(_mask_capitalised, text))


_CIVILITY = r"(?i:mmes?|mlles?|mrs?|drs?|docteur|madame|monsieur|mademoiselle)\b\.?|M\.|Pr\b\.?"
_MAIL = re.compile(r"\S+@\S+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[ .-]?\d){5,}")
_AFTER_CIVILITY = re.compile(rf"\b({_CIVILITY}) +(?!l[ea]\b)[^\W\d_][\w'’-]*")
_CAPITALISED = re.compile(rf"\b(?!{_CIVILITY})[A-ZÀ-ÖØ-Þ](?=[\w'’-]*[a-zß-öø-ÿ])[^\W\d_]*(?:['’-][^\W\d_]+)*")
_NAMES_IN_A_ROW = re.compile(r"\[name\](?: \[name\])+")
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…])[\s\"«(]*$")


def _mask_capitalised(word: re.Match[str]) -> str:
    """Return the word if it is probably not a name, else its mask."""
    folded = fold_phrase(word[0])
    if f" {folded} " in _sensitive_words() or any(
        f" {folded[:end]}" in _sensitive_words() for end in range(len(folded) + 1)
    ):
        return word[0]
    if not _SENTENCE_BEGINS.search(word.string[: word.start()]):
        return "[name]"
    followed = _CAPITALISED.match(word.string[word.end() :].lstrip())
    return word[0] if folded in plain_words() or not followed else "[name]"


@cache
def _sensitive_words() -> frozenset[str]:
    """Return the single words of the lexicon: with a space on both sides, or only in front if open-ended."""
    return frozenset(literal for literal in load_lexicon().alone() if len(literal.split()) == 1)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer."""

    answer: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The widgets of the sheet that change."""

    box: Any
    comment: Any
    categories: Any
    answers: tuple[Any, ...]
    undo: Any
    keys: Any
    progress: Any
    message: Any


def _build(answer: Callable[[str], None], undo: Callable[[], None], typed: Callable[[str], None]) -> _Parts:
    """Create the widgets of the sheet, with callbacks for an answer, an undo and typed input."""
    comment = ipywidgets.HTML()
    progress = ipywidgets.IntProgress(min=0, layout={"width": "100%"})
    message = ipywidgets.Label()
    styles = dict(zip(ANSWERS, ("danger", "success", "warning"), strict=True))
    answers = tuple(
        ipywidgets.Button(description=f"{number} {name}", button_style=styles[name])
        for number, name in enumerate(ANSWERS, 1)
    )
    for name, button in zip(ANSWERS, answers, strict=True):
        button.on_click(lambda _, name=name: answer(name))
    back = ipywidgets.Button(description=f"{_UNDO} undo", icon="undo")
    back.on_click(lambda _: undo())
    options = [(f"{number} {name.replace('_', ' ')}", name) for number, name in enumerate(CATEGORIES, 1)]
    categories = ipywidgets.SelectMultiple(options=options, rows=len(options), description="reveals")
    # Without continuous updates the value changes when Enter is pressed.
    keys = ipywidgets.Text(placeholder="1, 2, 3 or u, then Enter", continuous_update=False)
    keys.observe(lambda change: typed(change["new"]) if change["new"] else None, names="value")
    buttons = ipywidgets.HBox([*answers, back, keys])
    box = ipywidgets.VBox([progress, message, comment, buttons, categories, ipywidgets.Label(_HELP)])
    return _Parts(box, comment, categories, answers, back, keys, progress, message)


def _read(file: Path) -> tuple[object, dict[int, _Answer]]:
    """Return the heading of a sheet's file, and its answers in the order in which they were given."""
    try:
        heading, *rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        answers = {row["unit"]: _Answer(row["answer"], tuple(row["categories"])) for row in rows}
    except (ValueError, KeyError, TypeError):
        raise InputError(f"The file {file} is not a labelling sheet: move it away to begin a new one.") from None
    return heading, answers


def _as_table(answers: dict[int, _Answer]) -> pl.DataFrame:
    rows = [(unit, given.answer, list(given.categories)) for unit, given in answers.items()]
    columns = [("unit", pl.Int64()), ("answer", pl.String()), ("categories", pl.List(pl.String))]
    return pl.DataFrame(rows, schema=columns, orient="row")
