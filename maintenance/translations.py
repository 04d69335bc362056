"""Update the translation catalogues: `python -m maintenance.translations` (some seconds), `--check` to change nothing.

Extracts the English texts of the package and brings `toolkit/locale/<language>/LC_MESSAGES/toolkit.po` up to date: new
texts are added without a translation, texts no longer in use are removed, entries are sorted. Texts come from

- calls of `translate`, `translate_plural` and `N_` in the Python code and in the Jinja templates,
- the registered questions, and
- entries of the catalogue whose text is elsewhere in the package: in a string literal (labels, columns and definitions
  that are translated where they are shown), in a TOML file, or in a notebook.

Exits with status 1 where a text has no translation, and with `--check` also where a catalogue is not up to date.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel import Locale
from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import write_po

from toolkit.i18n import LANGUAGES, read_catalogue
from toolkit.questions import questions

__all__ = ["extracted", "main", "missing", "obsolete", "updated", "written"]

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "toolkit"

_MARKING = ("translate", "N_", "Meaning", "MissingError", "of_people", "unavailable")
_FUNCTIONS = dict.fromkeys(_MARKING, 1) | {"translate_plural": 2}
"""The functions that mark a text, by how many of their first arguments are texts."""
_LEAST_OF_A_PATTERN = 6
_TEMPLATE_KEYWORDS = {"translate": None, "translate_plural": (1, 2)}
_HEADER = """\
# {name}: the texts of reports, charts, tables and commands. `make translations` keeps this file sorted and complete.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms};\\n"

"""


def extracted() -> Catalog:
    """Extract every marked text of the package: the template that catalogues are updated from."""
    template = Catalog(fuzzy=False)
    for path in sorted(PACKAGE.rglob("*.py")):
        _add(template, path, _python_messages, DEFAULT_KEYWORDS)
    for path in sorted((PACKAGE / "report" / "templates").rglob("*.j2")):
        _add(template, path, "jinja2.ext:babel_extract", _TEMPLATE_KEYWORDS)
    for text in (*_question_texts(), *_question_constants()):
        template.add(text)
    return template


def updated(language: str) -> Catalog:
    """Read the catalogue of a language and update it from the texts in use."""
    catalogue, template = read_catalogue(language), extracted()
    literals, patterns = _literals(), _patterns()
    for entry in catalogue:
        text = _text(entry.id)
        if text and (text in literals or any(pattern.fullmatch(text) for pattern in patterns)):
            template.add(entry.id, context=entry.context)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """List the texts without a translation."""
    return [_text(entry.id) for entry in catalogue if entry.id and not (entry.string and all(_forms(entry.string)))]


def obsolete(catalogue: Catalog) -> list[str]:
    """List the texts that an update removed, since nothing uses them."""
    return [_text(entry.id) for entry in catalogue.obsolete.values()]


def written(catalogue: Catalog, language: str) -> str:
    """Write a catalogue as the text of its file: sorted, one line per text, without places in the code."""
    for entry in catalogue:
        # Babel takes every "%" for Python's old format; a test compares the names in braces.
        entry.flags.clear()
    file = io.BytesIO()
    write_po(file, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    name, plural_forms = Locale.parse(language).english_name, catalogue.plural_forms.rstrip(";")
    return _HEADER.format(name=name, language=language, plural_forms=plural_forms) + file.getvalue().decode()


def main(arguments: list[str] | None = None) -> int:
    """Update or check every catalogue, print what changed, and return the exit status."""
    parser = argparse.ArgumentParser(description="Update the translation catalogues.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where an update would change a file")
    check = parser.parse_args(arguments).check
    failed = False
    for language in LANGUAGES[1:]:
        path = PACKAGE / "locale" / language / "LC_MESSAGES" / "toolkit.po"
        catalogue = updated(language)
        text = written(catalogue, language)
        stale = text != path.read_text(encoding="utf-8")
        for kind, texts in (("not translated", missing(catalogue)), ("no longer in use", obsolete(catalogue))):
            for entry in texts:
                print(f"{language}: {kind}: {entry}")
        if stale and not check:
            path.write_text(text, encoding="utf-8")
        print(f"{language}: {len(catalogue)} texts, {'not up to date' if stale and check else 'up to date'}")
        failed = failed or bool(missing(catalogue)) or (stale and check)
    return int(failed)


def _question_texts() -> Iterator[str]:
    """Yield the texts of the registered questions: titles, headlines, methods, limits, labels and reasons."""
    for question in questions():
        yield question.title
        yield from (need.reason for need in question.needs)
        yield from (plan.title for plan in question.tables.values())
        yield from (text for headline in question.headlines for text in (headline.finding, headline.basis) if text)
        yield from (*question.section.method, *question.section.limits, *question.section.limits_synthetic)
        yield from question.labels.values()


def _question_constants() -> Iterator[str]:
    """Yield the texts in module constants of the questions: definitions of results, which only an answer holds."""
    for path in sorted((PACKAGE / "questions").glob("*.py")):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Call):
                continue
            values = statement.value.values if isinstance(statement.value, ast.Dict) else [statement.value]
            parts = [part for value in values for part in (value.elts if isinstance(value, ast.Tuple) else [value])]
            # Names of columns and ids have no spaces.
            yield from (text for text in map(_constant, parts) if " " in text)


def _add(template: Catalog, path: Path, method: Any, keywords: Any) -> None:  # noqa: ANN401 (as Babel takes them)
    with path.open("rb") as file:
        for _, message, _, context in extract(method, file, keywords=keywords):
            template.add(message, context=context)


def _python_messages(
    file: IO[bytes],
    _keywords: object,
    _tags: object,
    options: object,  # noqa: ARG001 (as Babel calls it)
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """Yield the marked texts of a Python file, as a Babel extraction method.

    Babel's own method does not read a context that is passed by name.
    """
    for call in ast.walk(ast.parse(file.read())):
        if not isinstance(call, ast.Call) or not isinstance(call.func, (ast.Name, ast.Attribute)):
            continue
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        count = _FUNCTIONS.get(name, 0)
        texts = [_constant(part) for part in call.args[:count]]
        if not count or len(texts) != count or not all(texts):
            continue
        context = [text for word in call.keywords if word.arg == "context" and (text := _constant(word.value))]
        function = f"{'n' if count == 2 else ''}{'p' if context else ''}gettext"
        yield call.lineno, function, (*context, *texts), []


def _constant(node: ast.expr) -> str:
    """Return the value of a string literal, and nothing for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _literals() -> set[str]:
    """Collect the texts of the package that may be translated where they are shown, underscores read as spaces."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        found.update(_strings(path.read_text(encoding="utf-8")))
    for path in PACKAGE.rglob("*.toml"):
        found.update(_toml_texts(tomllib.loads(path.read_text(encoding="utf-8"))))
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for code in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"):
            found.update(_strings(code))
    return found | {text.replace("_", " ") for text in found}


def _patterns() -> list[re.Pattern[str]]:
    """Turn the formatted strings of the package into patterns, for texts such as `f"{unit} with a comment"`."""
    patterns = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            parts = [str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values]
            # A pattern with only short words would match nearly every text.
            if max(map(len, parts), default=0) >= _LEAST_OF_A_PATTERN:
                patterns.append(re.compile("".join(re.escape(part) or r"[\w ]+" for part in parts)))
    return patterns


def _strings(code: str) -> Iterator[str]:
    """Yield the string literals of some code, and the names of arguments, which may be columns."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def _toml_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _toml_texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _toml_texts(part)


def _text(message: str | tuple[str, ...] | list[str]) -> str:
    """Return the text of a message, the singular of a plural."""
    return message if isinstance(message, str) else message[0]


def _forms(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    sys.exit(main())
