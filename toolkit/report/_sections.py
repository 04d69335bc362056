"""What the page says of each question beside its numbers: how it was asked, and what its numbers cannot say."""

from __future__ import annotations

from typing import NamedTuple

from toolkit.report._exports import CLAIMS

__all__ = ["GENERAL_LIMITS", "PARTS", "Part"]


class Part(NamedTuple):
    """One part of the page: its heading, the notebook that tells it in full, and its texts.

    `numbers` are the few that stand on top, by their ids, each with what it is called there.
    """

    heading: str
    notebook: str
    numbers: dict[str, str]
    method: tuple[str, ...]
    limits: tuple[str, ...]


GENERAL_LIMITS = (
    (
        "Everything here is invented. The leak was made to agree with what was published: no number here says anything "
        "of the real leak, and none may be quoted as if it did."
    ),
    "A census of a leak is not a census of those who were harmed: what was not copied is not here.",
)

PARTS = {
    "counts": Part(
        "How much is there?",
        "01_counts",
        {
            "lines": "lines in the dump",
            "records": "different records",
            "repeated_lines": "lines that repeat a record",
            "practices": "practices with a line",
            "people_by_nir": "different social security numbers",
            "people_by_names_birth_date": "people by names and birth date",
        },
        (
            "Everything is counted, nothing is sampled: these numbers have no margin of error.",
            (
                "A line is a line of the dump, a record is one file in the program of a practice, a person is a human "
                "being; a record may have been exported twice, and a person may have a record at several practices."
            ),
            (
                "People are counted by simple keys, letter for letter or without accents and capitals, each on the "
                "lines where it is filled."
            ),
        ),
        (
            (
                "A number of people without its key and its denominator says nothing: a key does not see the lines "
                "where it is blank, and counts twice whoever was typed in two ways."
            ),
            "Test entries are counted as lines and records, and as people by name.",
        ),
    ),
    "comments": Part(
        "What do the comments reveal?",
        "02_comments",
        {
            "commented_lines": "lines with a comment",
            "sensitive_lines": "lines whose comment reveals something intimate",
            "sensitive_people": "people with such a comment",
            "flagged_lines": "lines that the scan hits, which is no estimate",
            "scan_recall": "of what is sensitive, found by the scan",
        },
        (
            (
                "Rules written for the French of practices read each distinct comment once; what they call sensitive "
                "is a hit."
            ),
            (
                "Then lines are drawn, with a published seed, from the hits, from what was nearly hit and from the "
                "rest, and each is judged."
            ),
            (
                "What was found in the sample says how much there is in the whole, with an interval that holds the "
                "truth in 95 of 100 such samples."
            ),
        ),
        (
            (
                "An estimate is as good as its reviewer: no interval shows what a reviewer misjudges. On this invented "
                "leak the truth can play that part, which no real leak allows."
            ),
            (
                "The interval holds the chance of the draw alone. That records are linked to people is another error: "
                "the part on people says how far it may go."
            ),
            "The kinds of comment are hits of the scan: they tell an order, not a share to print.",
        ),
    ),
    "public-figures": Part(
        "Which public figures are exposed?",
        "03_public_figures",
        {
            "figures_by_name": "figures whose name is borne by a record",
            "figures_by_name_birth_date": "figures found by name and birth date",
            "confirmed_figures": "figures confirmed, with a risk of 5% at most",
            "chance_hits_by_name": "hits by name that namesakes alone would give",
            "chance_hits_by_name_birth_date": "hits by name and birth date that namesakes alone would give",
        },
        (
            (
                "A register from outside is matched with the records by first name, last or birth name, birth date and "
                "departement."
            ),
            (
                "For each hit, the names and birth dates of the leak itself tell how many other people would agree as "
                "well, and so the probability that it is the wrong person."
            ),
            (
                "A figure is called confirmed when name and birth date agree and that probability is 5% at most. "
                "Nobody is named here, and counts under 10 are not shown."
            ),
        ),
        (
            (
                "A hit is a lead, not a fact, however small the risk: before anybody is named, an independent source "
                "must confirm it, the person must be heard, and the public interest must carry it."
            ),
            "A figure whose birth date the register does not give is found by name alone, where chance is strongest.",
        ),
    ),
    "duplicates": Part(
        "How many people are there, and at how many practices?",
        "04_duplicates",
        {
            "people": "people, by linking their records",
            "people_at_several_practices": "people at two practices or more",
            "people_floor": "people by social security number: a floor",
            "people_ceiling": "people by names, birth date and sex: a ceiling",
        },
        (
            (
                "Every agreement and every difference between two records is weighed by how often it is seen in one "
                "person and how often by chance (Fellegi and Sunter, 1969)."
            ),
            (
                "Records that are linked are one person, and each group is looked at again from within, so that a "
                "shared number does not make one person of a family."
            ),
            "Exact keys are counted beside it: they give a floor and a ceiling.",
        ),
        (
            (
                "The range around the number of people is what the threshold decides, no margin of error: records that "
                "are never compared, and two people who agree in everything, move with no threshold."
            ),
            (
                "Typing errors and families were invented too: on real files, pairs read by two people are the only "
                "measure of the linkage."
            ),
        ),
    ),
    CLAIMS: Part(
        "What was published, and does it hold?",
        "05_claims",
        {},
        (
            "Each claim is written down with who made it, where and when, and the leak is asked for the same quantity.",
            (
                "A rounded number stands for all that round to it, and a published count is compared to the scale of "
                "this data set."
            ),
            (
                "Contradicted means that no reading of the data meets what was published; depends on the definition, "
                "that one reading does and another does not."
            ),
        ),
        (
            "Consistent is weak: the data could have said no, and did not. A round number meets many leaks.",
            "The day of the copy is not the day of the intrusion, nor that on which anybody noticed.",
            (
                "In a data set made to another scale, the number of lines is what was ordered, and practices do not "
                "shrink with it: such claims are left open."
            ),
        ),
    ),
}
"""The parts of the page by the name of their answer, in the order of the page."""
