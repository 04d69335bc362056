"""Open a dump as people receive it: read any messy file into a data set, and account for every unit of it."""

from toolkit.intake._run import IntakeOptions, Looked, TableLook, intake, look

__all__ = ["IntakeOptions", "Looked", "TableLook", "intake", "look"]
