"""The command line: parses, calls the Python API, formats; nothing else.

An error of the user's is one line on standard error and exit code 2; `verify-synthetic` ends with 1 when the data set
is not one of ours; an interruption ends with 130. Progress goes to standard error, and only when that is a terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from toolkit import __version__
from toolkit._platform import interrupt_on_termination
from toolkit.cli._claims import claims
from toolkit.cli._comments import comments
from toolkit.cli._counts import counts
from toolkit.cli._describe import describe
from toolkit.cli._disclosures import disclosures
from toolkit.cli._duplicates import duplicates
from toolkit.cli._generate import generate, verify_synthetic
from toolkit.cli._investigate import investigate
from toolkit.cli._public_figures import public_figures
from toolkit.cli._rerun import rerun
from toolkit.errors import ToolkitError

__all__ = ["app", "main"]

app = typer.Typer(
    name="toolkit",
    help="Data-leak forensics on invented data: make a leak, open it, ask it questions, check the answers.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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


for _command in (
    generate,
    verify_synthetic,
    describe,
    disclosures,
    counts,
    comments,
    public_figures,
    duplicates,
    claims,
    investigate,
    rerun,
):
    app.command(_command.__name__.replace("_", "-"))(_command)

_USER_ERROR, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever the user got wrong is one line on standard error.

    A command that is told to end (SIGTERM) cleans up as after Ctrl-C.
    """
    try:
        with interrupt_on_termination():
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
