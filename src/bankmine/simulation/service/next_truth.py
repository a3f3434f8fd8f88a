"""The truth about the next product: the chance to open one of a family in the coming quarter.

Wishes formed before the cutoff are settled: they open in time or they do not. The others come month by month
with the chances of `wishes.py`, foreseen from what has happened by then, with campaigns already planned, and
for credit with the chance to be granted it. Rows are customers and families at every third month's start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bankmine.simulation import columns
from bankmine.simulation.catalogue import CREDIT, NEXT, NEXT_OF
from bankmine.simulation.credit.lending import Holdings
from bankmine.simulation.frame import DAY, NEVER, Floats, Frame, Ints, Truth
from bankmine.simulation.leaving import Leaving
from bankmine.simulation.leaving_truth import FIRST_MONTH
from bankmine.simulation.people import People
from bankmine.simulation.products import Products
from bankmine.simulation.service.visits import CAMPAIGN, PRODUCT, Visits
from bankmine.simulation.service.written import said
from bankmine.simulation.wishes import AHEAD, log_odds

HORIZON = 90  # days
EVERY = 3  # months between cutoffs
_IN_TIME = (0.97, 0.86, 0.42)  # chance that a wish of the first, second, third month opens within the quarter
_GRANTED = 0.72  # of wishes for credit
_PULL = 0.009  # chance a month of asking for credit without a wish, times (1 - prudence)
_PULLED = {"loan": 0.65, "card": 0.35}
LONG_AGO = 24.0


@dataclass(frozen=True)
class Taken:
    """All holdings, granted credit included: place of the person and of the family in NEXT, days."""

    person: Ints
    family: Ints
    opened: Ints
    closed: Ints


def taken_of(held: Products, granted: Holdings) -> Taken:
    """Holdings of the families of NEXT."""
    which = np.concatenate([held.product, granted.product])
    here = np.flatnonzero(NEXT_OF[which] >= 0)
    pairs = ((held.person, granted.person), (held.opened, granted.opened), (held.closed, granted.closed))
    person, opened, closed = (np.concatenate(pair)[here] for pair in pairs)
    return Taken(person, NEXT_OF[which][here], opened, closed)


def label_next_product(
    frame: Frame, who: People, leave: Leaving, held: Products, granted: Holdings, visits: Visits,
    told: dict[str, Floats],
) -> pa.Table:  # fmt: skip
    """`told`: what is known of people by month (people, months), written beside."""
    taken = taken_of(held, granted)
    months = np.arange(FIRST_MONTH, frame.months, EVERY)
    rates = _rates(frame, who, held, months)
    parts = []
    for place, now in enumerate(months.tolist()):
        start = int(frame.month_start[now])
        holding = _holding(taken, start, who.count)
        here = (who.joined < start) & (leave.closed >= start)
        person, family = np.nonzero(here[:, None] & ~holding)
        chance = _chance(frame, who, leave, held, taken, rates[place], start)
        parts.append((person, family, np.full(person.size, now), chance[person, family],
                      holding.sum(axis=1)[person]))  # fmt: skip
    if not parts:
        parts = [(months, months, months, np.zeros(0), months)]
    person, family, month, oracle, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    at = frame.month_start[month]
    written = _written(who, held, visits, person, family, month, at)
    written |= {name: values[person, month] for name, values in told.items()}
    return pa.table(
        {
            "subject": pa.array(who.number[person]),
            "customer": pa.array(who.number[person]),
            "cutoff": columns.when(at * DAY),
            "family": columns.code(family, NEXT),
            "oracle": pa.array(oracle),
            "written_held_count": pa.array(count.astype(np.float32)),
            **{f"written_{name}": _short(values) for name, values in written.items()},
        }
    )


def _short(values: Floats) -> pa.Array:
    """Half as wide: the largest of all truth tables."""
    return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _rates(frame: Frame, who: People, held: Products, months: Ints) -> Floats:
    """Chance of an own wish in each of the AHEAD months after each cutoff; (cutoffs, AHEAD, n, families)."""
    made = []
    for ahead in range(AHEAD):
        since = {kind: age[:, months] for kind, age in held.since.items()}
        odds = log_odds(frame, who, since, held.taste, ahead)
        made.append(1 / (1 + np.exp(-np.stack(odds, axis=2))))
    return np.stack(made).transpose(2, 0, 1, 3) if months.size else np.zeros((0, AHEAD, who.count, len(NEXT)))


def _holding(taken: Taken, start: int, people: int) -> Truth:
    holding = np.zeros((people, len(NEXT)), dtype=np.bool_)
    now = (taken.opened < start) & (taken.closed >= start)
    holding[taken.person[now], taken.family[now]] = True
    return holding


def _chance(
    frame: Frame, who: People, leave: Leaving, held: Products, taken: Taken, rates: Floats, start: int
) -> Floats:
    """True chance to open each family within the horizon, (n, families)."""
    not_yet = np.ones((who.count, len(NEXT)))
    for ahead in range(AHEAD):
        not_yet *= 1 - _IN_TIME[ahead] * rates[ahead]
    credit = np.isin(NEXT, CREDIT)
    chance = (1 - not_yet) * np.where(credit, _GRANTED, 1.0)
    for name, share in _PULLED.items():
        pulled = 2.4 * _PULL * share * _GRANTED * (1 - who.prudence) * ~who.company
        chance[:, NEXT.index(name)] = 1 - (1 - chance[:, NEXT.index(name)]) * (1 - pulled)
    for one, expected in zip(held.sold.plan, held.sold.expected, strict=True):
        inside = np.clip((start + HORIZON - one.starts - 20) / 25, 0, 1) * (one.starts >= start)
        if inside > 0:
            factor = _GRANTED if credit[one.family] else 1.0
            chance[:, one.family] = 1 - (1 - chance[:, one.family]) * (1 - inside * factor * expected)
    chance[leave.decided < start] = 0.0
    wish = held.wishes
    pending = (wish.formed < start) & (wish.opened >= start - 40) & (wish.opened < NEVER)
    settled = np.zeros(chance.shape, dtype=np.bool_)
    settled[wish.person[pending], wish.family[pending]] = True
    opens = np.zeros(chance.shape, dtype=np.bool_)
    soon = (taken.opened >= start) & (taken.opened < start + HORIZON)
    opens[taken.person[soon], taken.family[soon]] = True
    blocked = _no_wish(held, start, who.count) & ~settled
    return np.where(settled, opens, np.where(blocked, 0.1 * chance, chance))


def _no_wish(held: Products, start: int, people: int) -> Truth:
    """Who was refused credit lately does not wish for it again for long."""
    blocked = np.zeros((people, len(NEXT)), dtype=np.bool_)
    needs, family = held.needs, NEXT_OF[held.needs.product]
    days = np.array([{"card": 900, "loan": 540, "mortgage": 3650}.get(name, 0) for name in NEXT])[family]
    now = (needs.day < start) & (needs.day + days >= start)
    blocked[needs.person[now], family[now]] = True
    return blocked


def _written(
    who: People, held: Products, visits: Visits, person: Ints, family: Ints, month: Ints, at: Ints
) -> dict[str, Floats]:
    """Life events as payments show them, facts, and pages looked at."""
    found = {
        f"months_since_{kind}": np.minimum(age[person, month], LONG_AGO) for kind, age in held.since.items()
    }
    shown = np.isin(visits.purpose, (PRODUCT, CAMPAIGN)) & (visits.product >= 0)
    place = visits.person[shown] * len(NEXT) + NEXT_OF[visits.product[shown]]
    looked = said(place, visits.second[shown], visits.second[shown].astype(np.float64))
    last = looked.last(person * len(NEXT) + family, at * DAY)
    return found | {
        "days_since_page": np.where(at - last / DAY < 60, at - last / DAY, np.nan),
        "life": who.life[person].astype(np.float64),
        "income": np.log(np.maximum(who.income[person], 1)),
        "education": who.education[person].astype(np.float64),
        "age": 2023.0 - who.birth_year[person],
        "digital": who.digital[person],
        "married": (who.marital[person] == 1).astype(np.float64),
        "tenure_months": (at - who.joined[person]) / 30.4,
    }
