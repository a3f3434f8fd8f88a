"""Why credits go bad: what each cause adds to the monthly log-odds that a borrower stops paying.

Fixed at granting: over-borrowing (enquiries no loan followed, times the burden), the order of pairs in the
bureau history (times the burden), what the purpose text says (times how modest the income is), age and
income far from the middle, prudence. Moving month by month: a lost wage times how thin the savings are, a
guarantor in default, an employer about to fail, and the age of the credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bankmine.simulation.credit.applications import RISKY_FROM, Applications
from bankmine.simulation.credit.bureau import Findings
from bankmine.simulation.credit.requests import HONEST, MORTGAGE, Requests
from bankmine.simulation.frame import Floats, Frame, Ints, Truth
from bankmine.simulation.keyed import Keyed
from bankmine.simulation.people import People

BASE = -6.95  # log-odds a month without any cause
MOST_CHANCE = 0.9  # no month is worse than that
_LOST_WAGE, _GUARANTOR, _EMPLOYER, _COMPANY = 4.2, 2.4, 1.8, 3.0
TROUBLE_DAYS = 75  # an employer's failure casts its shadow so long before
_SHADOW_DAYS = 150  # and after
_FALSE = 12.0
_HELD = 0.9  # of credit held before the period, of which no form tells anything
_FORTUNE = 1.0  # what nobody knows of a borrower, standard deviation of log-odds


class Balances(Protocol):
    """What is asked of the accounts: place of the owner, first day, comfortable balance in cents."""

    @property
    def owner(self) -> Ints: ...
    @property
    def opened(self) -> Ints: ...
    @property
    def target(self) -> Ints: ...


@dataclass(frozen=True)
class Causes:
    """Shape (a,) each, log-odds: what is fixed at granting; `thin`: how little savings soften a lost wage."""

    over_borrowing: Floats
    order: Floats
    text: Floats
    age: Floats
    income: Floats
    trait: Floats
    false: Floats
    thin: Floats

    @property
    def total(self) -> Floats:
        """Sum of all that is fixed at granting."""
        return self.over_borrowing + self.order + self.text + self.age + self.income + self.trait + self.false


def savings_months(who: People, acc: Balances) -> Floats:
    """What each customer is comfortable to have on the accounts of the start, in months of income, (n,)."""
    first = acc.opened <= np.maximum(who.joined[acc.owner], 0)
    total = np.bincount(acc.owner, weights=acc.target * first, minlength=who.count)
    return np.asarray(total / np.maximum(who.income, 1))


def heavy(burden: Floats) -> Floats:
    """How heavy an instalment weighs, 0 (light) to 1.5."""
    return np.clip((burden - 0.10) / 0.25, 0.0, 1.5)


def age_at(who: People, person: Ints, day: Ints) -> Floats:
    """Age in years."""
    return 2023.0 + day / 365.25 - who.birth_year[person]


def age_shape(age: Floats) -> Floats:
    """The young and the old stop paying more often than those between."""
    return 1.2 * np.minimum(((age - 43) / 19) ** 2, 2.2) - 0.9


def income_shape(income: Floats) -> Floats:
    """So do those who earn far less, or far more and irregularly, than usual."""
    return 0.7 * np.minimum((np.log(np.maximum(income, 1) / 470_000) / 0.6) ** 2, 2.2) - 0.5


def causes_of(
    frame: Frame, who: People, asked: Requests, forms: Applications, found: Findings, savings: Floats
) -> Causes:
    """What is fixed at granting; credit held before the period has no form, text or report.

    `savings`: in months of income.
    """
    weight = frame.scenario.default
    shown = (~asked.held).astype(np.float64)
    person = asked.person
    modest = np.clip(1.5 - forms.income / 600_000, 0.25, 1.3)
    heavily = heavy(forms.burden)
    lots = Keyed(frame.random(who.community, "fortune"))
    company = who.company[person]
    return Causes(
        over_borrowing=shown
        * weight.over_borrowing
        * 1.0
        * np.minimum(found.unresolved, 3)
        * (0.15 + heavily),
        order=shown * weight.order * 1.05 * found.order * (0.35 + heavily),
        text=shown * weight.text * 1.9 * (forms.intent >= RISKY_FROM) * modest,
        age=np.where(company, 0.0, age_shape(age_at(who, person, asked.day))),
        income=np.where(company, 0.0, income_shape(forms.income)),
        trait=-2.0 * (who.prudence[person] - 0.667)
        + _FORTUNE * lots.normal("fortune", asked.key)
        + np.where(asked.held, _HELD, 0.0),
        false=np.where(asked.false > HONEST, _FALSE, 0.0),
        thin=np.clip(1.25 - 0.55 * np.log1p(savings), 0.05, 1.2),
    )


def moving(frame: Frame, who: People, asked: Requests, causes: Causes, lost: Truth, begun: Ints) -> Floats:
    """Log-odds by month, (a, months), all but contagion by guarantors. `begun`: month of granting (< 0
    before the period)."""
    value = lost_wage_weight(frame) * causes.thin[:, None] * lost[asked.person]
    value = value + employer_shadow(frame, who, asked.person)
    months = np.arange(frame.months)[None, :] - begun[:, None]
    return np.asarray(value + seasoning(months, asked.family[:, None]))


def employer_shadow(frame: Frame, who: People, person: Ints) -> Floats:
    """Log-odds that a failing employer adds at each month's start, (a, months): wages come late before it
    fails. A company is its own."""
    after = frame.month_start[:-1][None, :] - who.employer_fails[person][:, None]
    near = (after > -TROUBLE_DAYS) & (after < _SHADOW_DAYS)
    strength = np.where(who.company[person], _COMPANY, _EMPLOYER)[:, None]
    return np.asarray(frame.scenario.default.contagion * strength * near)


def seasoning(months: Ints, family: Ints) -> Floats:
    """Credits that have been paid for long are safer; a home is paid for first."""
    by_age = np.where(months <= 12, 0.0, np.where(months <= 24, -0.1, -0.2))
    return np.asarray(by_age - 0.3 * (family == MORTGAGE))


def guarantor_fell(frame: Frame, forms: Applications, asked: Requests, people: int, bad: Ints) -> Truth:
    """Whether the guarantor was in default in the year before each month's start, (a, months). `bad`: day
    each credit was 90 days past due or NEVER."""
    first = np.full(people + 1, 2**40)
    np.minimum.at(first, asked.person, bad)
    day = np.where(forms.guarantor >= 0, first[forms.guarantor], 2**40)[:, None]
    start = frame.month_start[:-1][None, :]
    return np.asarray((day < start) & (start - day <= 365))


def chance_of(frame: Frame, log_odds: Floats) -> Floats:
    """Monthly chance to stop paying; the scenario's base multiplies the odds."""
    base = BASE + np.log(max(frame.scenario.default.base, 1e-9))
    return np.asarray(np.minimum(1.0 / (1.0 + np.exp(-(base + log_odds))), MOST_CHANCE))


def guarantor_weight(frame: Frame) -> float:
    """Log-odds a fallen guarantor adds."""
    return _GUARANTOR * frame.scenario.default.contagion


def lost_wage_weight(frame: Frame) -> float:
    """Log-odds a lost wage adds, times how thin the savings are."""
    return _LOST_WAGE * frame.scenario.default.income_loss
