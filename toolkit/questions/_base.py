"""What a question is, and what an answer is.

A `Question` is one object that holds all that the toolkit knows about a question: what it needs from a data set, how it
is answered, its tables and charts, the sentences and numbers of its section in the report, its notebook, its options on
the command line, what it costs, and how its numbers are counted a second time. The command line, the pipeline, the
report, the run manifest and the spread over seeds all iterate over the registry of questions.

Modules of questions import the analysis inside functions, so that `toolkit --help` loads no engine.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

from toolkit.i18n import number, translate

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from toolkit.dataset import Capabilities, Leak
    from toolkit.errors import ToolkitError

__all__ = [
    "LINKED",
    "Answer",
    "Badge",
    "Cell",
    "Chart",
    "Cost",
    "Detail",
    "DetailCell",
    "Headline",
    "Meaning",
    "Need",
    "Option",
    "Pair",
    "Question",
    "Result",
    "Section",
    "TablePlan",
    "Value",
    "ask",
    "chart_of",
    "denominator",
    "high",
    "low",
    "needs_any_column",
    "needs_column",
    "needs_table",
    "of_people",
    "person_by",
    "reason_of",
    "share",
    "shown_path",
    "unavailable",
    "value",
]

LINKED = "records that the linkage model assigns to the same person"
"""The definition of a person wherever records are linked."""


# --- Answers ----------------------------------------------------------------------------------------------------------


class Meaning(str):
    """A definition made of parts, which can be translated: English text that remembers its template and its values.

    `text` is the template, with the names of `values` in braces. A value is a text or another meaning, which are
    translated, or a whole number, which is formatted in the reader's language.
    """

    __slots__ = ("text", "values")
    text: str
    values: dict[str, str | int]

    def __new__(cls, text: str, **values: str | int) -> Self:
        """Return the English text, with its values filled in."""
        filled = {name: f"{each:,}" if isinstance(each, int) else each for name, each in values.items()}
        made = super().__new__(cls, text.format(**filled))
        made.text, made.values = text, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what copies and pickles are made from."""
        return _meaning, (self.text, self.values)

    @staticmethod
    def translated(text: str) -> str:
        """Return a text in the current language, whether it is a meaning or a sentence of the catalogue."""
        if not isinstance(text, Meaning):
            return translate(text)
        filled = {
            name: number(each) if isinstance(each, int) else Meaning.translated(each)
            for name, each in text.values.items()
        }
        return translate(text.text, **filled)


@dataclass(frozen=True, slots=True)
class Result:
    """One number: `value` in `unit`, out of `denominator` in `denominator_unit`, and its definition.

    `share` is its part of the denominator; `low` and `high` are an interval, of the kind that `interval` names; each is
    None where it has no meaning. Data that were counted completely have no sampling error, hence no such interval.
    `command` reproduces the number. Texts are English; `in_words` translates them.
    """

    id: str
    value: float
    unit: str
    denominator: int
    denominator_unit: str
    share: float | None
    definition: str
    low: float | None = None
    high: float | None = None
    command: str = ""
    interval: str = "95% interval"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    `results`: its numbers. `tables`: the tables behind them, by name. `notes`: what could not be answered in part, one
    sentence each. `reason`: why the question is not answerable on this data set, one phrase; then nothing else is
    there. `options`: the options it was answered with. Notes and reason are English; `Meaning.translated` translates
    them.
    """

    results: tuple[Result, ...] = ()
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


# --- What a question needs --------------------------------------------------------------------------------------------


class Need(NamedTuple):
    """Something that a data set must hold.

    `met` decides from the capabilities; `reason` is the phrase that completes "not answerable: ...", an English text of
    the catalogue; the need is waived where the option `unless` is given.
    """

    met: Callable[[Capabilities], bool]
    reason: str
    unless: str | None = None


def needs_column(name: str, meaning: str) -> Need:
    """Return the need for a column of the lines; `meaning` is what it holds, such as "comments"."""
    return Need(lambda found: found.has(name), f"the data set has no {meaning} (column {name})")


def needs_any_column(names: Sequence[str], meaning: str) -> Need:
    """Return the need for one of several columns of the lines."""
    listed = ", ".join(names)
    return Need(lambda found: any(found.has(name) for name in names), f"the data set has no {meaning} ({listed})")


def needs_table(capability: str, meaning: str, unless: str | None = None) -> Need:
    """Return the need for a table, by the name of its capability."""
    return Need(lambda found: bool(getattr(found, capability)), f"the data set has no {meaning}", unless)


# --- What a report shows of a question --------------------------------------------------------------------------------

Tables: TypeAlias = "Mapping[str, pl.DataFrame]"


class TablePlan(NamedTuple):
    """A table that may be shown.

    `title`: what it holds, in one line. `small`: the columns that count people, in which small counts are hidden. `by`:
    the column that divides it into parts with totals of their own. `file`: whether the report writes it as a file.
    `printed`: whether the command prints it below the numbers.
    """

    title: str
    small: tuple[str, ...] = ()
    by: str | None = None
    file: bool = True
    printed: bool = False


Chart: TypeAlias = "Callable[[Tables, str], go.Figure | None]"
"""Draws a chart from the tables that may be shown and a line on their source; None where they do not allow it."""


def chart_of(name: str, table: str) -> Chart:
    """Return a chart of `toolkit.charts` drawn from one table; none where the table is missing or empty."""

    def draw(tables: Tables, source: str) -> go.Figure | None:
        from toolkit import charts

        found = tables.get(table)
        return None if found is None or found.is_empty() else getattr(charts, name)(found, source)

    return draw


class Value(NamedTuple):
    """A part of a result that a sentence shows: its `value`, `low`, `high`, `share` or `denominator`."""

    part: str
    id: str


def value(name: str) -> Value:
    """Return the number itself."""
    return Value("value", name)


def low(name: str) -> Value:
    """Return the lower end of its interval."""
    return Value("low", name)


def high(name: str) -> Value:
    """Return the upper end of its interval."""
    return Value("high", name)


def share(name: str) -> Value:
    """Return its share of the denominator."""
    return Value("share", name)


def denominator(name: str) -> Value:
    """Return its denominator."""
    return Value("denominator", name)


class Headline(NamedTuple):
    """A finding for the top of the report: a sentence, and a second one with what it is based on.

    Both are templates; `values` fills the names in braces. The headline is left out where a result that it shows is
    missing, or where the result `unless` is there.
    """

    finding: str
    basis: str
    values: Mapping[str, Value]
    unless: str | None = None


class Section(NamedTuple):
    """The section of a question in the report: how it was answered, and what its numbers cannot say.

    `numbers`: the ids of the few results shown large at the top. `method`, `limits`: sentences. `limits_synthetic`:
    sentences that are true of synthetic data only.
    """

    numbers: tuple[str, ...]
    method: tuple[str, ...]
    limits: tuple[str, ...]
    limits_synthetic: tuple[str, ...] = ()


class Badge(NamedTuple):
    """A verdict shown as a badge: its text, a word for its style, and a sign that works without colour."""

    text: str
    kind: str
    sign: str


class DetailCell(NamedTuple):
    """A cell of a detail table: its text, a note below it, folded text, and a badge in place of the text."""

    text: str
    note: str = ""
    more: str = ""
    badge: Badge | None = None
    linked: bool = False
    unit: str = ""


class Detail(NamedTuple):
    """A table of sentences that the section of a question shows in full, one row per item."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[DetailCell, ...]], ...]
    """The id of each row, and its cells."""


class Cell(NamedTuple):
    """A cell of a notebook: the notebook's name without its ending, and the id of the cell."""

    notebook: str
    id: str


class Cost(NamedTuple):
    """About how long something takes on 2 cores: seconds at any size, and seconds per million lines."""

    fixed: float
    per_million: float


class Pair(NamedTuple):
    """A number as the analysis has it, and as the second program counts it; they may differ by `slack`."""

    name: str
    first: float | date | None
    second: float | date | None
    slack: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether both are the same within the slack; two missing dates are the same."""
        if self.first == self.second:
            return True
        if not isinstance(self.first, int | float) or not isinstance(self.second, int | float):
            return False
        return abs(self.first - self.second) <= self.slack


# --- Questions --------------------------------------------------------------------------------------------------------


class Option(NamedTuple):
    """An option of a question, on the command line and in Python: its type, help and default."""

    name: str
    type: Any
    help: str
    default: Any = None
    metavar: str | None = None
    show_default: str | bool = True
    minimum: int | None = None


_NO_SECTION = Section((), (), ())
_COST, _NOTEBOOK_COST = Cost(1.0, 1.0), Cost(7.0, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that the toolkit knows about a question.

    `name`: of the command and of the section. `title`: the question. `help`: what the command prints, in a sentence or
    two. `answer`: computes the answer from a leak and the options. `needs`: what the data set must hold. `options`: of
    the command; `investigation`: returns the options that an investigation of a leak uses, as far as they differ from
    the defaults. `tables`, `charts`, `section`, `headlines`, `detail`: what the report shows. `labels`: what a reader
    calls a result, by its id. `summary`, `spread`: ids of the results in the summary of the terminal, and of those
    compared over seeds. `notebook`: its notebook; `cells`: the id of the cell that shows each result. `links`: whether
    records must be linked for it; `uses`: other questions whose answers it takes. `cost`, `notebook_cost`: of the
    answer, and of the notebook with all answers at hand. `hint`: a last line for the terminal. `cross_check`: pairs of
    its numbers with those of the second program. `as_json`: what `--json` prints in place of the results and tables.
    """

    name: str
    title: str
    help: str
    answer: Callable[..., Answer]
    needs: tuple[Need, ...] = ()
    options: tuple[Option, ...] = ()
    investigation: Callable[[Leak], dict[str, Any]] = lambda _leak: {}
    tables: Mapping[str, TablePlan] = field(default_factory=dict)
    charts: Mapping[str, Chart] = field(default_factory=dict)
    section: Section = _NO_SECTION
    headlines: tuple[Headline, ...] = ()
    detail: Callable[[Answer], Detail | None] = lambda _answer: None
    labels: Mapping[str, str] = field(default_factory=dict)
    summary: tuple[str, ...] = ()
    spread: tuple[str, ...] = ()
    notebook: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    links: bool = False
    uses: tuple[str, ...] = ()
    cost: Cost = _COST
    notebook_cost: Cost = _NOTEBOOK_COST
    hint: Callable[[Answer], str | None] = lambda _answer: None
    cross_check: Callable[[Path, Answer], Iterator[Pair]] = lambda _data_set, _answer: iter(())
    as_json: Callable[[Answer], Any] | None = None

    def label(self, name: str) -> str:
        """Return what a reader calls the result `name`."""
        return self.labels.get(name, name.replace("_", " "))

    def cell(self, name: str) -> Cell | None:
        """Return the notebook cell that shows the result `name`, if there is one."""
        if self.notebook is None or name not in self.cells:
            return None
        return Cell(self.notebook, self.cells[name])

    def missing(self, leak: Leak, options: Mapping[str, Any]) -> str | None:
        """Return why the question is not answerable on this leak; None where it is."""
        for need in self.needs:
            given = need.unless is not None and options.get(need.unless) is not None
            if not given and not need.met(leak.capabilities):
                return need.reason
        return None


def ask(question: Question, leak: Leak, **options: Any) -> Answer:  # noqa: ANN401 (each option has a type of its own)
    """Answer a question about a leak, or return an answer that gives the reason why it is not answerable.

    Every number gets the command that reproduces it. Raises what the question raises, such as `InputError` for an
    option that cannot be used.
    """
    from toolkit.errors import MissingError

    reason = question.missing(leak, options)
    if reason is None:
        try:
            answer = question.answer(leak, **options)
        except MissingError as error:
            reason = reason_of(error)
    if reason is not None:
        return Answer(reason=reason, options=dict(options))
    command = shlex.join(["toolkit", question.name, shown_path(leak.path), *_arguments(question, options), "--json"])
    results = tuple(replace(result, command=command) for result in answer.results)
    return replace(answer, results=results, options=dict(options))


def shown_path(path: Path) -> str:
    """Return a path as a reader may type it: relative where it is below the working directory."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)


def person_by(definition: str) -> Meaning:
    """Return the definition of a person as a sentence that can be read alone."""
    return Meaning("a person is: {definition}", definition=definition)


def reason_of(error: ToolkitError) -> str:
    """Return the message of an error as a text that can be translated."""
    return Meaning(error.text, **error.values) if error.values else error.text


def unavailable(part: str, reason: str) -> Meaning:
    """Return the note on a part of an answer that the data set does not allow."""
    return Meaning("{part}: not available, because {reason}.", part=part, reason=reason)


def of_people(meaning: str, definition: str) -> Meaning:
    """Return the definition of a number of people, with that of a person."""
    return Meaning("{meaning}; a person is: {definition}", meaning=meaning, definition=definition)


def _arguments(question: Question, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options that differ from their defaults, as arguments; files to write are left out."""
    for option in question.options:
        given = options.get(option.name, option.default)
        if given != option.default and not option.name.startswith(("out", "save")):
            yield f"--{option.name.replace('_', '-')}"
            yield os.fspath(given) if isinstance(given, Path) else str(given)


def _meaning(text: str, values: dict[str, str | int]) -> Meaning:
    return Meaning(text, **values)
