"""One command per question of the registry: parse its options, answer it, print the answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption
from toolkit.cli._output import new_console, new_table, print_json, print_results
from toolkit.cli._progress import Steps

if TYPE_CHECKING:
    import polars as pl

    from toolkit.questions import Answer, Option, Question

__all__ = ["question_command"]

_UNANSWERABLE = 1


def question_command(question: Question) -> Callable[..., None]:
    """Return the command of a question: its own options, then those that every question has."""

    def command(**given: Any) -> None:  # noqa: ANN401 (each option has a type of its own)
        own = {option.name: given.pop(option.name) for option in question.options}
        _answer(question, own, **given)

    command.__name__ = question.name.replace("-", "_")
    command.__doc__ = question.help
    parameters = [_parameter("directory", DirectoryArgument), *map(_own_parameter, question.options)]
    parameters += [
        _parameter("engine", EngineOption, "duckdb"),
        _parameter("threads", ThreadsOption, None),
        _parameter("memory_limit", MemoryOption, None),
        _parameter("as_json", JsonOption, default=False),
    ]
    # typer reads the options of a command from its signature.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _answer(
    question: Question,
    options: dict[str, Any],
    directory: Path,
    engine: str,
    threads: int | None,
    memory_limit: str | None,
    as_json: bool,
) -> None:
    """Open the leak, answer the question and print the answer; end with 1 where it is not answerable."""
    from toolkit.dataset import open_leak
    from toolkit.questions import ask

    with (
        Steps() as steps,
        open_leak(directory, engine, memory_limit=memory_limit, threads=threads, progress=steps) as leak,
    ):
        answer = ask(question, leak, **options)
    if as_json:
        print_json(_as_json(question, answer, leak.name))
    else:
        _print(question, answer)
    if answer.reason is not None:
        raise typer.Exit(_UNANSWERABLE)


def _as_json(question: Question, answer: Answer, name: str) -> Any:  # noqa: ANN401 (what JSON holds)
    """Return an answer for machines: its numbers, and its tables without small counts; or the reason why not."""
    from toolkit.questions import shown_tables

    if answer.reason is not None:
        return {"data_set": name, "answerable": False, "reason": answer.reason, "results": []}
    if question.as_json is not None:
        return question.as_json(answer)
    tables = {table: rows.to_dicts() for table, rows in shown_tables(question, answer.tables).items()}
    results = [asdict(result) for result in answer.results]
    return {"data_set": name, "answerable": True, "notes": list(answer.notes), "results": results, **tables}


def _print(question: Question, answer: Answer) -> None:
    """Print the numbers of an answer, the tables and the detail that its question prints, and what is missing."""
    from toolkit.questions import shown_tables

    console = new_console()
    if answer.reason is not None:
        console.print(f"{escape(question.title)} Not answerable: {escape(answer.reason)}.")
        return
    if (detail := question.detail(answer)) is not None:
        table = new_table(detail.caption, *detail.headings)
        for _, cells in detail.rows:
            table.add_row(*(escape(_cell_text(cell)) for cell in cells), end_section=True)
        console.print(table)
    print_results(question.title, answer.results)
    for name, rows in shown_tables(question, answer.tables).items():
        if question.tables[name].printed:
            _print_table(question.tables[name].title, rows)
    for note in (*answer.notes, question.hint(answer)):
        if note is not None:
            console.print(escape(note))


def _cell_text(cell: Any) -> str:  # noqa: ANN401 (a DetailCell, whose package is imported late)
    text = cell.badge.text if cell.badge else f"{cell.text} {cell.unit}".rstrip()
    return "\n".join(filter(None, (text, cell.note and f"({cell.note})", cell.more)))


def _print_table(title: str, rows: pl.DataFrame) -> None:
    table = new_table(title)
    for name, dtype in rows.schema.items():
        heading = "number" if name == "n" else name
        numeric = dtype.is_numeric()
        table.add_column(
            heading.replace("_", " ").capitalize(), justify="right" if numeric else "left", no_wrap=numeric
        )
    for row in rows.iter_rows():
        table.add_row(*(_format(name, value) for name, value in zip(rows.columns, row, strict=True)))
    new_console().print(table)


def _format(column: str, value: object) -> str:
    """Return a value of a table: a share in percent, a number with separators, a hidden count as a dash."""
    from toolkit.i18n import number, percent

    if value is None:
        return "–"
    if isinstance(value, float):
        return percent(value) if "share" in column else number(value, 1)
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def _own_parameter(option: Option) -> inspect.Parameter:
    flag = f"--{option.name.replace('_', '-')}"
    described = typer.Option(
        flag,
        help=option.help,
        metavar=option.metavar,
        show_default=option.show_default if option.default is not None or option.show_default is not True else False,
        min=option.minimum,
    )
    return _parameter(option.name, Annotated[option.type, described], option.default)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:  # noqa: ANN401
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
