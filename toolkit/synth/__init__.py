"""Generate a synthetic leak and write it to disk."""

from toolkit.synth._folders import DATA, data_set_folder
from toolkit.synth._generate import FORMAT, Generated, GenerateOptions, generate
from toolkit.synth._withheld import fold_name, is_withheld_surname, name_digest

__all__ = [
    "DATA",
    "FORMAT",
    "GenerateOptions",
    "Generated",
    "data_set_folder",
    "fold_name",
    "generate",
    "is_withheld_surname",
    "name_digest",
]
