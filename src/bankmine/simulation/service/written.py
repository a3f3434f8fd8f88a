"""What stands in tables about a customer's dealings with the bank at any moment, as the model uses it.

The truth tables show it beside the true chances; the observable ceiling is measured from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.leaving import TOPICS
from bankmine.simulation.people import People
from bankmine.simulation.service.interactions import COMPLAINT, SURVEY, Interactions

_HALF_YEAR = 182 * DAY
_STEP = 2**34  # seconds of a person's own stretch of keys


@dataclass(frozen=True)
class Said:
    """Searchable by moment: rows of one kind, ordered by (person, second)."""

    key: Ints
    values: Floats

    def last(self, person: Ints, second: Ints) -> Floats:
        """The last value of each asked person before the second; NaN where there is none."""
        if self.key.size == 0:
            return np.full(person.size, np.nan)
        place = np.searchsorted(self.key, person * _STEP + second + _STEP // 2) - 1
        found = (place >= 0) & (self.key[np.maximum(place, 0)] // _STEP == person)
        return np.where(found, self.values[np.maximum(place, 0)], np.nan)

    def total(self, person: Ints, second: Ints, back: int) -> Floats:
        """Sum of the values of each asked person in the seconds [second - back, second)."""
        until = person * _STEP + second + _STEP // 2
        running = np.concatenate([[0.0], np.cumsum(self.values)])
        first = np.searchsorted(self.key, np.maximum(until - back, person * _STEP))
        return np.asarray(running[np.searchsorted(self.key, until)] - running[first])


def said(person: Ints, second: Ints, values: Floats) -> Said:
    """Of rows in any order."""
    key = person * _STEP + second + _STEP // 2
    order = np.argsort(key, kind="stable")
    return Said(key[order], np.asarray(values, dtype=np.float64)[order])


def dealings(frame: Frame, who: People, told: Interactions, person: Ints, second: Ints) -> dict[str, Floats]:
    """Complaints, their last topic and tone, what is unsettled, the last rating and the tone of talk."""
    complaint, survey = told.kind == COMPLAINT, told.kind == SURVEY
    talk = ~complaint & ~survey

    def rows(which: np.ndarray, values: Floats) -> Said:
        return said(told.person[which], told.second[which], values[which])

    one = np.ones(told.person.size)
    scaled = np.where(told.ten == 1, told.rating / 10, (told.rating - 1) / 4)
    settled = complaint & (told.settled < frame.days * DAY)
    done = said(told.person[settled], told.settled[settled], np.ones(int(settled.sum())))
    filed = rows(complaint, one)
    at = rows(complaint, told.second.astype(np.float64)).last(person, second)
    found = {
        "complaints_6mo": filed.total(person, second, _HALF_YEAR),
        "unsettled": filed.total(person, second, _STEP // 4) - done.total(person, second, _STEP // 4),
        "days_since_complaint": (second - at) / DAY,
        "complaint_tone": rows(complaint, told.sentiment).total(person, second, _HALF_YEAR),
        "last_rating": rows(survey, scaled).last(person, second),
        "talk_tone": rows(talk, told.sentiment).last(person, second),
        "talk_tone_6mo": rows(talk, told.sentiment).total(person, second, _HALF_YEAR),
        "branch_service": frame.service[who.branch[person], frame.month_at(second // DAY)],
    }
    for place, topic in enumerate(TOPICS):
        about = rows(complaint & (told.topic == place), -told.sentiment)
        found[f"complaints_{topic}"] = about.total(person, second, 270 * DAY)
    return found
