"""How content a customer is with what happened, as a survey hears it.

Everybody's satisfaction falls with incidents (`leaving.py`), but what somebody minds depends on who it is:
the digital mind the app, the others the branch, the modest mind fees, the well-off mind advice. Newcomers and
the oldest customers are stricter than those between; many contacts annoy those who are not digital; the
well-off expect a good app, the others a good counter.
"""

from __future__ import annotations

import numpy as np

from bankmine.simulation.frame import DAY, Floats, Frame, Ints
from bankmine.simulation.leaving import TOPICS, Incidents, Leaving
from bankmine.simulation.people import People
from bankmine.simulation.products import Products
from bankmine.simulation.wishes import alike, traits_of

MEMORY = 270  # days an incident is remembered
_MINDS, _STRICT, _ANNOYED, _DEMANDING = 1.2, 0.8, 0.8, 1.1


def minds(who: People) -> Floats:
    """How much each customer minds each of TOPICS, between 0 and 1; shape (n, topics)."""
    trait = traits_of(who)
    by = {
        "fees": trait.modest, "app": trait.digital, "card": trait.young, "branch": 1 - trait.digital,
        "transfer": trait.digital * trait.wealthy, "advice": trait.wealthy * trait.prudent,
    }  # fmt: skip
    return np.stack([by[topic] for topic in TOPICS], axis=1)


def remembered(told: Incidents, person: Ints, day: Ints, weight: Floats) -> Floats:
    """Sum of `weight` (incidents,) over each asked person's incidents in the MEMORY days before the day."""
    step = 2**20
    key = told.person * step + told.day + step // 2
    total = np.concatenate([[0.0], np.cumsum(weight)])
    asked = person * step + day + step // 2
    return np.asarray(total[np.searchsorted(key, asked)] - total[np.searchsorted(key, asked - MEMORY)])


def tired(held: Products, person: Ints, day: Ints, people: int) -> Floats:
    """Contacts each asked person had in the half year before the day."""
    sent = held.sold.contacts
    place = np.flatnonzero(sent.treated)
    step = 2**20
    key = np.sort(sent.person[place] * step + sent.second[place] // DAY)
    asked = person * step + day
    return (np.searchsorted(key, asked) - np.searchsorted(key, asked - 182)).astype(np.float64)


def mood_of(frame: Frame, who: People, leave: Leaving, held: Products, person: Ints, day: Ints) -> Floats:
    """What a survey on that day hears, without its own noise; 0 is usual, negative is bad; (asked,)."""
    told = leave.incidents
    mattering = _MINDS * told.severity * (2 * minds(who)[told.person, told.topic] - 0.8)
    years = (day - who.joined[person]) / 365
    strict = _STRICT * (np.clip(1 - years, 0, 1) + np.clip((years - 12) / 6, 0, 1))
    trait = traits_of(who)
    annoyed = _ANNOYED * np.clip(tired(held, person, day, who.count) - 1, 0, 2) * (1 - trait.digital[person])
    satisfied = leave.satisfaction[person, frame.month_at(day)]
    demanding = _DEMANDING * (alike(trait.digital, trait.wealthy)[person] - 0.5)
    return np.asarray(satisfied - remembered(told, person, day, mattering) - strict - annoyed - demanding)
