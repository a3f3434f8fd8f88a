"""What happens to the people of a community before the bank sees any of it: work, family, moves, income.

Events arrive as independent renewal processes whose rates depend on the way of life, the region's
unemployment and the regime; income follows from them month by month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bankmine.simulation.frame import EMPLOYERS, NEVER, REGIONS, Floats, Frame, Ints, Truth
from bankmine.simulation.people import COMPANY, FIRST_EMPLOYER, People

KINDS = ("job_loss", "new_job", "marriage", "child", "move", "home", "retirement", "windfall", "leave")
# Events a year by way of life, in the order of people.LIVES.
_RATES = {
    "job_loss": (0.03, 0.05, 0.04, 0.02, 0.0, 0.06, 0.0),
    "new_job": (0.10, 0.18, 0.08, 0.06, 0.0, 0.12, 0.0),
    "marriage": (0.01, 0.09, 0.01, 0.01, 0.0, 0.03, 0.02),
    "child": (0.0, 0.06, 0.09, 0.02, 0.0, 0.03, 0.04),
    "move": (0.15, 0.12, 0.05, 0.04, 0.03, 0.14, 0.06),
    "home": (0.0, 0.04, 0.05, 0.03, 0.0, 0.02, 0.03),
    "retirement": (0.0, 0.0, 0.0, 0.03, 0.0, 0.0, 0.02),
    "windfall": (0.01, 0.03, 0.03, 0.08, 0.04, 0.02, 0.05),
    "leave": (0.0, 0.05, 0.08, 0.03, 0.0, 0.04, 0.0),
}
_AT_MOST = 5  # events of one kind and customer
_SPELL = {"job_loss": 130.0, "leave": 65.0}  # mean days without a wage


@dataclass(frozen=True)
class Events:
    """Life events, one place each, ordered by (person, day). `person` is the place in the community.

    `amount`: cents (windfall, price of a home) or 0. `detail`: the new region of a move, the raw number of
    the new employer of a new job, the days of a spell of job loss or leave; else 0.
    """

    person: Ints
    day: Ints
    kind: Ints
    amount: Ints
    detail: Ints

    def of(self, kind: str) -> Events:
        """Those of one kind."""
        here = self.kind == KINDS.index(kind)
        return Events(
            self.person[here], self.day[here], self.kind[here], self.amount[here], self.detail[here]
        )


@dataclass(frozen=True)
class Life:
    """`wage` (n, months): cents of wage or pension paid in that month, 0 without work; irregular for the
    self-employed, 0 for companies. `employed` (n, months): has work at the month's pay day (true for
    pensioners). `spells`: events that stop the wage. `region` (n, months): where the customer really lives.
    """

    events: Events
    wage: Ints
    employed: Truth
    region: Ints


def life_of(frame: Frame, who: People) -> Life:
    """Draws the events of one community and the income that follows."""
    events = _events(frame, who)
    pay = frame.month_start[:-1][None, :] + who.pay_day[:, None] - 1
    employed = _employed(who, events, pay)
    return Life(events, _wage(frame, who, events, pay, employed), employed, _regions(frame, who, events))


def _events(frame: Frame, who: People) -> Events:
    found: list[tuple[Ints, ...]] = []
    own = np.minimum(who.life, COMPANY - 1)
    for number, kind in enumerate(KINDS):
        draw = frame.random(who.community, f"life {kind}")
        rate = np.where(who.company, 0.0, np.array(_RATES[kind])[own])
        if kind == "job_loss":
            rate = rate * (frame.unemployment[who.region, 0] / 0.035)
        gaps = draw.exponential(1.0, (who.count, _AT_MOST)) * (365.0 / np.maximum(rate, 1e-9))[:, None]
        day = np.cumsum(gaps, axis=1)
        if kind == "job_loss" and frame.regime_day < NEVER:
            faster = frame.regime_day + (day - frame.regime_day) / frame.scenario.regime.unemployment
            day = np.where(day > frame.regime_day, faster, day)
        person, place = np.nonzero(day < frame.days)
        found.append((person, day[person, place].astype(np.int64), np.full(person.size, number),
                      *_details(kind, who, person, place, draw)))  # fmt: skip
    found.append(_failures(frame, who))
    person, day, kinds, amount, detail = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((kinds, day, person))
    return Events(*(column[order].astype(np.int64) for column in (person, day, kinds, amount, detail)))


def _details(
    kind: str, who: People, person: Ints, place: Ints, draw: np.random.Generator
) -> tuple[Ints, Ints]:
    """Amount and detail of each event; drawn for all that could happen, so that no draw shifts another."""
    none, shape = np.zeros(person.size, dtype=np.int64), (who.count, _AT_MOST)
    if kind == "windfall":
        times = np.exp(1.2 + 0.8 * draw.normal(size=shape))[person, place]
        return (who.income[person] * times).astype(np.int64), none
    if kind == "home":
        times = draw.uniform(50, 110, shape)[person, place]
        return (who.income[person] * times).astype(np.int64), none
    if kind == "move":
        return none, draw.integers(0, len(REGIONS), shape)[person, place]
    if kind == "new_job":
        return none, FIRST_EMPLOYER + draw.integers(0, EMPLOYERS, shape)[person, place]
    if kind in _SPELL:
        return none, np.maximum(20, draw.gamma(2.0, _SPELL[kind] / 2, shape)[person, place]).astype(np.int64)
    return none, none


def _failures(frame: Frame, who: People) -> tuple[Ints, ...]:
    """Whose employer fails loses the job within weeks."""
    draw = frame.random(who.community, "life failure")
    day = who.employer_fails + draw.integers(3, 30, who.count)
    spell = np.maximum(20, draw.gamma(2.0, _SPELL["job_loss"] / 2, who.count)).astype(np.int64)
    person = np.flatnonzero(~who.company & (who.employer > 0) & (day < frame.days))
    none = np.zeros(person.size, dtype=np.int64)
    return person, day[person], none + KINDS.index("job_loss"), none, spell[person]


def _employed(who: People, events: Events, pay: Ints) -> Truth:
    employed = np.ones(pay.shape, dtype=np.bool_)
    for kind in _SPELL:
        spell = events.of(kind)
        for person, day, length in zip(spell.person, spell.day, spell.detail, strict=True):
            employed[person] &= (pay[person] < day) | (pay[person] >= day + length)
    return employed & ~who.company[:, None]


def _wage(frame: Frame, who: People, events: Events, pay: Ints, employed: Truth) -> Ints:
    """Pay with a yearly rise, steps at new jobs and retirement; the self-employed earn by fits and starts."""
    draw = frame.random(who.community, "wage")
    level = 1.03 ** (np.arange(frame.months) // 12) * np.ones(pay.shape)
    for kind, low, high in (("new_job", 1.04, 1.25), ("retirement", 0.45, 0.65)):
        step = events.of(kind)
        rises = draw.uniform(low, high, who.count)
        for person, day, times in zip(step.person, step.day, rises[step.person], strict=True):
            level[person] *= np.where(pay[person] >= day, times, 1.0)
    noise = np.exp(draw.normal(0, 0.55, (who.count, 120)))[:, : frame.months]
    small = 1.0 + draw.normal(0, 0.012, (who.count, 120))[:, : frame.months]
    irregular = (who.life == 6)[:, None]
    wage = who.income[:, None] * level * np.where(irregular, noise, small)
    works = employed & ((who.employer > 0) | np.isin(who.life, (0, 4, 6)))[:, None]
    return np.where(works, np.rint(wage), 0).astype(np.int64)


def _regions(frame: Frame, who: People, events: Events) -> Ints:
    region = np.repeat(who.region[:, None], frame.months, axis=1)
    moves = events.of("move")
    for person, day, there in zip(moves.person, moves.day, moves.detail, strict=True):
        region[person, frame.month_start[:-1] > day] = there
    return region


def months_since(events: Events, kind: str, *, frame: Frame, people: int) -> Floats:
    """Months from the last event of a kind to the start of each month, shape (people, months); inf before."""
    chosen = events.of(kind)
    since = np.full((people, frame.months), np.inf)
    for person, day in zip(chosen.person, chosen.day, strict=True):
        after = frame.month_start[:-1] > day
        since[person, after] = (frame.month_start[:-1][after] - day) / 30.4
    return since
