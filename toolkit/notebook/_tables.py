"""Tables in notebooks: result tables with separators, percent signs and plain headings, and a browser for lines."""

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
    """Format a small table for a notebook; `note` is shown below it.

    Whole numbers get separators. Fractions in columns named as shares (share, relative_error, precision, recall, f1)
    become percentages, other fractions keep one decimal. True and false become yes and no, nulls a dash, underscores
    in headings and in codes (names of quantities, keys, kinds) spaces. Numbers, headings, title and note are in the
    current language, where a translation exists.
    """
    fractions = [name for name, dtype in table.schema.items() if dtype.is_float()]
    shares = [name for name in fractions if any(word in name for word in _SHARES)]
    integers = [name for name, dtype in table.schema.items() if dtype.is_integer() and name not in _PLAIN]
    answers = {True: translate("yes"), False: translate("no")}
    worded = table.with_columns(pl.col(pl.Boolean).replace_strict(answers, return_dtype=pl.String))
    worded = worded.with_columns(_in_words(worded[name]) for name in worded.columns if name in _CODES)
    shown = (
        GT(worded, locale=current_language())
        .tab_header(translate(title))
        .cols_label({name: translate(name.replace("_", " ")) for name in table.columns})
        .fmt_integer(integers)
        .fmt_number(shares, decimals=2, scale_by=100, pattern="{x}" + percent_sign())
        .fmt_number([name for name in fractions if name not in shares], decimals=1)
        .sub_missing(missing_text="–")
        .tab_options(table_font_size="14px", heading_align="left", table_margin_left="0px")
    )
    return shown.tab_source_note(translate(note)) if note else shown


def browse(lines: pl.DataFrame, title: str) -> HTML:
    """Return a table to search, sort and page through lines in a notebook, such as those of `leak.preview(300)`.

    The table includes its JavaScript (DataTables, one megabyte per call) and makes no network request, in JupyterLab or
    in an exported page. Where scripts cannot run, the first rows are shown.
    Raises `InputError` for more rows than a preview has, since all of them are stored in the notebook.
    """
    if lines.height > MASKED:
        raise InputError(f"{lines.height:,} rows are too many to browse: give {MASKED:,} at most.")
    table = to_html_datatable(
        lines.rename({name: translate(name.replace("_", " ")) for name in lines.columns}),
        connected=False,
        # The default id is random, and a notebook must give the same output when it is run again.
        table_id=f"browse-{sha256(f'{title} {lines.write_json()}'.encode()).hexdigest()[:12]}",
        style="table-layout:auto;width:100%",
        # Notebooks align cells to the right, which suits only numbers.
        columnDefs=[{"targets": "_all", "className": "dt-left"}],
        # No limit on size: every row is included.
        maxBytes=0,
        show_dtypes=False,
        scrollX=True,
        display_logo_when_loading=False,
        language=_controls(),
    )
    # A caption of the table itself would scroll away with its columns.
    heading = f"<p><strong>{escape(translate(title))}</strong></p>"
    library = generate_init_offline_itables_html(options.dt_bundle)
    return HTML(library + heading + table)  # type: ignore[no-untyped-call]


def _in_words(codes: pl.Series) -> pl.Series:
    return codes.cast(pl.String).replace(
        {code: translate(code.replace("_", " ")) for code in codes.drop_nulls().unique()}
    )


def _controls() -> dict[str, str]:
    """Return the labels of the browser's controls; DataTables fills in the names between underscores."""
    return {
        "search": translate("Search:"),
        "lengthMenu": translate("_MENU_ lines per page"),
        "info": translate("Lines _START_ to _END_ of _TOTAL_"),
        "infoEmpty": translate("No lines"),
        "infoFiltered": translate("(filtered from _MAX_)"),
        "zeroRecords": translate("No matching lines"),
    }


_SHARES = ("share", "relative_error", "precision", "recall", "f1")
_PLAIN = ("year", "practice_id", "rank")
"""Whole numbers that identify something, shown without separators."""
_CODES = ("category", "key", "kind", "quantity", "role_category", "scope", "tier")
"""Columns of codes, shown as words; names of columns and files are shown as they are."""
