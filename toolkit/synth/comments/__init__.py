"""Generate the administrative comments of a synthetic leak."""

from toolkit.synth.comments._assignment import Annotated, Annotator
from toolkit.synth.comments._comments import Grammar

__all__ = [
    "Annotated",
    "Annotator",
    "Grammar",
]
