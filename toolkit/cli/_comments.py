"""The command `comments`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli._answer import print_answer
from toolkit.cli._options import DirectoryArgument, EngineOption, JsonOption, MemoryOption, ThreadsOption
from toolkit.cli._output import new_console

if TYPE_CHECKING:
    from toolkit.dataset import Leak
    from toolkit.questions import Answer

__all__ = ["comments"]


def comments(
    directory: DirectoryArgument,
    audit: Annotated[
        int | None,
        typer.Option(
            metavar="LINES",
            min=1,
            help="Estimate the shares from a sample of so many lines, such as 3000.",
            show_default="hits of the scan only",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the sample; publish it with the estimate.")] = 1,
    reviewer: Annotated[
        str,
        typer.Option(
            metavar="truth|FILE",
            help="Who judged the sample: the truth of an invented leak, or the file of a labelling sheet.",
        ),
    ] = "truth",
    engine: EngineOption = "duckdb",
    threads: ThreadsOption = None,
    memory_limit: MemoryOption = None,
    as_json: JsonOption = False,
) -> None:
    """What share of the lines carries a comment that reveals something intimate?

    With --audit also what share of the records and people: for that the records are linked, see `duplicates`.
    """

    def ask(leak: Leak) -> Answer:
        from toolkit.questions import AuditPlan, answer_comments

        return answer_comments(leak, None if audit is None else AuditPlan(audit, seed, reviewer))

    print_answer("comments", ask, directory, engine, threads, memory_limit, as_json)
    if audit is None and not as_json:
        new_console().print("These are hits of the scan, not an estimate: --audit 3000 estimates, with intervals.")
