"""Tables to be read: a result table of the analyst, with separators, percent signs and plain headings."""

from __future__ import annotations

from hashlib import sha256
from html import escape

import polars as pl
from great_tables import GT
from IPython.display import HTML
from itables import options, to_html_datatable
from itables.javascript import generate_init_offline_itables_html

from toolkit.errors import InputError
from toolkit.i18n import current_language, percent_sign, translate
from toolkit.privacy import MASKED

__all__ = ["browse", "readable"]


def readable(table: pl.DataFrame, title: str, note: str = "") -> GT:
    """A small table as one reads it in a notebook; `note` says below it what is counted.

    Columns of whole numbers get separators, fractions that are shares by their name (share, relative_error, precision,
    recall, f1) become percent, other fractions keep one digit; true and false become yes and no, a null is shown as a
    dash, underscores in headings, and in codes that name a quantity, a key or a kind, as spaces. Numbers and headings
    are those of the current language, and so are title and note where it has them.
    """
    fractions = [name for name, dtype in table.schema.items() if dtype.is_float()]
    shares = [name for name in fractions if any(word in name for word in _SHARES)]
    whole = [name for name, dtype in table.schema.items() if dtype.is_integer() and name not in _PLAIN]
    answers = {True: translate("yes"), False: translate("no")}
    told = table.with_columns(pl.col(pl.Boolean).replace_strict(answers, return_dtype=pl.String))
    told = told.with_columns(_in_words(told[name]) for name in told.columns if name in _CODES)
    shown = (
        GT(told, locale=current_language())
        .tab_header(translate(title))
        .cols_label({name: translate(name.replace("_", " ")) for name in table.columns})
        .fmt_integer(whole)
        .fmt_number(shares, decimals=2, scale_by=100, pattern="{x}" + percent_sign())
        .fmt_number([name for name in fractions if name not in shares], decimals=1)
        .sub_missing(missing_text="–")
        .tab_options(table_font_size="14px", heading_align="left", table_margin_left="0px")
    )
    return shown.tab_source_note(translate(note)) if note else shown


def browse(lines: pl.DataFrame, title: str) -> HTML:
    """Lines to be searched, sorted and leafed through in a notebook, such as the masked ones of `leak.preview(300)`.

    The table brings what it needs (DataTables, a megabyte a call) and asks the network nothing, in JupyterLab and in a
    page made of the notebook alike. Where scripts may not run, the first rows are shown.
    Raises `InputError` for more rows than a preview has: they would all be stored in the notebook.
    """
    if lines.height > MASKED:
        raise InputError(f"{lines.height:,} rows are too many to browse: choose {MASKED:,} at most.")
    table = to_html_datatable(
        lines.rename({name: translate(name.replace("_", " ")) for name in lines.columns}),
        connected=False,
        # Its own name for each table would be drawn at random, and a notebook must be equal when it is run again.
        table_id=f"browse-{sha256(f'{title} {lines.write_json()}'.encode()).hexdigest()[:12]}",
        style="table-layout:auto;width:100%",
        # Notebooks align cells to the right, which suits numbers alone.
        columnDefs=[{"targets": "_all", "className": "dt-left"}],
        # No row is left out to save room.
        maxBytes=0,
        show_dtypes=False,
        scrollX=True,
        display_logo_when_loading=False,
        language=_controls(),
    )
    # A caption of the table's own would scroll away with its columns.
    heading = f"<p><strong>{escape(translate(title))}</strong></p>"
    library = generate_init_offline_itables_html(options.dt_bundle)
    return HTML(library + heading + table)  # type: ignore[no-untyped-call]


def _in_words(codes: pl.Series) -> pl.Series:
    return codes.cast(pl.String).replace(
        {code: translate(code.replace("_", " ")) for code in codes.drop_nulls().unique()}
    )


def _controls() -> dict[str, str]:
    """What stands on the controls of a table that is browsed; names between underscores are filled in by DataTables."""
    return {
        "search": translate("Search:"),
        "lengthMenu": translate("_MENU_ lines a page"),
        "info": translate("Lines _START_ to _END_ of _TOTAL_"),
        "infoEmpty": translate("No lines"),
        "infoFiltered": translate("(found among _MAX_)"),
        "zeroRecords": translate("No line holds this"),
    }


_SHARES = ("share", "relative_error", "precision", "recall", "f1")
_PLAIN = ("year", "practice_id", "rank")
"""Numbers that are names: no separator."""
_CODES = ("category", "key", "kind", "quantity", "role_category", "scope", "tier")
"""Columns whose texts are codes of the program, told as words; names of columns and files are shown as they are."""
