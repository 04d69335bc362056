"""Display of a leak and of its lines: masked, or in clear with a reason that is logged.

Lines are shown in the order of the dump. A selection is never shortened without being asked.
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
from toolkit.privacy._notice import SYNTHETIC, notice

__all__ = ["IN_CLEAR", "MASKED", "Choice", "card", "choose", "in_clear", "masked"]

Choice: TypeAlias = ir.BooleanValue | ibis.Deferred | pl.DataFrame
"""A selection of lines: a condition on their columns, or a table with a column `line_id` or `record_id`."""

MASKED = 1_000
"""The most lines shown masked at once. Masked lines are not anonymous, so a preview is not a way to export them."""

IN_CLEAR = 100
"""The most lines shown in clear when no limit is given."""

_KEYS = ("line_id", "record_id")
_CHOICES = 'give a condition such as ibis._.city == "Rennes", or a table with a column line_id or record_id'


def card(name: str, manifest: Mapping[str, object], engine: str) -> str:
    """Return the HTML that Jupyter shows for a leak: what it is, how to look at it and the notice, but no row of it."""
    lines, origin = manifest.get("rows"), manifest.get("origin")
    rows = {
        translate("Data set"): name,
        translate("Lines"): number(lines) if isinstance(lines, int) else translate("unknown"),
        translate("Origin"): (
            translate("synthetic (no real person)")
            if origin == SYNTHETIC
            else translate("received data: treat every line as real and confidential")
        ),
        translate("Engine"): engine,
        translate("Look at masked lines"): "leak.preview()",
        translate("See columns in clear (the reason is logged)"): 'leak.reveal(["last_name"], reason="…", where=…)',
    }
    if origin != SYNTHETIC:
        rows[translate("Notice")] = notice(origin, manifest.get("delete_by"))
    left = "style='text-align:left'"
    cells = (
        f"<tr><th scope='row' {left}>{escape(key)}</th><td {left}>{escape(value)}</td></tr>"
        for key, value in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def choose(lines: ir.Table, where: Choice | None, lend: Callable[[pa.Table], ir.Table]) -> ir.Table:
    """Return the lines that `where` selects, or all of them; `lend` registers a local table with their engine.

    Raises `InputError` when `where` is neither a condition on these lines nor a table with one of their keys.
    """
    if where is None:
        return lines
    if isinstance(where, pl.DataFrame):
        key = next((name for name in _KEYS if name in where.columns), None)
        if key is None:
            raise InputError(f"`where` is a table with {', '.join(where.columns) or 'no columns'}: {_CHOICES}.")
        if not where[key].dtype.is_integer() and where[key].dtype != pl.Null:
            raise InputError(f"The column {key} of `where` has type {where[key].dtype}: give whole numbers.")
        ids = where.select(pl.col(key).cast(pl.Int64)).drop_nulls().unique()
        return lines.semi_join(lend(ids.to_arrow()), key)
    try:
        condition = where.resolve(lines) if isinstance(where, ibis.Deferred) else where
        if isinstance(condition, ir.BooleanValue):
            return lines.filter(condition)
        reason = f"it is {type(condition).__name__}"
    except (AttributeError, IbisError) as error:
        reason = str(error).splitlines()[0]
    raise InputError(f"`where` is not a condition on the lines ({reason}): {_CHOICES}.")


def masked(lines: ir.Table, limit: int) -> pl.DataFrame:
    """Return the first `limit` lines in the order of the dump, with every column, masked by `mask_lines`.

    Raises `InputError` when `limit` is not between 1 and `MASKED`.
    """
    if not 1 <= limit <= MASKED:
        raise InputError(f"A preview of {limit:,} lines cannot be shown: ask for 1 to {MASKED:,}.")
    return mask_lines(_first(lines, limit))


def in_clear(
    lines: ir.Table, directory: Path, columns: Sequence[str], reason: str, limit: int | None = None
) -> pl.DataFrame:
    """Return `line_id` and `columns` of the first `limit` lines, unmasked, in the order of the dump.

    The personal columns are written to the access log in `directory` first; without personal columns nothing is logged.
    Without a `limit` all lines are returned, if they are at most `IN_CLEAR`. Raises the errors of `Leak.reveal`.
    """
    wanted = _known(columns)
    if limit is not None and limit < 1:
        raise InputError(f"A limit of {limit} lines shows nothing: give 1 or more.")
    shown = _first(lines.select("line_id", *wanted), IN_CLEAR + 1 if limit is None else limit)
    if limit is None and shown.height > IN_CLEAR:
        raise InputError(
            f"{lines.count().execute():,} lines are selected, and more than {IN_CLEAR} are shown in clear only with a "
            "limit: select fewer with `where`, or give the number you need as `limit`."
        )
    personal = [name for name in wanted if schema.LINES[name].personal is not schema.Personal.NONE]
    if personal:
        disclose(directory, _in_words(shown["line_id"]), personal, shown.height, reason)
    return shown


def _known(columns: Sequence[str]) -> list[str]:
    """Return the requested columns once each, without `line_id`, which is always included."""
    names = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    unknown = [str(name) for name in names if name not in schema.LINES.names]
    if unknown:
        raise InputError(
            f"These are not columns of lines: {', '.join(unknown)}. Choose from {', '.join(schema.LINES.names)}."
        )
    if not names:
        raise InputError("No columns were given: name those you need, such as ['last_name', 'first_name'].")
    return [name for name in names if name != "line_id"]


def _first(lines: ir.Table, limit: int) -> pl.DataFrame:
    """Return the first lines in the order of the dump."""
    rows: pl.DataFrame = lines.order_by("line_id").limit(limit).to_polars()
    # Engines need not keep the order through a limit.
    return rows.sort("line_id")


def _in_words(line_ids: pl.Series) -> str:
    """Describe the lines shown, for the log: by their positions in the dump, which are not personal data."""
    if line_ids.len() > IN_CLEAR:
        return f"lines of the dump, from line {line_ids[0]} to line {line_ids[-1]}"
    return f"lines of the dump: {', '.join(map(str, line_ids)) or 'none'}"
