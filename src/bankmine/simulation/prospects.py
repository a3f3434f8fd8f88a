"""People who may become customers: they bank elsewhere and left their data on a form; some join later.

A prospect who joins looks on the form as the customer looks later, weeks before; the others are look-alikes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.frame import COMMUNITY, DAY, MAXIMUM_MONTHS, Frame, Ints, Truth
from bankmine.simulation.people import EDUCATIONS, MARITALS, OCCUPATIONS, People
from bankmine.simulation.reference import REGION_CODES
from bankmine.simulation.registry import INCOME_BANDS, band_of

SOURCES = ("web form", "comparison site", "event", "referral")
CONSENTS = ("none", "marketing", "marketing,profiling")
FIRST_PROSPECT = 90_000_000
_SHARE = 0.09  # look-alikes a customer, in 36 months
_JOIN = 0.55  # share of those who join that had filled in a form


@dataclass(frozen=True)
class Prospects:
    """One place a prospect, ordered by number: second of the form; `like`: place of the customer whose facts
    the form shows; `joins`: is that customer."""

    number: Ints
    second: Ints
    like: Ints
    joins: Truth

    def tables(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Extract `prospects`."""
        draw = frame.random(who.community, "forms")
        place = self.number - FIRST_PROSPECT - who.community * COMMUNITY
        source, consent = draw.random((2, COMMUNITY))[:, place]
        like = self.like
        source_at = np.where(self.joins, np.minimum(source * 4.4, 3.99), source * 3.99).astype(np.int64)
        agreed = np.where(consent < 0.25, 0, np.where(consent < 0.7, 1, 2))
        return {
            "prospects": pa.table(
                {
                    "prospect": columns.key(self.number),
                    "source": columns.code(source_at, SOURCES),
                    "birth_year": pa.array(who.birth_year[like]),
                    "gender": columns.code(who.female[like].astype(np.int64), ("M", "F")),
                    "region": columns.code(who.region[like], REGION_CODES),
                    "occupation": columns.code(who.occupation[like], OCCUPATIONS),
                    "income_band": columns.code(band_of(who.income[like]), INCOME_BANDS),
                    "education": columns.code(who.education[like], EDUCATIONS),
                    "marital": columns.code(who.marital[like], MARITALS),
                    "employer": columns.key(np.where(source < 0.6, who.employer[like], 0)),
                    "consent": columns.code(agreed, CONSENTS),
                    "seen_at": columns.when(self.second),
                }
            )
        }

    def truth(self, frame: Frame, who: People) -> dict[str, pa.Table]:
        """Table `prospects`: who became which customer, and when."""
        number = np.where(self.joins, who.number[self.like], 0)
        joined = np.where(self.joins, who.joined[self.like], 2**40)
        return {
            "prospects": pa.table(
                {
                    "prospect": columns.key(self.number),
                    "customer": columns.key(number),
                    "joined": columns.day(joined),
                }
            )
        }


def prospects_of(frame: Frame, who: People) -> Prospects:
    """Draws the prospects of one community: first those who join, by customer, then the others."""
    draw = frame.random(who.community, "prospects")
    luck, when = draw.random((2, who.count))
    people = np.flatnonzero(~who.company)
    joins = np.flatnonzero((luck < _JOIN) & (who.joined >= 70) & ~who.company)
    day = who.joined[joins] - 3 - (when[joins] * 60).astype(np.int64)
    if people.size == 0:
        people = np.arange(who.count)
    count = int(_SHARE * who.count * MAXIMUM_MONTHS / 36)
    like = people[(draw.random(count) * people.size).astype(np.int64)]
    other = np.sort((draw.random(count) * MAXIMUM_MONTHS * 30.4).astype(np.int64))
    day, like = np.concatenate([day, other]), np.concatenate([joins, like])
    number = FIRST_PROSPECT + who.community * COMMUNITY + np.arange(day.size)
    here = np.flatnonzero(day < frame.days)
    second = day * DAY + 7 * 3600 + number * 7919 % (15 * 3600)
    return Prospects(number[here], second[here], like[here], (np.arange(day.size) < joins.size)[here])
