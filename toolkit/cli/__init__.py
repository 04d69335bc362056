"""The command line: parses, calls the Python API, formats; nothing else.

A user's error is one line on standard error and exit code 2. A question that the data set does not allow, a data set
that is not verified as synthetic and a rerun with other numbers end with 1; an interruption ends with 130. Progress
goes to standard error, and only when that is a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from toolkit import __version__
from toolkit._platform import interrupt_on_termination
from toolkit.cli._describe import describe
from toolkit.cli._disclosures import disclosures
from toolkit.cli._generate import generate, verify_synthetic
from toolkit.cli._intake import intake
from toolkit.cli._investigate import investigate
from toolkit.cli._lab import lab
from toolkit.cli._questions import question_command
from toolkit.cli._realism import realism
from toolkit.cli._rerun import rerun
from toolkit.errors import ToolkitError
from toolkit.questions import questions

__all__ = ["main", "make_app"]

_HELP = "Data-leak forensics: open a leak, answer questions about it, and check the answers on synthetic leaks."
_COMMANDS = (generate, verify_synthetic, intake, describe, disclosures, realism)
_RUNS = (investigate, rerun, lab)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _toolkit(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 (its callback prints it)
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def make_app() -> typer.Typer:
    """Return the application, with a command for each question of the registry."""
    app = typer.Typer(
        name="toolkit",
        help=_HELP,
        invoke_without_command=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_toolkit)
    commands: list[Callable[..., None]] = [*_COMMANDS, *map(question_command, questions()), *_RUNS]
    for command in commands:
        app.command(command.__name__.replace("_", "-"))(command)
    return app


_USER_ERROR, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's error is one line on standard error.

    A command that is terminated (SIGTERM) cleans up as after Ctrl-C.
    """
    try:
        with interrupt_on_termination():
            code = make_app()(args=arguments, prog_name="toolkit", standalone_mode=False)
    except (ToolkitError, typer.TyperException) as error:
        message = getattr(error, "format_message", error.__str__)
        return _fail(message(), _USER_ERROR)
    if code == _INTERRUPTED:
        return _fail("interrupted; the same command resumes where it stopped.", _INTERRUPTED)
    return code if isinstance(code, int) else 0


def _fail(message: str, code: int) -> int:
    typer.echo(f"Error: {' '.join(message.split())}", err=True)
    return code
