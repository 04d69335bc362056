"""Names that columns bear in real exports, in French and English, for each column of the schema.

A phrase matches a header when the header has all its words; each further word of the header costs a little. Words are
folded, `CamelCase` and `snake_case` are split, and words that say nothing (patient, adresse of a path) are ignored.
"""

from __future__ import annotations

import re
from functools import cache

from toolkit.intake._values import fold
from toolkit.schema import LINES

__all__ = ["FULL_NAME", "ROLES", "header_score", "words_of"]

FULL_NAME = "full_name"
"""A column with the whole name of a person; it is split into last and first name."""
ROLES = (*(name for name in LINES.names if name != "line_id"), FULL_NAME)
"""What a column of a source can be."""

_PHRASES: dict[str, tuple[str, ...]] = {
    "record_id": (
        "id", "id dossier", "num dossier", "numero dossier", "n dossier", "no dossier", "dossier", "id patient",
        "patient id", "numero patient", "num patient", "n patient", "code patient", "ref patient", "reference",
        "record id", "record", "record number", "file number", "mrn", "ipp", "identifiant", "pk", "id fiche", "fiche",
        "numero fiche", "uid", "patient number", "ref",
    ),
    "practice_id": (
        "id cabinet", "cabinet", "cabinet id", "num cabinet", "code cabinet", "practice id", "practice", "id centre",
        "centre", "id site", "site", "id structure", "structure", "clinic", "clinic id", "etablissement", "finess",
    ),
    "practitioner_id": (
        "id praticien", "praticien", "praticien id", "num praticien", "code praticien", "practitioner id",
        "practitioner", "medecin", "id medecin", "code medecin", "medecin traitant", "doctor", "doctor id", "rpps",
        "physician", "physician id", "gp",
    ),
    "last_name": (
        "nom", "nom usage", "nom usuel", "nom famille", "nom marital", "nom epouse", "nom d usage", "nom patient",
        "last name", "lastname", "surname", "family name", "name", "lname", "nom utilise", "nom courant", "sn",
    ),
    "birth_name": (
        "nom naissance", "nom jeune fille", "nom patronymique", "patronyme", "nom de naissance", "nom de jeune fille",
        "njf", "birth name", "birthname", "maiden name", "nom natal", "nom nais", "nom naiss", "nee", "name at birth",
    ),
    "first_name": (
        "prenom", "prenoms", "prenom usuel", "prenom usage", "first name", "firstname", "given name", "forename",
        "fname", "givenname", "1er prenom", "premier prenom",
    ),
    "sex": ("sexe", "sex", "gender", "genre", "civilite", "civ", "titre", "title", "h f", "m f", "code sexe", "salutation"),
    "birth_date": (
        "date naissance", "date de naissance", "naissance", "date naiss", "date nais", "ddn", "dnaiss", "ne le",
        "nee le", "ne e le", "ne", "date of birth", "birth date", "birthdate", "dob", "birthday", "date nee", "dt naiss",
        "dtnais", "datenais", "naiss", "nais", "born", "born on", "d naissance",
    ),
    "nir": (
        "nir", "numero securite sociale", "n securite sociale", "no securite sociale", "num securite sociale",
        "securite sociale", "num secu", "numero secu", "n secu", "no secu", "secu", "n ss", "no ss", "num ss", "nss",
        "numss", "immatriculation", "ssn", "social security number", "social security", "insee", "numero insee",
        "n insee", "matricule", "nir complet", "insurance number", "ins", "national id",
    ),
    "address": (
        "adresse", "adresse 1", "adresse1", "rue", "voie", "adresse postale", "adresse ligne 1", "num et voie",
        "address", "address 1", "address line 1", "street", "street address", "domicile", "numero et rue", "addr", "adr",
    ),
    "postal_code": (
        "code postal", "cp", "codepostal", "code post", "postal code", "zip", "zip code", "zipcode", "postcode", "cpost",
        "cod postal", "post code",
    ),
    "city": ("ville", "commune", "localite", "city", "town", "municipality", "ville residence", "bureau distributeur"),
    "mobile_phone": (
        "portable", "tel portable", "telephone portable", "mobile", "tel mobile", "telephone mobile", "gsm", "cell",
        "mobile phone", "cell phone", "cellphone", "tel port", "port", "num portable", "numero portable", "phone mobile",
    ),
    "landline_phone": (
        "fixe", "tel fixe", "telephone fixe", "tel", "telephone", "tel domicile", "telephone domicile", "tel 1", "phone",
        "phone number", "landline", "landline phone", "home phone", "num tel", "numero telephone", "tel maison",
        "telephones", "phones", "tel dom",
    ),
    "email": (
        "email", "e mail", "mail", "courriel", "adresse mail", "adresse email", "adresse e mail", "mel", "emails",
        "adresse electronique", "email address", "mail address", "electronic mail", "mails",
    ),
    "administrative_comment": (
        "commentaire", "commentaires", "comment", "comments", "note", "notes", "remarque", "remarques", "observation",
        "observations", "memo", "infos", "info", "information", "informations", "commentaire administratif",
        "bloc note", "bloc notes", "free text", "texte libre", "remarks", "divers", "annotation", "annotations",
        "administrative comment",
    ),
    "created_on": (
        "cree", "cree le", "date creation", "creation", "date de creation", "created", "created on", "created at",
        "creation date", "date ouverture", "date entree", "dt creation", "date cre", "inscription", "date inscription",
        "registered", "registered on",
    ),
    "updated_on": (
        "maj", "date maj", "mise a jour", "date mise a jour", "modifie", "modifie le", "date modification",
        "modification", "derniere modification", "updated", "updated on", "updated at", "last update", "modified",
        "modified on", "modified at", "last modified", "dt maj", "date modif", "derniere maj", "changed", "changed on",
    ),
    FULL_NAME: (
        "nom prenom", "nom et prenom", "prenom nom", "nom complet", "nom prenoms", "full name", "fullname", "patient",
        "patient name", "identite", "nom et prenoms", "beneficiaire", "assure", "name full", "client", "client name",
        "complete name", "nom du patient",
    ),
}  # fmt: skip

_IDLE = frozenset(
    [
        "le",
        "la",
        "les",
        "de",
        "du",
        "des",
        "d",
        "l",
        "en",
        "et",
        "the",
        "of",
        "a",
        "patient",
        "patients",
        "pat",
        "pt",
        "client",
        "personne",
        "identite",
        "adresse",
        "address",
        "contact",
        "contacts",
        "person",
        "coordonnees",
        "fiche",
        "table",
        "col",
        "champ",
    ]
)
_FURTHER_WORD = 0.12


def words_of(header: str) -> tuple[str, ...]:
    """Return the folded words of a header; `CamelCase` counts as two words."""
    return tuple(fold(re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)).split())


@cache
def header_score(header: str, column: str) -> float:
    """Return how well a header names a column of the schema, from 0 (not at all) to 1 (one of its names)."""
    words = words_of(header)
    if not words:
        return 0.0
    joined, present = "".join(words), set(words)
    best = 0.0
    for phrase in _PHRASES[column]:
        wanted = phrase.split()
        if "".join(wanted) == joined:
            return 1.0
        if present.issuperset(wanted):
            more = [word for word in words if word not in wanted]
            idle = sum(word in _IDLE or word.isdigit() for word in more)
            best = max(best, 0.97 - _FURTHER_WORD * (len(more) - idle) - 0.02 * idle)
    return max(best, 0.0)
