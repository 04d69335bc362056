"""What is seen of the lines of a leak: a few of them masked, or in clear with a reason that is logged.

Both show lines that were chosen already, in the order of the dump, and never cut a choice short unasked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TypeAlias

import ibis
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa
from ibis.common.exceptions import IbisError

from toolkit import schema
from toolkit.errors import InputError
from toolkit.i18n import number, translate
from toolkit.privacy._access_log import disclose
from toolkit.privacy._masking import mask_lines

__all__ = ["IN_CLEAR", "MASKED", "Choice", "card", "choose", "in_clear", "masked"]

Choice: TypeAlias = ir.BooleanValue | ibis.Deferred | pl.DataFrame
"""What chooses lines: a condition on their columns, or a table with a column `line_id` or `record_id`."""

MASKED = 1_000
"""The most lines that are shown masked at once: more is no longer looking, and masks do not make data anonymous."""

IN_CLEAR = 100
"""The most lines that are shown in clear when nobody says how many are needed."""

_KEYS = ("line_id", "record_id")
_CHOICES = 'give a condition such as ibis._.city == "Rennes", or a table with a column line_id or record_id'


def card(name: str, manifest: Mapping[str, object], engine: str) -> str:
    """What Jupyter shows of a leak, as HTML: what it is and how to look at it, and never a row."""
    lines = manifest.get("rows")
    invented = manifest.get("synthetic") is True
    rows = {
        translate("Data set"): name,
        translate("Lines"): number(lines) if isinstance(lines, int) else translate("unknown"),
        translate("Invented"): translate("yes, all of it") if invented else translate("not said: take it for real"),
        translate("Engine"): engine,
        translate("To look at lines, masked"): "leak.preview()",
        translate(
            "To see columns in clear, with a reason that is logged"
        ): 'leak.reveal(["last_name"], reason="…", where=…)',
    }
    left = "style='text-align:left'"
    cells = (
        f"<tr><th scope='row' {left}>{escape(key)}</th><td {left}>{escape(value)}</td></tr>"
        for key, value in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def choose(lines: ir.Table, where: Choice | None, lend: Callable[[pa.Table], ir.Table]) -> ir.Table:
    """The lines that `where` chooses, all of them without one; `lend` makes a table of ours one of their engine.

    Raises `InputError` when `where` is neither a condition on these lines nor a table with a key of theirs.
    """
    if where is None:
        return lines
    if isinstance(where, pl.DataFrame):
        key = next((name for name in _KEYS if name in where.columns), None)
        if key is None:
            raise InputError(f"`where` is a table of {', '.join(where.columns) or 'no columns'}: {_CHOICES}.")
        if not where[key].dtype.is_integer() and where[key].dtype != pl.Null:
            raise InputError(f"`where` has a column {key} of {where[key].dtype}: give whole numbers.")
        ids = where.select(pl.col(key).cast(pl.Int64)).drop_nulls().unique()
        return lines.semi_join(lend(ids.to_arrow()), key)
    try:
        condition = where.resolve(lines) if isinstance(where, ibis.Deferred) else where
        if isinstance(condition, ir.BooleanValue):
            return lines.filter(condition)
        reason = f"it is {type(condition).__name__}"
    except (AttributeError, IbisError) as error:
        reason = str(error).splitlines()[0]
    raise InputError(f"`where` is no condition on the lines ({reason}): {_CHOICES}.")


def masked(lines: ir.Table, limit: int) -> pl.DataFrame:
    """The first `limit` of some lines in the order of the dump, every column of them, masked by `privacy.mask_lines`.

    Raises `InputError` when `limit` is not between 1 and `MASKED`.
    """
    if not 1 <= limit <= MASKED:
        raise InputError(f"A preview of {limit:,} lines cannot be shown: ask for 1 to {MASKED:,}.")
    return mask_lines(_first(lines, limit))


def in_clear(
    lines: ir.Table, directory: Path, columns: Sequence[str], reason: str, limit: int | None = None
) -> pl.DataFrame:
    """The first `limit` of some lines in the order of the dump: `line_id` and `columns`, as they were typed.

    What is personal of it is written to the log of disclosures in `directory` before it is returned; where nothing is,
    nothing is logged. Without a `limit` all lines are returned, provided that they are `IN_CLEAR` at most.
    Raises what `Leak.reveal` raises.
    """
    wanted = _known(columns)
    if limit is not None and limit < 1:
        raise InputError(f"A limit of {limit} lines shows nothing: give 1 or more.")
    shown = _first(lines.select("line_id", *wanted), IN_CLEAR + 1 if limit is None else limit)
    if limit is None and shown.height > IN_CLEAR:
        raise InputError(
            f"These are {lines.count().execute():,} lines, and more than {IN_CLEAR} are shown in clear only when asked "
            "for: choose fewer with `where`, or say with `limit` how many you need."
        )
    personal = [name for name in wanted if schema.LINES[name].personal is not schema.Personal.NONE]
    if personal:
        disclose(directory, _in_words(shown["line_id"]), personal, shown.height, reason)
    return shown


def _known(columns: Sequence[str]) -> list[str]:
    """The columns asked for, once each and without `line_id`, which comes with all of them."""
    names = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    unknown = [str(name) for name in names if name not in schema.LINES.names]
    if unknown:
        raise InputError(f"Lines have no columns {', '.join(unknown)}: choose among {', '.join(schema.LINES.names)}.")
    if not names:
        raise InputError("No columns were named: say which ones you need, such as ['last_name', 'first_name'].")
    return [name for name in names if name != "line_id"]


def _first(lines: ir.Table, limit: int) -> pl.DataFrame:
    """The first lines in the order of the dump."""
    rows: pl.DataFrame = lines.order_by("line_id").limit(limit).to_polars()
    # Engines need not keep an order through a limit; a few rows are sorted in no time.
    return rows.sort("line_id")


def _in_words(line_ids: pl.Series) -> str:
    """Which lines of the dump were shown, for the log: by their positions, which are nobody's data."""
    if line_ids.len() > IN_CLEAR:
        return f"lines of the dump, from line {line_ids[0]} to line {line_ids[-1]}"
    return f"lines of the dump: {', '.join(map(str, line_ids)) or 'none'}"
