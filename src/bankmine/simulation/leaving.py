"""Why customers leave, and how it shows: incidents, satisfaction, and the three steps of a departure.

Satisfaction falls with incidents of bad service and recovers slowly, faster where a complaint is settled.
The decision to leave comes from bad service times how much the customer minds it, from a better rate
elsewhere times how much that is worth to the customer, and from moving away where the customer needs a
branch. A leaver first moves the salary, then runs the balance down, then closes, or leaves silently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.frame import NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.life import Life, months_since
from bankmine.simulation.people import People

TOPICS = ("fees", "app", "card", "branch", "transfer", "advice")
REASONS = ("service", "rate", "moving", "other")
STAYS, GRADUAL, SILENT, ABRUPT = 0, 1, 2, 3


@dataclass(frozen=True)
class Incidents:
    """Bad service, one place each, ordered by (person, day). `resolved`: day the complaint was settled, or
    NEVER; `severity` around 1; `complained`: the customer says so."""

    person: Ints
    day: Ints
    topic: Ints
    severity: Floats
    complained: Truth
    resolved: Ints


@dataclass(frozen=True)
class Leaving:
    """`satisfaction` (n, months): at each month's start, 0 is usual, negative is bad. `chance` (n, months):
    the true probability of deciding to leave within that month, of those still here. For each customer the
    day of the decision, of the last salary paid in, of the run-down and of closing (NEVER where not), the
    reason (index of REASONS, -1) and the way (STAYS, GRADUAL, SILENT, ABRUPT)."""

    incidents: Incidents
    satisfaction: Floats
    chance: Floats
    causes: dict[str, Floats]
    decided: Ints
    reason: Ints
    way: Ints
    salary_moved: Ints
    rundown_from: Ints
    rundown_until: Ints
    closed: Ints

    @property
    def gone(self) -> Ints:
        """From when hardly anything happens any more: closed, or run down."""
        return np.minimum(self.closed, self.rundown_until)


def leaving_of(frame: Frame, who: People, life: Life) -> Leaving:
    """Draws incidents, satisfaction and departures of one community."""
    incidents = _incidents(frame, who)
    satisfaction = _satisfaction(frame, who, incidents)
    causes = _causes(frame, who, life, satisfaction)
    weight = sum(causes.values())
    base = -5.75 + np.log(max(frame.scenario.attrition.base, 1e-9))
    chance = 1.0 / (1.0 + np.exp(-(base + weight)))
    chance = np.where(who.company[:, None], 0.4 * chance, chance)
    decided, month = _decisions(frame, who, chance)
    parts = np.stack(list(causes.values()))[:, np.arange(who.count), month]
    reason = np.where(parts.max(axis=0) > 0.7, parts.argmax(axis=0), len(REASONS) - 1)
    return Leaving(
        incidents=incidents, satisfaction=satisfaction, chance=chance, causes=causes, decided=decided,
        reason=np.where(decided < NEVER, reason, -1), **_ways(frame, who, decided),
    )  # fmt: skip


def _incidents(frame: Frame, who: People) -> Incidents:
    """At most two a month, drawn month after month, so that a longer world begins like a shorter one."""
    strength = frame.scenario.satisfaction
    shape = (frame.months, who.count, 2)

    def random(name: str) -> Floats:
        return frame.random(who.community, f"incidents {name}").random(shape)

    rate = 0.05 * strength.incidents * frame.service[who.branch].T * (0.5 + 0.5 * who.activity)
    happens = random("happen") < (1.0 - np.exp(-0.5 * rate))[:, :, None]
    month, person, place = np.nonzero(happens)
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month] + (random("day")[month, person, place] * length).astype(np.int64)
    severity = frame.random(who.community, "incidents severity").gamma(2.0, 0.5, shape)[month, person, place]
    angry = np.clip(strength.complaints * (0.4 + 0.6 * severity), 0, 1)
    complained = (random("complain")[month, person, place] < angry) & (day >= who.joined[person])
    settle = random("settle")[month, person, place]
    resolved = np.where(complained & (settle < 0.62), day + 2 + (settle * 61).astype(np.int64), NEVER)
    topic = (random("topic")[month, person, place] * len(TOPICS)).astype(np.int64)
    order = np.lexsort((day, person))
    return Incidents(
        person[order], day[order], topic[order], severity[order], complained[order], resolved[order]
    )


def _satisfaction(frame: Frame, who: People, incidents: Incidents) -> Floats:
    """Month by month: four fifths of last month's, less new incidents, plus what settling gives back."""
    shock = np.zeros((who.count, frame.months + 1))
    np.subtract.at(shock, (incidents.person, frame.month_at(incidents.day) + 1), 0.9 * incidents.severity)
    settled = incidents.resolved < frame.days
    back = frame.month_at(incidents.resolved[settled]) + 1
    np.add.at(shock, (incidents.person[settled], back), 0.8 * incidents.severity[settled])
    usual = 0.35 * frame.random(who.community, "satisfaction").normal(size=who.count)
    value = np.zeros((who.count, frame.months))
    now = usual.copy()
    for month in range(frame.months):
        now = usual + 0.82 * (now - usual) + shock[:, month]
        value[:, month] = now
    return value


def _causes(frame: Frame, who: People, life: Life, satisfaction: Floats) -> dict[str, Floats]:
    """What each cause adds to the log-odds of deciding to leave in a month; products, not sums."""
    strength = frame.scenario.attrition
    anger = np.maximum(0.0, -satisfaction - 0.4)
    service = strength.service * 1.9 * np.minimum(2.4, who.service_sensitivity[:, None] * anger)
    gap = np.maximum(0.0, frame.market_rate - frame.own_rate - 0.003) * 100  # points beyond the usual
    wealthy = np.clip(np.log10(np.maximum(who.income, 1) / 300_000), 0.0, 1.0)
    rate = strength.rate * 6.0 * gap[None, :] * (np.minimum(who.price_sensitivity, 3) * wealthy)[:, None]
    moved = months_since(life.events, "move", frame=frame, people=who.count) <= 4
    branchy = np.clip(1.4 - 1.6 * who.digital, 0.0, 1.0)[:, None]
    far = frame.distance[who.region[:, None], life.region] > 12.0
    moving = strength.moving * 3.4 * (moved & far) * branchy
    return {"service": service, "rate": np.minimum(rate, 3.0), "moving": moving}


def _decisions(frame: Frame, who: People, chance: Floats) -> tuple[Ints, Ints]:
    """Day each customer decides (NEVER) and that month (0)."""
    draw = frame.random(who.community, "decisions")
    luck = draw.random((who.count, 120))[:, : frame.months]
    here = frame.month_start[:-1][None, :] > who.joined[:, None] + 60
    leaves = (luck < chance) & here
    month = np.where(leaves.any(axis=1), leaves.argmax(axis=1), 0)
    length = np.diff(frame.month_start)[month]
    day = frame.month_start[month] + (draw.random(who.count) * length).astype(np.int64)
    return np.where(leaves.any(axis=1), day, NEVER), month


def _ways(frame: Frame, who: People, decided: Ints) -> dict[str, Ints]:
    draw = frame.random(who.community, "ways")
    strength = frame.scenario.attrition
    signs = draw.random(who.count) < strength.signs
    silent = draw.random(who.count) < strength.silent
    way = np.where(decided == NEVER, STAYS, np.where(~signs, ABRUPT, np.where(silent, SILENT, GRADUAL)))
    moved = decided + draw.integers(3, 45, who.count)
    begins = moved + draw.integers(0, 30, who.count)
    until = begins + draw.integers(20, 100, who.count)
    gradual = until + draw.integers(5, 110, who.count)
    abrupt = decided + draw.integers(4, 60, who.count)
    shows = (way == GRADUAL) | (way == SILENT)
    closed = np.where(way == GRADUAL, gradual, np.where(way == ABRUPT, abrupt, NEVER))
    return {
        "way": way,
        "salary_moved": np.where(shows, moved, closed),
        "rundown_from": np.where(shows, begins, closed),
        "rundown_until": np.where(shows, until, closed),
        "closed": closed,
    }
