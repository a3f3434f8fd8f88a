"""Why a customer wants the next product: life events meet circumstances, and weeks later there is a wish.

No event and no trait says much alone: a windfall goes into a fund only where someone is educated and
digital, into a deposit only where someone is prudent; a child leads to insurance only where the income
carries it. Each also happens to people who then take nothing. A taste nobody can read adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.simulation.catalogue import NEXT
from bankmine.simulation.frame import Floats, Frame
from bankmine.simulation.life import KINDS, Life
from bankmine.simulation.people import People

AHEAD = 3  # months a wish is foreseen for
_FROM, _PEAK, _FADES, _OVER = 0.2, 1.0, 5.0, 9.0  # months after an event
# log-odds of a wish in a month without any cause, by family of NEXT
_BASE = (-6.9, -7.7, -7.2, -7.1, -7.6, -7.8, -7.3)
_TASTE = 0.5


@dataclass(frozen=True)
class Traits:
    """Circumstances between 0 and 1, shape (n,); `wealthy` and `modest` are about income."""

    wealthy: Floats
    modest: Floats
    educated: Floats
    digital: Floats
    prudent: Floats
    careless: Floats
    young: Floats
    old: Floats
    company: Floats


def traits_of(who: People) -> Traits:
    """Soft steps, so that no threshold gives a group away."""
    income = np.log(np.maximum(who.income, 1) / 100)
    age = 2024 - who.birth_year
    return Traits(
        wealthy=_step(income, np.log(4800), 0.18), modest=_step(-income, -np.log(3600), 0.18),
        educated=_step(who.education, 1.5, 0.2), digital=_step(who.digital, 0.62, 0.06),
        prudent=_step(who.prudence, 0.68, 0.05), careless=_step(-who.prudence, -0.62, 0.05),
        young=_step(-age, -36, 2.0), old=_step(age, 55, 2.0), company=who.company.astype(np.float64),
    )  # fmt: skip


def _step(value: Any, middle: float, width: float) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-(value - middle) / width)))


def ages(frame: Frame, who: People, life: Life) -> dict[str, Floats]:
    """Months since the last event of each kind at each month's start, (n, months); inf before the first."""
    start = frame.month_start[:-1]
    found = {}
    for kind in KINDS:
        events = life.events.of(kind)
        last = np.full((who.count, frame.months + 1), -np.inf)
        np.maximum.at(last, (events.person, frame.month_at(events.day) + 1), events.day)
        last = np.maximum.accumulate(last, axis=1)[:, :-1]
        found[kind] = (start - last) / 30.4
    return found


def _fresh(age: Floats) -> Floats:
    """How much an event moves someone: weeks later most, after nine months not at all."""
    rise, fall = (age - _FROM) / (_PEAK - _FROM), (_OVER - age) / (_OVER - _FADES)
    return np.clip(np.minimum(rise, fall), 0.0, 1.0)


def log_odds(
    frame: Frame, who: People, since: dict[str, Floats], taste: Floats, ahead: int = 0
) -> list[Floats]:
    """Log-odds of forming a wish in each month, by family of NEXT, each (n, months).

    `ahead`: that many months later, with no further event than those before the month's start.
    """
    trait = traits_of(who)
    fresh = {kind: _fresh(since[kind] + ahead) for kind in _USED}
    weight = frame.scenario.product.life_events
    base = np.log(max(frame.scenario.product.base, 1e-9))
    made = []
    for place, family in enumerate(NEXT):
        steady, causes = _causes(family, trait)
        level = _BASE[place] + base + steady + taste[:, place]
        value = np.repeat(level[:, None], since["child"].shape[1], axis=1)
        for kind, strength in causes:
            value += weight * strength[:, None] * fresh[kind]
        made.append(value)
    return made


_USED = ("windfall", "child", "marriage", "home", "move", "new_job", "retirement", "job_loss", "leave")


def alike(one: Floats, other: Floats) -> Floats:
    """1 where both circumstances hold or neither does, 0 where one alone does; neither tells it alone."""
    return one * other + (1 - one) * (1 - other)


def _causes(family: str, t: Traits) -> tuple[Floats, list[tuple[str, Floats]]]:
    """What is always there, and what an event adds (log-odds at its freshest); products of circumstances."""
    if family == "savings":
        return 2.3 * alike(t.prudent, t.young), [
            ("marriage", 3.2 * t.prudent), ("child", 3.6 * t.prudent * t.wealthy),
            ("new_job", 2.8 * alike(t.young, t.prudent)), ("windfall", 3.4 * alike(t.educated, t.prudent)),
        ]  # fmt: skip
    if family == "deposit":
        return 3.0 * alike(t.prudent, t.old) + 0.9 * t.company, [
            ("windfall", 4.8 * t.prudent * (1 - 0.6 * t.educated * t.digital)),
            ("retirement", 4.2 * t.prudent), ("home", 3.2 * t.old * t.prudent),
            ("new_job", 2.8 * t.old * t.prudent),
        ]  # fmt: skip
    if family == "card":
        return 2.9 * alike(t.digital, t.wealthy), [
            ("new_job", 3.6 * alike(t.digital, t.prudent)), ("move", 2.8 * alike(t.digital, t.wealthy)),
            ("marriage", 2.4 * t.wealthy),
        ]  # fmt: skip
    if family == "insurance":
        return 2.2 * alike(t.wealthy, 1 - t.young), [
            ("child", 4.2 * t.wealthy), ("home", 4.0 * alike(t.prudent, t.wealthy)),
            ("marriage", 3.0 * alike(t.wealthy, t.prudent)), ("new_job", 2.6 * alike(t.old, t.wealthy)),
        ]  # fmt: skip
    if family == "fund":
        return 2.4 * alike(t.educated, t.digital) + 0.4 * t.wealthy, [
            ("windfall", 5.2 * t.educated * t.digital), ("new_job", 3.2 * alike(t.educated, t.wealthy)),
            ("retirement", 2.8 * t.educated),
        ]  # fmt: skip
    if family == "loan":
        return 3.3 * alike(t.careless, t.young) + 0.8 * t.company, [
            ("move", 4.0 * alike(t.modest, t.young)), ("child", 4.2 * t.modest),
            ("home", 4.2 * t.careless), ("job_loss", 3.2 * t.careless),
            ("leave", 2.8 * t.careless * t.modest), ("marriage", 3.6 * alike(t.careless, t.modest)),
        ]  # fmt: skip
    return 2.0 * alike(t.wealthy, t.young) - 4.0 * t.company, [
        ("home", 5.4 * alike(t.young, 1 - t.wealthy)), ("child", 3.0 * t.wealthy * t.young),
        ("marriage", 3.4 * alike(t.wealthy, t.prudent)), ("move", 2.6 * alike(t.wealthy, t.young)),
    ]  # fmt: skip


def tastes(frame: Frame, who: People) -> Floats:
    """What each customer likes anyway, (n, families of NEXT); written nowhere."""
    return _TASTE * frame.random(who.community, "tastes").normal(size=(who.count, len(NEXT)))
