"""Campaigns meet customers: who is asked, by chance or an old score, who says yes, and who would have anyway.

Four kinds of customer, none of which one trait tells: the persuadable are prudent and digital and something
has just happened in their lives; the sure things hold much, are content and well off; the sleeping dogs are
tired of being asked and cross with the bank; the rest are lost causes. A yes opens the product (for credit:
an application); who says yes in the control group is not asked, but takes it all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.simulation.consents import Consents
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.offers import DURATION, Campaign
from bankmine.simulation.people import People
from bankmine.simulation.wishes import traits_of

GROUPS = ("persuadable", "sure thing", "lost cause", "sleeping dog")
FRESH = ("windfall", "child", "marriage", "home", "new_job", "move", "retirement")
RECENT = 8.0  # months a life event keeps someone open
TIRED = 182  # days that contacts are remembered
_SAYS_NO = 0.22  # share of those treated who answer, among those who do not accept


@dataclass(frozen=True)
class Mind:
    """What decides the answer of each customer to one campaign, shape (n,): the true chance to take the
    product if left alone and if asked, the chance to be treated, and what could be read of it in tables."""

    if_left: Floats
    if_asked: Floats
    propensity: Floats
    seen: dict[str, Floats]


@dataclass(frozen=True)
class Contacts:
    """One place a contact or its control, ordered by (campaign, person): place of the customer and in the
    plan, second, whether treated and with which chance, the true chances, whether accepted, second of the
    answer (NEVER: none), and what stood in tables then."""

    person: Ints
    campaign: Ints
    second: Ints
    treated: Truth
    propensity: Floats
    if_left: Floats
    if_asked: Floats
    accepted: Truth
    answered: Ints
    seen: dict[str, Floats]

    @property
    def group(self) -> Ints:
        """Place in GROUPS, by what being asked does."""
        effect = self.if_asked - self.if_left
        rest = np.where(self.if_left >= 0.09, 1, 2)
        return np.where(effect > 0.05, 0, np.where(effect < -0.008, 3, rest))


class Memory:
    """How often each customer was contacted lately; grows with each campaign."""

    def __init__(self, people: int) -> None:
        self.people = people
        self.told: list[tuple[int, Ints]] = []

    def count(self, day: int) -> Floats:
        """Contacts of each customer in the half year before the day."""
        found = np.zeros(self.people)
        for when, person in self.told:
            if when >= day - TIRED:
                found[person] += 1
        return found


def mind_of(
    frame: Frame, who: People, leave: Leaving, one: Campaign, held: Floats, tired: Floats,
    since: dict[str, Floats], wish: Floats,
) -> Mind:  # fmt: skip
    """`held` (n,): products held; `tired` (n,): contacts lately; `wish` (n,): log-odds of an own wish."""
    month = int(frame.month_at(np.array([one.starts]))[0])
    trait, strength = traits_of(who), frame.scenario.response
    event = np.min([since[kind][:, month] for kind in FRESH], axis=0)
    fresh = np.clip((RECENT + 1 - event) / 2, 0, 1)
    satisfied = leave.satisfaction[:, month]
    cross, content = _step(-satisfied - 0.45, 0.15), _step(satisfied + 0.1, 0.12)
    sure = content * _step(held - 2.5, 0.35) * (0.35 + 0.65 * trait.wealthy)
    dog = cross * _step(tired - 1.5, 0.25)
    persuaded = fresh * trait.prudent * trait.digital
    base = -3.5 + np.log(max(strength.base, 1e-9))
    alone = base + 2.1 * sure + 1.1 * dog + 0.35 * np.clip(wish + 6.0, -1, 4)
    effect = 0.15 + 3.0 * persuaded - 4.0 * dog - 0.15 * sure + 0.3 * who.persuasion * (1 - dog)
    here = np.where(leave.decided < one.starts, 0.1, 1.0)
    chance = [here / (1 + np.exp(-(alone + add))) for add in (0.0, strength.effect * effect)]
    seen = {
        "held_count": held, "contacts_6mo": tired, "months_since_event": np.minimum(event, 24.0),
        "income": np.log(np.maximum(who.income, 1)), "digital": who.digital, "prudence": who.prudence,
        "age": 2023.0 - who.birth_year, "life": who.life.astype(np.float64),
    }  # fmt: skip
    return Mind(chance[0], chance[1], _propensity(frame, who, one), seen)


def _step(value: Floats, width: float) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-value / width)))


def _propensity(frame: Frame, who: People, one: Campaign) -> Floats:
    """Chance alone, or an old score that likes income, age and years with the bank."""
    share = 1.0 - frame.scenario.response.control
    if not one.targeted:
        return np.full(who.count, share)
    income = np.log(np.maximum(who.income, 1) / 400_000)
    score = 0.9 * income + 0.03 * (1980 - who.birth_year) - np.minimum(who.joined, 0) / 9_000
    return np.clip(share * (0.35 + 1.25 / (1 + np.exp(-score))), 0.08, 0.95).round(4)


def contacts_of(
    frame: Frame, who: People, leave: Leaving, one: Campaign, number: int, mind: Mind, may: Consents,
    free: Truth,
) -> Contacts:  # fmt: skip
    """Draws one campaign; `number`: its place in the plan; `free` (n,): holds no product of the family."""
    draw = frame.random(who.community, f"campaign {number}")
    luck = draw.random((7, who.count))
    day = one.starts + (luck[0] * DURATION).astype(np.int64)
    here = (who.joined + 30 < day) & (day < leave.closed) & ~who.company & free
    person = np.flatnonzero(here & may.may_be_told(one.channel, day) & (luck[1] < one.reach))
    chosen, day = luck[:, person], day[person]
    treated = chosen[2] < mind.propensity[person]
    accepted = chosen[3] < np.where(treated, mind.if_asked[person], mind.if_left[person])
    wait = np.minimum(1800 - 8.0 * DAY * np.log(np.maximum(chosen[4], 1e-9)), 50.0 * DAY)
    second = day * DAY + 9 * 3600 + (chosen[5] * 9 * 3600).astype(np.int64)
    answered = second + wait.astype(np.int64)
    accepted &= answered // DAY + 6 < leave.gone[person]
    says = accepted | (treated & (chosen[6] < _SAYS_NO))
    return Contacts(
        person, np.full(person.size, number), second, treated, mind.propensity[person],
        mind.if_left[person], mind.if_asked[person], accepted, np.where(says, answered, NEVER),
        {name: values[person] for name, values in mind.seen.items()},
    )  # fmt: skip


def joined_contacts(parts: list[Contacts]) -> Contacts:
    """All campaigns of a community."""
    names = ("person", "campaign", "second", "treated", "propensity", "if_left", "if_asked", "accepted",
             "answered")  # fmt: skip
    if not parts:
        none, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
        no = np.zeros(0, dtype=np.bool_)
        return Contacts(none, none, none, no, empty, empty, empty, no, none, {})
    whole: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    seen = {name: np.concatenate([part.seen[name] for part in parts]) for name in parts[0].seen}
    return Contacts(**whole, seen=seen)
