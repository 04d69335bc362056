"""The registry of questions: consistent metadata, needs, answers with reasons, commands that reproduce numbers."""

from __future__ import annotations

import contextlib
import copy
import json
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from toolkit import schema
from toolkit.cli import main
from toolkit.dataset import Capabilities, Leak
from toolkit.errors import InputError, MissingError, ToolkitError
from toolkit.i18n import use_language
from toolkit.questions import (
    Answer,
    Meaning,
    Option,
    Question,
    Result,
    ask,
    find_question,
    needs_column,
    questions,
    registered,
    unavailable,
)
from toolkit.report import find_notebooks

ALL = pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
EVERYTHING = Capabilities(
    truth=True, register=True, practices=True, practitioners=True, columns=frozenset(schema.LINES.names)
)


# --- Metadata ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def ids(small_answers: dict[str, Answer]) -> dict[str, set[str]]:
    """Return the ids of the results of each question on the small leak."""
    return {name: {result.id for result in answer.results} for name, answer in small_answers.items()}


@ALL
def test_ids_of_a_question_are_ids_of_its_results(question: Question, ids: dict[str, set[str]]) -> None:
    """Labels, cells, section, summary and spread name results that the answer has."""
    named = {*question.labels, *question.cells, *question.section.numbers, *question.summary, *question.spread}

    # The cell of the detail table has no result, and some counts of the small leak are too small to show.
    hidden = {"detail", "confirmed_figures_with_nir", "confirmed_figures_with_several_practices"}
    hidden |= {"confirmed_figures_with_comment"}
    assert set() == named - ids[question.name] - hidden


@ALL
def test_values_of_headlines_exist(
    question: Question, ids: dict[str, set[str]], small_answers: dict[str, Answer]
) -> None:
    """Every value of a headline is a part that its result has, and every name in the sentences has a value."""
    results = {result.id: result for result in small_answers[question.name].results}
    for headline in question.headlines:
        for value in headline.values.values():
            assert getattr(results[value.id], value.part) is not None
        assert (headline.finding + headline.basis).format(**dict.fromkeys(headline.values, 1))
        assert all(f"{{{name}}}" in headline.finding + headline.basis for name in headline.values)
        assert headline.unless is None or headline.unless in ids[question.name]


@ALL
def test_tables_are_planned(question: Question, small_answers: dict[str, Answer]) -> None:
    """Every table has a plan, every planned table is there, and the plan names columns that the table has."""
    tables = small_answers[question.name].tables

    assert set(question.tables) == set(tables)
    for name, plan in question.tables.items():
        assert set(tables[name].columns) >= {*plan.small, *([] if plan.by is None else [plan.by])}


@ALL
def test_charts_are_drawn(question: Question, small_answers: dict[str, Answer]) -> None:
    """Every chart is drawn from the tables of the small leak, and none from no tables."""
    for draw in question.charts.values():
        figure = draw(small_answers[question.name].tables, "a test")
        assert figure is not None
        assert "a test" in figure.layout.meta["source"]
        assert draw({}, "a test") is None


def test_every_id_belongs_to_one_question(ids: dict[str, set[str]]) -> None:
    """No two questions have a result, a chart, a notebook or a name in common."""
    for each in (
        [name for names in ids.values() for name in names],
        [name for question in questions() for name in question.charts],
        [question.name for question in questions()],
        [question.notebook for question in questions()],
    ):
        assert [] == [name for name, times in Counter(each).items() if times > 1]


@ALL
def test_notebook_and_cells_exist(question: Question) -> None:
    """The notebook of a question is stored, and so is the cell of each result, as a cell of code."""
    (path,) = [path for path in find_notebooks() if path.stem == question.notebook]
    cells = {cell.id for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"}

    assert set() == set(question.cells.values()) - cells


@ALL
def test_question_is_complete(question: Question) -> None:
    """A question has a title, help, method, limits, and uses other questions that exist."""
    assert question.title.endswith("?")
    assert all((question.help, question.section.numbers, question.section.method, question.section.limits))
    assert set(question.uses) <= {each.name for each in questions()}
    assert question.cost.per_million > 0


@ALL
def test_options_have_help_and_defaults_of_the_answer(question: Question) -> None:
    """Every option has a help text, and the same default as the argument of the answer."""
    defaults = question.answer.__kwdefaults__ or {}

    assert {option.name: option.default for option in question.options} == defaults
    assert all(option.help.endswith(".") for option in question.options)


# --- Needs ------------------------------------------------------------------------------------------------------------

NAMES = ("first_name", "last_name", "birth_name")
DETAILS = ("birth_date", "nir", "mobile_phone", "email", "postal_code")


def leak_with(*, without: tuple[str, ...] = (), **tables: bool) -> Any:  # noqa: ANN401 (a stand-in for a Leak)
    """Return a stand-in for a leak with all but some columns, and with the tables given."""
    columns = EVERYTHING.columns - set(without)
    return SimpleNamespace(capabilities=replace(EVERYTHING, columns=columns, **tables))


@pytest.mark.parametrize(
    ("lacks", "unanswerable"),
    [
        ({}, set()),
        ({"truth": False}, set()),
        ({"practices": False, "practitioners": False}, set()),
        ({"register": False}, {"public-figures"}),
        ({"without": ("administrative_comment",)}, {"comments"}),
        ({"without": ("first_name",)}, {"public-figures"}),
        ({"without": ("last_name",)}, set()),
        ({"without": ("updated_on",)}, {"ages"}),
        ({"without": ("last_name", "birth_name")}, {"public-figures"}),
        ({"without": NAMES}, {"public-figures", "duplicates", "ages"}),
        ({"without": DETAILS}, {"duplicates", "ages"}),
        ({"without": DETAILS[1:]}, set()),
        ({"without": ("practice_id", "sex", "city")}, set()),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, set) else str(value),  # sets have no order
)
def test_needs_of_each_question(lacks: dict[str, Any], unanswerable: set[str]) -> None:
    """A question is not answerable where the data set lacks a table or the columns that it needs, and only there."""
    reasons = {question.name: question.missing(leak_with(**lacks), {}) for question in questions()}

    assert unanswerable == {name for name, reason in reasons.items() if reason is not None}
    assert all(reason.startswith("the data set has no ") for reason in reasons.values() if reason is not None)


def test_option_in_place_of_a_table() -> None:
    """A register given as an option replaces the register of the data set."""
    figures = find_question("public-figures")

    assert figures.missing(leak_with(register=False), {"register": Path("mayors.csv")}) is None
    assert figures.missing(leak_with(register=False), {"register": None}) is not None


# --- Answers ----------------------------------------------------------------------------------------------------------


def question_of(answer: Any, **more: Any) -> Question:  # noqa: ANN401 (what a question is made of)
    """Return a question with this answer."""
    return Question(name="test", title="Is this a test?", help="A test.", answer=answer, **more)


ONE = Result("ones", 1, "ones", 1, "ones", None, "one")


def test_unanswerable_question_has_a_reason_and_nothing_else(leak: Leak) -> None:
    """`ask` returns the reason of the first need that is not met, without computing anything."""

    def fail(_leak: Leak) -> Answer:
        raise AssertionError

    answer = ask(question_of(fail, needs=(needs_column("sex", "sexes"), needs_column("email", "addresses"))), leak)

    assert Answer(reason="the data set has no addresses (column email)") == answer


def test_missing_table_inside_an_answer_becomes_a_reason(leak: Leak) -> None:
    """A `MissingError` while a question is answered becomes the reason, and the options are kept."""

    def fail(_leak: Leak, *, size: int) -> Answer:
        raise MissingError(f"the data set has no table of {size}")

    assert Answer(reason="the data set has no table of 3", options={"size": 3}) == ask(question_of(fail), leak, size=3)


def test_reasons_and_notes_are_translated(leak: Leak) -> None:
    """The reason of an error and a note are English texts with a translation, and copies keep it."""

    def fail(_leak: Leak) -> Answer:
        raise MissingError("{part}: not available, because {reason}.", part="cats", reason="the data set has no lines")

    reason = ask(question_of(fail), leak).reason
    note = unavailable("People at several practices", "the data set has no lines")

    assert "cats: not available, because the data set has no lines." == reason
    assert "People at several practices: not available, because the data set has no lines." == note
    with use_language("fr"):
        for text in (reason, copy.deepcopy(reason)):
            assert "cats\xa0: non disponible, car le jeu de données n’a pas de lignes." == Meaning.translated(text)
        assert Meaning.translated(note).startswith("Personnes dans plusieurs cabinets\xa0: non disponible, car ")


@pytest.mark.parametrize("error", [MissingError("no {name}", name="lines"), MissingError("no {lines}"), InputError("")])
def test_copies_of_errors_are_complete(error: ToolkitError) -> None:
    """A copy of an error has its message, text and values; braces without values stay as they are."""
    copied = copy.deepcopy(error)

    assert (str(error), error.text, error.values) == (str(copied), copied.text, copied.values)
    assert str(error) in ("no lines", "no {lines}", "")


def test_other_errors_are_raised(leak: Leak) -> None:
    """An option that cannot be used is an error, not a reason."""

    def fail(_leak: Leak) -> Answer:
        raise InputError("wrong")

    with pytest.raises(InputError, match="wrong"):
        ask(question_of(fail), leak)


def test_command_has_the_options_that_differ(leak: Leak, tmp_path: Path) -> None:
    """The command of a number has the options that differ from their defaults, quoted, and no files to write."""
    options = (
        Option("size", int, "Size.", 3),
        Option("of_whom", Path | None, "Who."),
        Option("out", Path | None, "Out."),
    )
    question = question_of(lambda _leak, **_options: Answer((ONE, replace(ONE, id="twos"))), options=options)

    def commands(**given: Any) -> set[str]:  # noqa: ANN401 (options of any type)
        return {result.command for result in ask(question, leak, **given).results}

    start = f"toolkit test {shlex.quote(str(leak.path))}"
    assert {f"{start} --json"} == commands() == commands(size=3, of_whom=None)
    assert {f"{start} --size 4 --of-whom 'a b.csv' --json"} == commands(
        size=4, of_whom=Path("a b.csv"), out=tmp_path / "out.parquet"
    )


def test_command_reproduces_a_number(leak: Leak, capsys: pytest.CaptureFixture[str]) -> None:
    """The command of an estimate from a sample, run again, prints the same numbers."""
    answer = ask(find_question("comments"), leak, audit=90, seed=7)

    (command,) = {result.command for result in answer.results}
    main(shlex.split(command)[1:])

    printed = {result["id"]: result["value"] for result in json.loads(capsys.readouterr().out)["results"]}
    assert "--audit 90 --seed 7 --json" in command
    assert {result.id: result.value for result in answer.results} == printed


# --- The registry -----------------------------------------------------------------------------------------------------


def test_unknown_question_is_an_error() -> None:
    """The error for a name that no question has lists the questions."""
    with pytest.raises(InputError, match=r"There is no question 'weather': use one of counts, comments, "):
        find_question("weather")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "counts"}, "There is a question 'counts' already"),
        ({"labels": {"people": "people"}}, "Another question has a result 'people'"),
    ],
)
def test_name_and_ids_must_be_new(changes: dict[str, Any], message: str) -> None:
    """A question with the name, or with the id of a result, of another question is refused."""
    before = questions()

    with pytest.raises(InputError, match=message), registered(replace(question_of(lambda _leak: Answer()), **changes)):
        pass

    assert before == questions()


def test_registered_question_is_gone_after_an_error() -> None:
    """An error inside the block unregisters the question too."""
    before = questions()

    with contextlib.suppress(ZeroDivisionError), registered(question_of(lambda _leak: Answer())):
        during = questions()
        raise ZeroDivisionError

    assert "test" == during[-1].name
    assert before == questions()
