"""Who typed each record, and in which style.

A practice has one to three secretaries at a time. Each opens the records for some days at a stretch, then another one
does; each leaves after some years. An imported base was typed with the older program: it has a hand of its own.
A hand multiplies the rate of each typing error: the means over hands are the rates of the scenario.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from toolkit.scenario import Errors, Scenario
from toolkit.schema import TRUTH_HANDS
from toolkit.synth._plan import Plan
from toolkit.synth.streams import Ints, Stream, low, scale, stream

__all__ = ["Hands"]

_HABITS = ("capitals", "lost_accents", "lost_hyphen_or_particle", "compound_first_name_cut")
"""Errors that are habits: some hands nearly always make them, the others seldom."""
_SKILL = {
    "keyboard_misspelling": (40, 70, 100, 190),
    "phonetic_misspelling": (40, 70, 100, 190),
    "stray_spaces": (20, 60, 120, 200),
    "missing_sex": (20, 60, 120, 200),
    "missing_address": (20, 60, 120, 200),
    "missing_contact": (20, 60, 120, 200),
    "use_name_for_birth_name": (30, 60, 110, 200),
    "wrong_sex": (60, 80, 100, 160),
    "placeholder_phone": (0, 0, 0, 400),
}
"""Errors that some hands make more often than others, with the factors in per cent; each row has a mean of 100."""
_IMPORTED_IN_CAPITALS = 0.5
_CAPITALS_LOSE_ACCENTS = 0.9
_PHONE_FORMATS = ("0612345678", "06 12 34 56 78", "06.12.34.56.78", "+33612345678")
_ADDRESS_HABITS = (0,) * 14 + (1,) * 2 + (2,) * 3 + (3,)
_ADDRESS_FORMS = ("plain", "comma", "capital", "abbreviated")


class Hands:
    """The hands of a plan, numbered practice by practice; the first hand of each practice is that of its import."""

    def __init__(self, scenario: Scenario, plan: Plan) -> None:
        self._scenario, self._plan = scenario, plan
        seed = plan.seed
        practice = np.arange(plan.practices, dtype=np.int64)
        words = stream(seed, "practice/hands")(practice)
        self._desks = 1 + scale(words, np.minimum(plan.practitioners + 2, 3))
        rates = scenario.typing
        self._stay = _between(rates.stay_days, low(words))
        self._run = _between(rates.run_days, stream(seed, "practice/hand runs")(practice))
        self._offset = stream(seed, "practice/hand offset").below(practice, 10_000)
        generations = (plan.calendar.count + self._offset + self._stay) // self._stay + 1
        self._count = 1 + self._desks * generations
        self._start = np.cumsum(self._count) - self._count
        self._s_desk = stream(seed, "hand/desk")
        self._runs = scenario.marks.style_runs
        self.practice = np.repeat(practice, self._count)
        """Practice of each hand."""
        number = np.arange(len(self.practice), dtype=np.int64)
        self._local = number - self._start[self.practice]
        self.imported: NDArray[np.bool_] = self._local == 0
        """Whether each hand is that of an import."""
        self._factors = self._habits(number)
        self.phone_format = self._draw(number, "phone format", len(_PHONE_FORMATS))
        self.address_form = np.array(_ADDRESS_HABITS)[self._draw(number, "address form", len(_ADDRESS_HABITS))]
        """Usual form of the addresses of each hand, an index into the forms: plain, comma, capital, abbreviated."""

    def of(self, practice: Ints, day: Ints, rho: Ints) -> Ints:
        """Return the hand that enters each record of these practices on these days of the plan."""
        if not self._runs:
            any_hand: Ints = self._start[practice] + 1 + self._s_desk.below(rho, self._count[practice] - 1)
            return any_hand
        desks = self._desks[practice]
        run = (day + self._offset[practice]) // self._run[practice]
        desk = self._s_desk.below(practice * 100_000 + run, desks)
        # Secretaries of one practice do not leave together.
        stay = self._stay[practice]
        generation = (day + self._offset[practice] + desk * stay // desks) // stay
        hand: Ints = self._start[practice] + 1 + generation * desks + desk
        return hand

    def of_import(self, practice: Ints) -> Ints:
        """Return the hand of each practice's import."""
        hand: Ints = self._start[practice]
        return hand

    def rate(self, error: str, *, elsewhere: bool) -> NDArray[np.float64]:
        """Return, for each hand, the share of its records on which an error is tried."""
        rate = self._scenario.error_rate(error, elsewhere=elsewhere)
        factor = self._factors.get(error)
        return np.full(len(self.practice), rate) if factor is None else np.minimum(rate * factor, 1.0)

    def _draw(self, number: Ints, what: str, bound: int) -> Ints:
        """Return one habit for each hand below `bound`: that of the practice, or one of its own."""
        root = stream(self._plan.seed, f"hand/{what}")
        return np.where(
            self._conforms(number, root), root.below(self.practice, bound), root.below(number + _OWN, bound)
        )

    def _conforms(self, number: Ints, root: Stream) -> NDArray[np.bool_]:
        return root.child("house").chance(number, self._scenario.typing.house_rule)

    def _habits(self, number: Ints) -> dict[str, NDArray[np.float64]]:
        """Return the factor of each hand on the rates of the errors that differ between hands."""
        marks, typing = self._scenario.marks, self._scenario.typing
        factors: dict[str, NDArray[np.float64]] = {}
        if marks.house_style:
            capitals = self._has(number, "capitals", typing.capitals[0])
            root = stream(self._plan.seed, "hand/import")
            capitals = np.where(self.imported, root.chance(number, _IMPORTED_IN_CAPITALS), capitals)
            for error in _HABITS:
                share, strong = getattr(typing, error)
                has = capitals if error == "capitals" else self._has(number, error, share)
                rate = self._scenario.error_rate(error, elsewhere=False)
                if error == "lost_accents":
                    loses = rate * _CAPITALS_LOSE_ACCENTS / max(rate, _CAPITALS_LOSE_ACCENTS)
                    others = max(0.0, (rate - typing.capitals[0] * loses) / max(1 - typing.capitals[0], 1e-9))
                    rates = np.where(has, *_two_rates(others, share, strong)) * others
                    rates = np.where(capitals, _CAPITALS_LOSE_ACCENTS * (rate > 0), rates)
                else:
                    rates = np.where(has, *_two_rates(rate, share, strong)) * rate
                factors[error] = rates / rate if rate else rates
            for error, per_cent in _SKILL.items():
                factors[error] = np.asarray(per_cent)[self._draw(number, error, len(per_cent))] / 100
        if marks.nir_checks:
            checks = stream(self._plan.seed, "practice/checks nir").chance(self.practice, typing.checks_nir)
            factors["nir_digit_wrong"] = np.where(checks, 0.0, 1 / (1 - typing.checks_nir))
        return factors

    def _has(self, number: Ints, habit: str, share: float) -> NDArray[np.bool_]:
        return self._draw(number, habit, 10_000) < round(share * 10_000)

    def table(self) -> pa.Table:
        """Return the table of hands for the truth: one row per hand, with what it does on most of its records."""
        plan, calendar = self._plan, self._plan.calendar
        desks, stay = self._desks[self.practice], self._stay[self.practice]
        desk, generation = (self._local - 1) % desks, (self._local - 1) // desks
        begin = generation * stay - self._offset[self.practice] - desk * stay // desks
        first = np.where(self.imported, plan.installed[self.practice], np.maximum(begin, plan.installed[self.practice]))
        last = np.where(self.imported, plan.installed[self.practice], np.minimum(begin + stay - 1, calendar.count - 1))
        worked = np.flatnonzero((first <= last) & (~self.imported | (plan.imported[self.practice] > 0)))
        rates = {error: self.rate(error, elsewhere=False)[worked] for error in Errors.model_fields}
        columns: dict[str, object] = {
            "hand_id": (worked + 1).astype(np.int32),
            "practice_id": (self.practice[worked] + 1).astype(np.int32),
            "imported": self.imported[worked],
            "first_day": [_date(calendar.first, day) for day in first[worked]],
            "last_day": [_date(calendar.first, day) for day in last[worked]],
            "capitals": rates["capitals"] >= 0.5,
            "loses_accents": rates["lost_accents"] >= 0.5,
            "loses_hyphens": rates["lost_hyphen_or_particle"] >= 0.5,
            "checks_nir": rates["nir_digit_wrong"] == 0,
            "address_form": pl.Series(_ADDRESS_FORMS).gather(self.address_form[worked]),
            "phone_format": pl.Series(_PHONE_FORMATS).gather(self.phone_format[worked]),
        }
        return pl.DataFrame(columns).to_arrow().cast(TRUTH_HANDS.arrow_schema())


_OWN = 1 << 40
"""Added to the number of a hand for its own draws, which share a stream with those of practices."""


def _between(bounds: list[int], words: NDArray[np.uint64]) -> Ints:
    shortest, longest = bounds
    return shortest + scale(words, longest - shortest + 1)


def _two_rates(mean: float, share: float, strong: float) -> tuple[float, float]:
    """Return the factors on `mean` for a share of the hands who have a habit, and for the others."""
    if mean == 0:
        return 0.0, 0.0
    if share in (0.0, 1.0):
        return 1.0, 1.0
    strong = min(strong, mean / share)
    return strong / mean, (mean - share * strong) / (1 - share) / mean


def _date(first: date, day: np.int64) -> date:
    return first + timedelta(days=int(day))
