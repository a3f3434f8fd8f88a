"""What may be done, by whom, what it costs and what it is expected to save.

All figures here are stated by the bank, none is measured: share of the loss an action saves, hours, outlay.
The action chosen is the cheapest one
that answers the entry's first cause, is not too late for it and whose expected saving exceeds its cost (or,
if the bank says so, the one that saves most beyond its cost). Entries are worked in order
of expected saving per hour of an analyst, as far as a day's hours reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import inf, isfinite
from typing import Any

import numpy as np

from bankmine.errors import ConfigurationError
from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.early_warning.severity import Losses
from bankmine.tasks.early_warning.signals import Origin

ANY = tuple(Origin)
NOTHING = "watch"
CHEAPEST, BEST = "cheapest", "best"
BRANCH, COLLECTIONS, MANAGER = "branch", "collections", "relationship manager"


@dataclass(frozen=True, kw_only=True)
class Action:
    """`saves`: share of the expected loss; `of_undrawn`: of the part that the undrawn lines would add only.
    `answers`: origins of causes it helps with; `hours` of an analyst; `outlay` in major units; `most_late`:
    days past due up to which it makes sense, both ends included."""

    name: str
    words: str
    hours: float
    outlay: float
    saves: float
    answers: tuple[Origin, ...] = ANY
    kind: str = "any"
    most_late: float = inf
    of_undrawn: bool = False


ACTIONS = (
    Action(name="remind", words="Remind of the instalment, offer another due day", hours=0.1, outlay=1,
           saves=0.03, most_late=29, answers=(Origin.CREDIT,)),
    Action(name="freeze", words="Freeze what is undrawn of the lines", hours=0.2, outlay=0, saves=0.9,
           of_undrawn=True, answers=(Origin.CREDIT, Origin.ELSEWHERE, Origin.ACCOUNT)),
    Action(name="call", words="Call: how does it stand, what has changed", hours=0.5, outlay=2, saves=0.06),
    Action(name="plan", words="Agree on a payment plan before the credit falls behind", hours=3, outlay=20,
           saves=0.2, kind="person"),
    Action(name="visit", words="Visit the company, look at its books, agree on a plan", hours=6, outlay=60,
           saves=0.25, kind="company"),
    Action(name="secure", words="Ask for another guarantor or more collateral", hours=5, outlay=150,
           saves=0.3, answers=(Origin.CONNECTED, Origin.SURROUNDINGS)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the bank states: loss, capacity, cost. Money in major units, shares from 0 to 1."""

    losses: Losses = field(default_factory=Losses)
    hour_cost: float = 55.0
    hours_a_day: float = 6.0
    analysts: float = 1.0
    hours_a_case: float = 0.5
    register_share: float = 0.1
    choice: str = CHEAPEST
    actions: tuple[Action, ...] = ACTIONS

    @property
    def day_hours(self) -> float:
        """Hours of all analysts a day."""
        return self.analysts * self.hours_a_day


MAY = {  # figures of an action that a bank may give
    "hours": "a number of hours, 0 or more", "outlay": "an amount in major units, 0 or more",
    "saves": "a share from 0 to 1", "most_late": "a number of days, 0 or more",
    "words": "what is to be done, in words",
}  # fmt: skip
LOSSES = tuple(one.name for one in fields(Losses))
SHARES = (*LOSSES, "register_share")
NUMBERS = ("hour_cost", "hours_a_day", "analysts", "hours_a_case")


def terms_of(settings: Mapping[str, Any]) -> Terms:
    """The bank's settings over the usual ones; ConfigurationError for a value that cannot be meant."""
    made = Terms()
    for name in (*SHARES, *NUMBERS):
        if name not in settings:
            continue
        value = settings[name]
        good = _number(value) and value > 0
        if not good or (name in SHARES and value > 1):
            allowed = "a share above 0, up to 1" if name in SHARES else "a number above 0"
            raise ConfigurationError(f"tasks.early_warning.{name} is {value!r}", hint=f"Give {allowed}.")
        if name in LOSSES:
            made = replace(made, losses=replace(made.losses, **{name: float(value)}))
        else:
            given: dict[str, Any] = {name: float(value)}
            made = replace(made, **given)
    choice = settings.get("choice", CHEAPEST)
    if choice not in (CHEAPEST, BEST):
        raise ConfigurationError(
            f"tasks.early_warning.choice is {choice!r}", hint=f"Give {CHEAPEST} or {BEST}."
        )
    return replace(made, choice=choice, actions=_actions(settings.get("actions", {})))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _actions(given: Any) -> tuple[Action, ...]:
    """The shipped actions with the figures a bank gives for some of them."""
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"tasks.early_warning.actions is {given!r}",
            hint="Write actions.call = {hours = 0.5, saves = 0.06}.",
        )
    known = {one.name: one for one in ACTIONS}
    for name, figures in given.items():
        if name not in known:
            raise ConfigurationError(
                f"tasks.early_warning.actions has {name!r}", hint=f"There are {', '.join(known)}."
            )
        if not isinstance(figures, Mapping) or set(figures) - set(MAY):
            raise ConfigurationError(
                f"tasks.early_warning.actions.{name} is {figures!r}", hint=f"Give {', '.join(sorted(MAY))}."
            )
        for figure, value in figures.items():
            _refuse_odd(name, figure, value)
        known[name] = replace(known[name], **figures)
    return tuple(known.values())


def _refuse_odd(name: str, figure: str, value: Any) -> None:
    """ConfigurationError for a figure of an action that cannot be meant."""
    if figure == "words":
        good = isinstance(value, str) and bool(value.strip())
    else:
        good = _number(value) and 0 <= value <= (1 if figure == "saves" else inf)
    if not good:
        raise ConfigurationError(
            f"tasks.early_warning.actions.{name}.{figure} is {value!r}", hint=f"Give {MAY[figure]}."
        )


@dataclass(frozen=True)
class Choice:
    """What is done about each entry: the action (−1 for watching only), cost, expected saving, hours."""

    action: Ints
    cost: Floats
    saving: Floats
    hours: Floats

    @property
    def worth_an_hour(self) -> Floats:
        """Expected saving less cost, for each hour; 0 where nothing is done."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.action >= 0, (self.saving - self.cost) / self.hours, 0.0)


def choose(
    chance: Floats, lost: Floats, lost_undrawn: Floats, days_past_due: Floats,
    origin: Sequence[Origin | None], company: Any, terms: Terms, minor: int,
) -> Choice:  # fmt: skip
    """For each entry the cheapest action that answers its cause, is not too late and saves more than it
    costs; with the choice "best" the one that saves most beyond its cost.

    `chance` of default within twelve months; money in minor units, `minor` of them a major one. An entry
    without a cause among the signals takes actions that answer any.
    """
    count = len(chance)
    action, cost = np.full(count, -1, dtype=np.int64), np.zeros(count)
    saving, hours = np.zeros(count), np.full(count, terms.hours_a_case)
    prices = [(one.hours + terms.hours_a_case) * terms.hour_cost + one.outlay for one in terms.actions]
    for place in np.argsort(prices, kind="stable")[::-1]:
        one, price = terms.actions[place], prices[place] * minor
        base = lost_undrawn if one.of_undrawn else lost
        saved = chance * base * one.saves
        fits = np.array([_answers(one, cause) for cause in origin], dtype=np.bool_)
        fits &= (one.kind == "any") | (np.asarray(company) == (one.kind == "company"))
        fits &= days_past_due <= one.most_late
        take = fits & (saved > price)
        if terms.choice == BEST:
            take &= saved - price > saving - cost
        action[take], cost[take], saving[take] = place, price, saved[take]
        hours[take] = one.hours + terms.hours_a_case
    return Choice(action, cost, saving, hours)


def _answers(action: Action, cause: Origin | None) -> bool:
    return cause in action.answers if cause is not None else action.answers == ANY


def days_of_work(order: Ints, hours: Floats, day_hours: float) -> Ints:
    """The working day (1, 2, …) on which each entry is done when worked in `order`; a case is not split
    unless it is longer than a day's hours."""
    found, day, left = np.zeros(len(hours), dtype=np.int64), 1, day_hours
    for place in order:
        if hours[place] > left and left < day_hours:
            day, left = day + 1, day_hours
        found[place] = day
        left -= hours[place]
        while left < 0:
            day, left = day + 1, left + day_hours
    return found


def owner_of(company: bool, days_past_due: float, branch: str | None, manager: str | None) -> str:
    """Whose it is: who is 30 days late is collections', companies are the manager's, others the branch's."""
    if days_past_due >= 30:
        return COLLECTIONS
    if company:
        return f"{MANAGER} {manager}" if manager else MANAGER
    return f"{BRANCH} {branch}" if branch else BRANCH
