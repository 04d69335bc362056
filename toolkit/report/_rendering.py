"""Pages as HTML that loads nothing: templates, style and script are files of their own."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit.i18n import current_language, number, percent, translate

__all__ = ["render"]

_TEMPLATES = Path(__file__).parent / "templates" / "report"


def render(template: str, content: Mapping[str, Any]) -> str:
    """Return the page that a template makes of its content, in the current language."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"translate": translate, "number": number, "percent": percent, "plotly": _plotly}
    environment.filters |= {"picture": _picture, "script": _script}
    return environment.get_template(template).render(
        content,
        language=current_language(),
        style=Markup(_read("report.css")),  # noqa: S704 (our own file)
        script=Markup(_read("report.js")),  # noqa: S704 (our own file)
    )


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704 (the library's own file)


def _picture(svg: str) -> str:
    """Return a picture as the address of an image inside the page."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _script(content: object) -> Markup:
    """Return data for the script of the page: JSON in which nothing can end the script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))  # noqa: S704 (escaped here)
