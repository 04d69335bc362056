"""The page as HTML that loads nothing: its template, its style and its script stand in files of their own."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit.i18n import current_language, number, percent, translate

__all__ = ["render"]

_TEMPLATES = Path(__file__).parent / "templates" / "report"


def render(view: dict[str, Any]) -> str:
    """The page of a view, in the current language."""
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"translate": translate, "number": number, "percent": percent}
    environment.filters |= {"picture": _picture, "script": _script}
    return environment.get_template("index.html.j2").render(
        view,
        language=current_language(),
        style=Markup(_read("report.css")),  # noqa: S704 (our own file)
        script=Markup(_read("report.js")),  # noqa: S704 (our own file)
        plotly=Markup(get_plotlyjs()),  # noqa: S704 (the library's own file)
    )


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _picture(svg: str) -> str:
    """A picture inside the page."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _script(content: object) -> Markup:
    """Data for the script of the page: JSON in which nothing can end the script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 (escaped here)
