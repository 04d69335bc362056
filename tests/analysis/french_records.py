"""A second generator of synthetic French patient records, independent of `toolkit.synth`.

The tests of the linkage use it so that the typing errors are not those of the generator of the leak. It draws families,
then the records that several secretaries typed about each member. The difficult cases are those that link relatives:
twins, fathers and sons of the same name, namesakes born on the same day, children with their mother's social security
number, couples who share a mobile and a mailbox, women with some records under their birth name and some under their
married name.

`french_records(records, seed)` returns about `records` rows: the columns of the schema, `record_id`, and the truth
in `person_id`. All values are synthetic: e-mail addresses end in `.example`, and telephone numbers are in ranges that
are not assigned.
"""

# Lists of names are easiest to read as words in a string, and the random numbers need not be secure.
# ruff: noqa: E501, S311, SIM905

from __future__ import annotations

import datetime as dt
import random
import string
from dataclasses import dataclass, field, replace

import polars as pl

__all__ = ["french_records"]

_SURNAMES = (
    "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David "
    "Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefevre Faure Andre Mercier "
    "Blanc Guerin Boyer Garnier Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement Morin Nicolas Henry "
    "Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noel Meyer Dufour Meunier Brun Blanchard "
    "Giraud Joly Riviere Lucas Brunet Gaillard Barbier Arnaud Martinez Gerard Roche Renard Schmitt Roy Leroux Colin "
    "Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoit Rey "
    "Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis "
    "Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry "
    "Guyot Carre Charles Renault Charpentier Menard Maillard Baron Bertin Bailly Herve Schneider Fernandez Le_Gall "
    "Collet Leger Bouvier Julien Prevost Millet Perrot Daniel Le_Roux Cousin Germain Breton Besson Langlois Remy Le_Goff "
    "Pelletier Leveque Perrier Leblanc Barre Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez "
    "Guichard Gillet Etienne Grondin Poulain Tessier Chevallier Collin Chauvin Da_Silva Bouchet Gay Lemaitre Benard "
    "Marechal Humbert Reynaud Antoine Hoarau Perret Barthelemy Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier "
    "Carlier Laporte De_La_Tour D'Aubigny N'Diaye Traore Diallo Benali Nguyen Tran Ben_Youssef Haddad Cissé Désiré Lœuillet"
).split()
_SYLLABLES = "ba be bo bra cha che cor da del dou fa fer ga gri la le lou ma mer mi na nor pa per ra rou sa ser ta ver vi".split()
_ENDINGS = "ard aud ault eau et ette ier in on ot oux y ez illon ois and ain iot".split()
_FIRST_NAMES = {
    ("M", 1945): "Jean Michel André Pierre Jacques René Roger Claude Marcel Robert Bernard Gérard Daniel Guy Henri "
    "Jean-Pierre Jean-Claude Georges Louis Maurice Raymond Paul Lucien Yves Gilbert",
    ("F", 1945): "Marie Jeanne Monique Jacqueline Françoise Denise Simone Yvette Madeleine Suzanne Marcelle Odette "
    "Nicole Paulette Renée Marie-Thérèse Marie-Louise Christiane Ginette Colette Huguette Michelle",
    ("M", 1970): "Philippe Patrick Alain Thierry Pascal Christophe Stéphane Laurent Éric Frédéric David Olivier Bruno "
    "Christian Didier Franck Nicolas Sébastien Jean-Marc Jean-Luc Jean-François Mohamed Karim Marc Vincent",
    ("F", 1970): "Nathalie Isabelle Sylvie Catherine Valérie Christine Sandrine Véronique Corinne Stéphanie Karine "
    "Sophie Céline Anne Anne-Marie Marie-Christine Fatima Laurence Florence Patricia Brigitte Virginie Marie-Laure",
    ("M", 1995): "Thomas Alexandre Nicolas Maxime Julien Kevin Romain Antoine Florian Quentin Lucas Hugo Mehdi Clément "
    "Guillaume Pierre Pierre-Louis Jean-Baptiste Valentin Dylan Théo Adrien Alexis Jérémy Benjamin",
    ("F", 1995): "Camille Laura Marine Pauline Manon Léa Marie Sarah Chloé Marion Julie Océane Emma Mathilde Lucie "
    "Anaïs Justine Morgane Mélanie Amandine Inès Charlotte Anne-Sophie Marie-Amélie Clara",
    ("M", 2015): "Gabriel Léo Raphaël Arthur Louis Jules Adam Lucas Maël Hugo Liam Nathan Noah Ethan Paul Tom Sacha "
    "Gabin Timéo Mohamed Aaron Nolan Léon Eden Jean Malo Ibrahim Marius",
    (
        "F",
        2015,
    ): "Jade Louise Emma Alice Ambre Lina Rose Chloé Mila Léa Anna Mia Julia Léna Inès Lou Agathe Romy Juliette "
    "Nina Zoé Éva Iris Sofia Lola Marie-Lou Manon Alba Romane",
}
_DIMINUTIVES = {
    "Catherine": "Cathy", "Stéphanie": "Steph", "Nicolas": "Nico", "Alexandre": "Alex", "Benjamin": "Ben",
    "Christophe": "Chris", "Frédéric": "Fred", "Jacqueline": "Jacky", "Françoise": "Fanfan", "Mohamed": "Mohammed",
    "Véronique": "Véro", "Isabelle": "Isa", "Sandrine": "Sandra", "Mathilde": "Mat", "Gabriel": "Gaby",
}  # fmt: skip
_STREETS = (
    "des Lilas|de la Gare|Victor Hugo|du Moulin|de l'Église|Pasteur|Jean Jaurès|du Stade|des Acacias|du Général de Gaulle|"
    "de la Fontaine|des Écoles|du Château|Jules Ferry|de Verdun|des Cerisiers|de la Paix|du Lavoir|Gambetta|des Vignes"
).split("|")
_KINDS = ("rue", "avenue", "chemin", "impasse", "place", "boulevard", "allée")
_SHORT_KINDS = {
    "avenue": "av.",
    "boulevard": "bd",
    "chemin": "chem.",
    "impasse": "imp.",
    "place": "pl.",
    "allée": "all.",
}
_LANDLINE_ROOTS = ("019900", "026191", "035301", "046571", "053649")
_MAILBOXES = ("poste.example", "courrier.example", "boite.example", "lettre.example")


@dataclass
class _Home:
    """The address and the landline of a household."""

    address: str
    postal_code: str
    city: str
    landline: str


@dataclass
class _Person:
    """The true data of a person, from which records are drawn with errors."""

    person_id: int
    last_name: str
    birth_name: str
    first_name: str
    sex: str
    born: dt.date
    nir: str
    home: _Home
    mobile: str | None
    email: str | None
    borrowed_nirs: list[str] = field(default_factory=list)
    habit: str = "birth"


class _Town:
    """Generator of households and their records, with one seeded random source."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        rare = {
            (
                self.chance.choice(_SYLLABLES) + self.chance.choice(_SYLLABLES) + self.chance.choice(_ENDINGS)
            ).capitalize()
            for _ in range(9_000)
        }
        self.surnames = [name.replace("_", " ") for name in _SURNAMES] + sorted(rare)
        self.weights = [1 / (rank + 40) for rank in range(len(self.surnames))]
        self.communes = [
            (f"{dep:02d}{self.chance.randrange(1, 99) * 10:03d}", self._commune_name())
            for dep in range(1, 96)
            for _ in range(8)
        ]
        self.people: list[_Person] = []

    def _commune_name(self) -> str:
        stem = (
            self.chance.choice(_SYLLABLES)
            + self.chance.choice(_SYLLABLES)
            + self.chance.choice(("ville", "court", "ac", "y"))
        ).capitalize()
        return self.chance.choice(
            (stem, stem, f"Saint-{stem}", f"{stem}-sur-{self.chance.choice(_SYLLABLES).capitalize()}")
        )

    def surname(self) -> str:
        return self.chance.choices(self.surnames, self.weights)[0]

    def first_name(self, sex: str, year: int) -> str:
        era = min((1945, 1970, 1995, 2015), key=lambda e: abs(e - year))
        names = _FIRST_NAMES[sex, era].split()
        return self.chance.choices(names, [1 / (rank + 5) for rank in range(len(names))])[0]

    def day(self, first_year: int, last_year: int) -> dt.date:
        start = dt.date(first_year, 1, 1).toordinal()
        return dt.date.fromordinal(self.chance.randrange(start, dt.date(last_year, 12, 31).toordinal()))

    def nir(self, sex: str, born: dt.date) -> str:
        body = (
            f"{1 if sex == 'M' else 2}{born.year % 100:02d}{born.month:02d}"
            f"{self.chance.randrange(1, 96):02d}{self.chance.randrange(1, 800):03d}{self.chance.randrange(1, 300):03d}"
        )
        return body + f"{97 - int(body) % 97:02d}"

    def mobile(self) -> str:
        return f"07{self.chance.randrange(10, 40)}{self.chance.randrange(10**6):06d}"

    def email(self, *words: str) -> str:
        return f"{'.'.join(_ascii(w) for w in words)}{self.chance.randrange(1000)}@{self.chance.choice(_MAILBOXES)}"

    def home(self) -> _Home:
        postal_code, city = self.chance.choice(self.communes)
        address = f"{self.chance.randrange(1, 180)} {self.chance.choice(_KINDS)} {self.chance.choice(_STREETS)}"
        return _Home(
            address, postal_code, city, self.chance.choice(_LANDLINE_ROOTS) + f"{self.chance.randrange(10**4):04d}"
        )

    def add(
        self, *, last: str, birth: str, first: str, sex: str, born: dt.date, home: _Home, nir: str | None = None
    ) -> _Person:
        person = _Person(
            len(self.people), last, birth, first, sex, born, nir or self.nir(sex, born), home,
            self.mobile() if self.chance.random() < 0.85 else None,
            self.email(first, last) if self.chance.random() < 0.6 else None,
        )  # fmt: skip
        self.people.append(person)
        return person

    def household(self) -> None:
        """Draw a couple or one adult, perhaps with children, and sometimes a grandfather or a namesake elsewhere."""
        chance, home = self.chance, self.home()
        first_year = chance.randrange(1940, 1992)
        father_name = self.surname()
        father = self.add(
            last=father_name, birth=father_name, first=self.first_name("M", first_year), sex="M",
            born=self.day(first_year, first_year), home=home,
        )  # fmt: skip
        if chance.random() < 0.25:
            self.homonym(father)
        if chance.random() < 0.3:
            return
        maiden = self.surname()
        married = chance.random() < 0.65
        mother = self.add(
            last=father_name if married else maiden, birth=maiden, first=self.first_name("F", first_year), sex="F",
            born=self.day(first_year - 2, first_year + 8), home=home,
        )  # fmt: skip
        mother.habit = chance.choice(("married", "both", "birth", "hyphen")) if married else "birth"
        if chance.random() < 0.4:
            mother.mobile = father.mobile
        if chance.random() < 0.4:
            mother.email = father.email
        if chance.random() < 0.05:
            mother.borrowed_nirs = [father.nir]
        self.children(father, mother, first_year)

    def children(self, father: _Person, mother: _Person, first_year: int) -> None:
        chance = self.chance
        year = first_year + chance.randrange(20, 34)
        for _ in range(chance.choice((0, 1, 1, 2, 2, 3))):
            year += chance.randrange(1, 5)
            sex = chance.choice("MF")
            namesake = sex == "M" and chance.random() < 0.12
            first = father.first_name if namesake else self.first_name(sex, year)
            child = self.add(
                last=father.last_name,
                birth=father.last_name,
                first=first,
                sex=sex,
                born=self.day(year, year),
                home=father.home,
            )
            self.under_the_parents(child, father, mother)
            if chance.random() < 0.06:
                self.twin(child, father, mother)

    def under_the_parents(self, child: _Person, father: _Person, mother: _Person) -> None:
        """Draw a child: a minor with the parents' telephone, mailbox and often number, or an adult who may have moved."""
        chance = self.chance
        if child.born.year > 2004:
            child.mobile = chance.choice((mother.mobile, father.mobile, mother.mobile))
            child.email = chance.choice((mother.email, father.email, None))
            child.borrowed_nirs = [mother.nir] if chance.random() < 0.7 else [father.nir]
        elif chance.random() < 0.6:
            child.home = self.home()

    def twin(self, child: _Person, father: _Person, mother: _Person) -> None:
        chance = self.chance
        sex = chance.choice((child.sex, child.sex, "M", "F"))
        first = self.first_name(sex, child.born.year)
        while first == child.first_name:
            first = self.first_name(sex, child.born.year)
        body = f"{1 if sex == 'M' else 2}{child.nir[1:10]}{(int(child.nir[10:13]) + 1) % 1000:03d}"
        twin = self.add(
            last=child.last_name, birth=child.birth_name, first=first, sex=sex, born=child.born, home=child.home,
            nir=body + f"{97 - int(body) % 97:02d}",
        )  # fmt: skip
        self.under_the_parents(twin, father, mother)
        twin.home = child.home

    def homonym(self, person: _Person) -> None:
        """Draw another person with the same names, born on the same day, elsewhere."""
        if self.chance.random() < 0.1:
            self.add(
                last=person.last_name, birth=person.birth_name, first=person.first_name, sex=person.sex, born=person.born,
                home=self.home(),
            )  # fmt: skip

    def records_of(self, person: _Person) -> list[dict[str, object]]:
        """Draw one to six records of a person, the later ones perhaps after a move or under another name."""
        chance = self.chance
        now = replace(person)
        rows: list[dict[str, object]] = []
        for _ in range(chance.choices((1, 2, 3, 4, 5, 6), (38, 26, 16, 10, 6, 4))[0]):
            if rows and chance.random() < 0.2:
                now.home = self.home()
            if rows and chance.random() < 0.12:
                now.mobile = self.mobile()
            if rows and chance.random() < 0.08:
                now.email = self.email(person.first_name, person.birth_name)
            rows.append(self.typed(now))
        return rows

    def names_typed(self, person: _Person) -> tuple[str, str | None]:
        """Return name in use and birth name, as the secretary filled the two boxes."""
        chance = self.chance
        if person.last_name == person.birth_name:
            return person.last_name, person.birth_name if chance.random() < 0.5 else None
        habit = (
            person.habit
            if chance.random() < 0.6
            else chance.choice(("married", "both", "both", "birth", "hyphen", "crossed"))
        )
        return {
            "married": (person.last_name, None),
            "both": (person.last_name, person.birth_name),
            "birth": (person.birth_name, person.birth_name if chance.random() < 0.5 else None),
            "hyphen": (f"{person.birth_name}-{person.last_name}", person.birth_name if chance.random() < 0.5 else None),
            "crossed": (person.birth_name, person.last_name),
        }[habit]

    def typed(self, person: _Person) -> dict[str, object]:
        chance = self.chance
        last, birth = self.names_typed(person)
        first = self.first_name_typed(person.first_name)
        if chance.random() < 0.06:
            last = self.typo(last)
        if chance.random() < 0.05:
            first = self.typo(first)
        if birth and chance.random() < 0.05:
            birth = self.typo(birth)
        if chance.random() < 0.015:
            last, first = first, last
        style = chance.choice((str, str.upper, str.upper, _ascii_upper))
        born = self.born_typed(person.born)
        return {
            "person_id": person.person_id,
            "last_name": style(last),
            "birth_name": style(birth) if birth else None,
            "first_name": style(first) if chance.random() < 0.6 else first,
            "sex": None
            if chance.random() < 0.05
            else person.sex
            if chance.random() < 0.99
            else ("F" if person.sex == "M" else "M"),
            "birth_date": born,
            "nir": self.nir_typed(person),
            **self.whereabouts_typed(person),
        }

    def first_name_typed(self, name: str) -> str:
        chance = self.chance
        if "-" in name and chance.random() < 0.35:
            name = chance.choice(
                (
                    name.split("-", maxsplit=1)[0],
                    name.split("-", maxsplit=1)[0],
                    name.replace("-", " "),
                    name.replace("-", ""),
                    name[: name.index("-") + 2],
                )
            )
        elif chance.random() < 0.05:
            name = f"{name} {self.first_name(chance.choice('MF'), 1970)}"
        elif chance.random() < 0.1:
            name = _DIMINUTIVES.get(name, name)
        return name

    def born_typed(self, born: dt.date) -> dt.date | None:
        chance, draw = self.chance, self.chance.random()
        if draw < 0.02:
            return None
        if draw < 0.03:
            return dt.date(1900, 1, 1)
        if draw < 0.045 and born.day <= 12:
            return born.replace(month=born.day, day=born.month)
        if draw < 0.07:
            changed = {
                "day": lambda: born.replace(day=chance.randrange(1, 29)),
                "month": lambda: born.replace(day=min(born.day, 28), month=chance.randrange(1, 13)),
                "year": lambda: born.replace(
                    day=min(born.day, 28), year=min(2025, born.year + chance.choice((-10, -1, 1, 10, 2, -3)))
                ),
            }
            return changed[chance.choice(("day", "month", "year"))]() if born.day <= 28 else born
        return born

    def nir_typed(self, person: _Person) -> str | None:
        chance = self.chance
        if chance.random() < 0.28:
            return None
        nir = person.nir
        if person.borrowed_nirs and chance.random() < 0.6:
            nir = chance.choice(person.borrowed_nirs)
        draw = chance.random()
        if draw < 0.03:
            at = chance.randrange(15)
            return nir[:at] + chance.choice(string.digits) + nir[at + 1 :]
        if draw < 0.04:
            at = chance.randrange(14)
            return nir[:at] + nir[at + 1] + nir[at] + nir[at + 2 :]
        if draw < 0.10:
            return nir[:13]
        if draw < 0.14:
            return f"{nir[0]} {nir[1:3]} {nir[3:5]} {nir[5:7]} {nir[7:10]} {nir[10:13]} {nir[13:]}"
        return nir

    def whereabouts_typed(self, person: _Person) -> dict[str, object]:
        chance, home = self.chance, person.home
        address: str | None = home.address
        kind = home.address.split()[1]
        if chance.random() < 0.3 and kind in _SHORT_KINDS:
            address = home.address.replace(kind, _SHORT_KINDS[kind])
        if chance.random() < 0.05:
            address = self.typo(home.address)
        if chance.random() < 0.12:
            address = None
        mobile, landline, email = person.mobile, home.landline, person.email
        if chance.random() < 0.02:
            mobile = "0000000000"
        if mobile and chance.random() < 0.15:
            mobile = " ".join(mobile[i : i + 2] for i in range(0, 10, 2))
        city: str | None = chance.choice((home.city, home.city.upper(), _ascii_upper(home.city).replace("-", " ")))
        return {
            "address": address,
            "postal_code": None if chance.random() < 0.05 else home.postal_code,
            "city": None if chance.random() < 0.05 else city,
            "mobile_phone": None if chance.random() < 0.2 else mobile,
            "landline_phone": None if chance.random() < 0.55 else landline,
            "email": None if chance.random() < 0.35 else email,
        }

    def typo(self, word: str) -> str:
        """Add one typing error to a word."""
        chance = self.chance
        at, letter = chance.randrange(len(word)), chance.choice(string.ascii_lowercase)
        return chance.choice(
            (
                word[:at] + letter + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1 :] if len(word) > 3 else word + letter,
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
                word[: at + 1] + word[at:],
            )
        )


def _ascii(word: str) -> str:
    return word.lower().translate(str.maketrans("àâäéèêëîïôöùûüçñ' -", "aaaeeeeiioouuucn...")).replace("œ", "oe")


def _ascii_upper(word: str) -> str:
    return word.upper().translate(str.maketrans("ÀÂÄÉÈÊËÎÏÔÖÙÛÜÇ", "AAAEEEEIIOOUUUC"))


def french_records(records: int = 60_000, seed: int = 7) -> pl.DataFrame:
    """Return about `records` synthetic records in random order, with `record_id` and the truth in `person_id`."""
    town = _Town(seed)
    rows: list[dict[str, object]] = []
    done = 0
    while len(rows) < records:
        town.household()
        for person in town.people[done:]:
            rows.extend(town.records_of(person))
        done = len(town.people)
    town.chance.shuffle(rows)
    return pl.DataFrame([{"record_id": 1000 + 7 * i, **row} for i, row in enumerate(rows)], infer_schema_length=None)
