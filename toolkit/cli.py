"""The command line: parses, calls the Python API, formats; nothing else.

An error of the user's is one line on standard error and exit code 2; `verify-synthetic` ends with 1 when the data set
is not one of ours; an interruption ends with 130. Progress goes to standard error, and only when that is a terminal.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from toolkit import __version__
from toolkit.errors import ToolkitError
from toolkit.scenario import DEFAULT_SCENARIO

if TYPE_CHECKING:
    from toolkit.report.answers import Result

__all__ = ["app", "main"]

app = typer.Typer(
    name="toolkit",
    help="Data-leak forensics on invented data: make a leak, open it, ask it questions, check the answers.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# --- Options that several commands share ------------------------------------------------------------------------------

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def _memory(text: str) -> str:
    """A size that DuckDB, Spark and the maker all understand, checked."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]i?B)", text.strip(), flags=re.IGNORECASE)
    if found is None or float(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a size: give a number and a unit, such as 4GB or 500MB.")
    return found[1] + found[2]


def _bytes(memory: str) -> int:
    number, unit = re.fullmatch(r"([\d.]+)(.*)", memory).groups()  # type: ignore[union-attr]  # checked by _memory
    return int(float(number) * _UNITS[unit.upper()])


DirectoryArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Directory of a data set.", show_default=False)]
ScenarioOption = Annotated[str, typer.Option(help="Scenario: a name, or the path of a TOML file.")]
RowsOption = Annotated[
    int | None, typer.Option(help="Lines to make, 1,000 or more.", show_default="the scenario's own size")
]
SeedOption = Annotated[int, typer.Option(help="Seed: another seed is another leak of the same kind.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads to use.", show_default="chosen by the engine")]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        parser=_memory, metavar="SIZE", help="Memory to use, such as 4GB.", show_default="chosen by the engine"
    ),
]
EngineOption = Annotated[str, typer.Option(metavar="duckdb|spark", help="What runs the questions: duckdb or spark.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def toolkit(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback prints it)
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Data-leak forensics on invented data: make a leak, open it, ask it questions, check the answers."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# --- Making -----------------------------------------------------------------------------------------------------------


@app.command()
def generate(
    scenario: ScenarioOption = DEFAULT_SCENARIO,
    rows: RowsOption = None,
    seed: SeedOption = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory to make.", show_default="data/synthetic/<scenario>-<rows>-<seed>"),
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Files of lines.", show_default="one a million lines")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 2,
    memory_limit: Annotated[str, typer.Option(parser=_memory, metavar="SIZE", help="Memory to stay under.")] = "1GB",
    as_json: JsonOption = False,
) -> None:
    """Make a leak in which everything is invented.

    The same scenario, rows and seed give the same data. A run that was interrupted is resumed by the same command.
    """
    from toolkit.report.data_sets import data_set_folder
    from toolkit.scenario import load_scenario
    from toolkit.synth.generate import GenerateOptions
    from toolkit.synth.generate import generate as make

    plan = load_scenario(scenario)
    rows = plan.sizes.lines if rows is None else rows
    options = GenerateOptions(partitions=partitions, threads=threads, memory_limit=_bytes(memory_limit))
    out = out or data_set_folder(plan.name, rows, seed)
    with _Steps() as steps:
        made = make(plan, seed, rows, out, options, steps.of("Making the leak"))
    if as_json:
        told = {key: value for key, value in made.manifest.items() if key != "files"}
        _print_json({"path": os.fspath(made.path), "lines_written": made.lines_written, **told})
        return
    state = f"{made.lines_written:,} lines written" if made.lines_written else "was there already, left as it is"
    _console().print(f"[bold]{escape(os.fspath(made.path))}[/]: {state}.")
    _print_counts(made.manifest["counts"])


@app.command("verify-synthetic")
def verify_synthetic(
    directory: DirectoryArgument,
    threads: ThreadsOption = None,
    memory_limit: Annotated[str, typer.Option(parser=_memory, metavar="SIZE", help="Memory to use.")] = "2GB",
    as_json: JsonOption = False,
) -> None:
    """Prove that a data set is one of ours: invented, and unable to reach anybody.

    Ends with 1 and the offending counts when it is not.
    """
    from toolkit.provenance import verify_synthetic as verify

    report = verify(directory, threads=threads, memory_limit=memory_limit)
    if as_json:
        checks = [asdict(check) for check in report.checks]
        _print_json({"path": os.fspath(directory), "ok": report.ok, "checks": checks})
    else:
        table = _table("What was examined", "Check", "Examined", "Offending")
        for check in report.checks:
            style = "bold red" if check.offending else None
            table.add_row(check.promise, f"{check.examined:,}", f"{check.offending:,}", style=style)
        _console().print(table)
        failed = sum(check.offending > 0 for check in report.checks)
        verdict = f"NOT one of ours: {failed} of {len(report.checks)} checks failed."
        if report.ok:
            verdict = "one of ours: nothing in it can reach anybody."
        _console().print(f"{escape(os.fspath(directory))} is {verdict}")
    raise typer.Exit(0 if report.ok else 1)


# --- Asking -----------------------------------------------------------------------------------------------------------


@app.command()
def describe(directory: DirectoryArgument, as_json: JsonOption = False) -> None:
    """Say what a data set holds: where it comes from, its tables and their columns."""
    from toolkit.leak import open_leak
    from toolkit.report.description import describe as description_of

    with open_leak(directory) as leak:
        description = description_of(leak)
    if as_json:
        _print_json(description)
        return
    console = _console()
    console.print(f"[bold]{escape(description['title'])}[/]")
    console.print(f"Synthetic: {escape(description['notice'])}.")
    console.print(
        f"Scenario {description['scenario']}, seed {description['seed']}, copied on {description['copied_on']}, "
        f"content hash {description['content_hash'][:12]}."
    )
    tables = _table("Tables", "Table", "One row is", "Rows", "Files", "MB")
    for table in description["tables"]:
        size = f"{table['bytes'] / 1e6:,.1f}"
        tables.add_row(table["name"], table["row"], f"{table['rows']:,}", f"{table['files']:,}", size)
    columns = _table("Columns of lines", "Column", "Type", "How personal", "Meaning")
    for column in description["columns"]:
        columns.add_row(column["name"], column["type"], column["personal"].replace("_", " "), column["meaning"])
    console.print(tables, columns)


@app.command()
def counts(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """How much is there? Lines, records, and people by naive keys."""
    _answer("counts", directory, engine, threads, memory_limit, as_json)


@app.command()
def comments(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """What share of the lines carries a comment that reveals something intimate?"""
    _answer("comments", directory, engine, threads, memory_limit, as_json)


@app.command("public-figures")
def public_figures(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which public figures may be in the leak, and how many of the hits are namesakes? Counts only, no names."""
    _answer("public-figures", directory, engine, threads, memory_limit, as_json)


@app.command()
def duplicates(
    directory: DirectoryArgument,
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """How many people stand at several practices?"""
    _answer("duplicates", directory, engine, threads, memory_limit, as_json)


def _answer(
    name: str, directory: Path, engine: str, threads: int | None, memory_limit: str | None, as_json: bool
) -> None:
    """Ask one question and print its answer."""
    from toolkit.leak import open_leak
    from toolkit.report.answers import ANSWERS

    with open_leak(directory, engine, memory_limit=memory_limit, threads=threads) as leak:
        answer = ANSWERS[name](leak)
    if as_json:
        tables = {table: rows.to_dicts() for table, rows in answer.tables.items()}
        _print_json({"data_set": leak.name, "results": [asdict(result) for result in answer.results], **tables})
    else:
        _print_results(answer.question, answer.results)


# --- The main job -----------------------------------------------------------------------------------------------------


@app.command()
def investigate(
    scenario: ScenarioOption = DEFAULT_SCENARIO,
    rows: RowsOption = None,
    seed: SeedOption = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory of the data set.", show_default="data/synthetic/<scenario>-<rows>-<seed>"),
    ] = None,
    reports: Annotated[Path, typer.Option(help="Directory of the reports.")] = Path("reports"),
    threads: Annotated[int, typer.Option(min=1, help="Threads to use.")] = 2,
    memory_limit: Annotated[
        str, typer.Option(parser=_memory, metavar="SIZE", help="Memory for the engine in each step.")
    ] = "3GB",
    as_json: JsonOption = False,
) -> None:
    """Make the leak if it is missing, ask it every question, run the notebooks, write the report."""
    from toolkit.report.investigation import investigate as run
    from toolkit.scenario import load_scenario

    plan = load_scenario(scenario)
    with _Steps() as steps:
        done = run(plan, seed, rows, out, reports, threads=threads, memory_limit=memory_limit, progress=steps)
    if as_json:
        _print_json({"report": os.fspath(done.index), "results": [asdict(result) for result in done.results]})
        return
    _print_results(f"{done.name}: the answers", done.results)
    _console().print(f"The report: [bold]{escape(os.fspath(done.index))}[/]")


# --- What is printed --------------------------------------------------------------------------------------------------


def _console() -> Console:
    """Standard output, as wide as a file needs when it is none of a terminal's."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=160)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = {"Examined", "Offending", "Rows", "Files", "MB", "Number", "Share"}
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=column in numbers)
    return table


def _print_results(title: str, results: Sequence[Result]) -> None:
    from toolkit.report.wording import in_words

    table = _table(title, "Number", "Of what", "Out of", "Share", "What it means")
    for result in results:
        table.add_row(*(escape(text) for text in in_words(result)))
    _console().print(table)


def _print_counts(planted: dict[str, int]) -> None:
    table = _table("What was made", "Number", "Of what")
    for name, count in planted.items():
        table.add_row(f"{count:,}", name.replace("_", " "))
    _console().print(table)


def _print_json(content: object) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str))


# --- Progress ---------------------------------------------------------------------------------------------------------


class _Steps:
    """Progress on standard error when it is a terminal, silence otherwise: one bar a step."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), _Work(), TimeElapsedColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._bars: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        """`done` of `total` pieces of work of a step are finished."""
        if step not in self._bars:
            self._bars[step] = self._progress.add_task(step)
        self._progress.update(self._bars[step], completed=done, total=total)

    def of(self, step: str) -> Callable[[int, int], None]:
        """What to call as one step goes on; its bar shows from now on."""
        self._bars[step] = self._progress.add_task(step, total=None)
        return lambda done, total: self(step, done, total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class _Work(ProgressColumn):
    """Lines done of all and lines a second, for the one step that counts lines; a number of pieces for the others."""

    def render(self, task: Task) -> Text:
        if not task.total or task.total == 1:
            return Text("")
        if task.total < 1_000:
            return Text(f"{task.completed:,.0f} of {task.total:,.0f}")
        speed = f", {task.speed:,.0f} a second" if task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} lines{speed}")


# --- The way out ------------------------------------------------------------------------------------------------------

_USER_ERROR, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever the user got wrong is one line on standard error."""
    try:
        code = app(args=arguments, prog_name="toolkit", standalone_mode=False)
    except (ToolkitError, typer.TyperException) as error:
        say = getattr(error, "format_message", error.__str__)
        return _fail(say(), _USER_ERROR)
    if code == _INTERRUPTED:
        return _fail("interrupted; the same command resumes where it stopped.", _INTERRUPTED)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    typer.echo(f"Error: {' '.join(message.split())}", err=True)
    return code
