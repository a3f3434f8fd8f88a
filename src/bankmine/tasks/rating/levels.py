"""The level of loans' chances: moved so that as many loans are said to default as did.

A grade is calibrated to customers, of whom one defaults where any of the loans does; the chance a loan gets
from it need not be right for loans, and money is lost by loans, most of it by the large ones. So log-odds are
moved by one number for all loans, then for each kind (persons, companies), form (with instalments, lines) and
size (the larger loans hold half of the money). Each step goes as far as its defaults are to be believed: came
over said, both with PRIOR defaults added (the mean of a gamma posterior around 1; Bühlmann's credibility),
as many times as a loan is seen at cutoffs on average. Fitted on loans whose year is over and that the model
did not learn from; how far the chances are right is told on other loans than those that fitted them:
these are of earlier years where the record is long enough, else other customers' of the tested year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bankmine.engine.session import Session
from bankmine.evaluation.intervals import mean_interval
from bankmine.evaluation.master_scale import jeffreys_interval, log_odds, moved, shift
from bankmine.tasks.behaviour_score.question import FOLDER as LOANS
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.rating.obligors import COMPANY, PERSON
from bankmine.tasks.sql import statement

ALL, SMALLER, LARGER, LINES = "all loans", "smaller loans", "larger loans", "lines of credit"
PRIOR = 5.0  # defaults that came as said, added to those of each group
LEAST_TO_JUDGE = 10  # defaults said or come from which said against came is judged
FITS, TOO_LOW, TOO_HIGH, TOO_FEW = "fits", "too low", "too high", "too few"


@dataclass(frozen=True)
class Kinds:
    """Of which kind customers are and of which form loans; ids ascend."""

    company: Ints
    line: Ints

    def of(self, customer: Ints, loan: Ints) -> tuple[Truth, Truth]:
        """Which rows are of companies, and which of lines."""
        return np.isin(customer, self.company), np.isin(loan, self.line)


def kinds_and_lines(bank: Bank, kinds: Mapping[int, str]) -> Kinds:
    """From the kinds of customers, and the loans as known at the run's cutoff."""
    with Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory) as session:
        found = session.arrow(statement(LOANS, "kinds"))
    loan = np.asarray(found.column("loan_id").to_numpy(), dtype=np.int64)
    line = np.asarray(found.column("is_line").to_numpy(zero_copy_only=False), dtype=np.bool_)
    company = [one for one, kind in kinds.items() if kind == COMPANY]
    return Kinds(np.sort(np.array(company, dtype=np.int64)), np.sort(loan[line]))


@dataclass(frozen=True)
class LoanRows:
    """Loans at cutoffs, what was owed (minor units), the chance their customer's grade gave them and what
    came; shape (rows,)."""

    loan: Ints
    customer: Ints
    cutoff: Ints
    owed: Floats
    chance: Floats
    bad: Truth

    def __len__(self) -> int:
        return len(self.loan)


class Seen(Protocol):
    """What became of loans: whether they defaulted, and what was owed then; shape (loans,)."""

    @property
    def bad(self) -> Truth: ...
    @property
    def owed(self) -> Floats: ...


@dataclass(frozen=True)
class Level:
    """A group's level: its rows, those that defaulted, the sum of their chances before and after, and by how
    much its log-odds are moved."""

    kind: str
    form: str
    rows: int
    defaults: int
    said: float
    after: float
    by: float


@dataclass(frozen=True)
class Levels:
    """The level of each kind and form; loans with instalments that owe `large` minor units or more are the
    larger ones."""

    kinds: Kinds
    large: float
    levels: tuple[Level, ...]

    def of(self, customer: Ints, loan: Ints, owed: Floats, chance: Floats) -> Floats:
        """The chances moved; 0 and 1 stay."""
        made = np.array(chance, dtype=np.float64)
        inside = (made > 0) & (made < 1)
        groups = groups_of(self.kinds, self.large, customer, loan, owed)
        for one in self.levels:
            rows = groups[one.kind] & groups[one.form] & inside
            made[rows] = moved(log_odds(made[rows]), one.by)
        return made


def groups_of(kinds: Kinds, large: float, customer: Ints, loan: Ints, owed: Floats) -> dict[str, Truth]:
    """Which loans belong to each kind and to each form."""
    company, line = kinds.of(customer, loan)
    return {
        PERSON: ~company, COMPANY: company, SMALLER: ~line & (owed < large), LARGER: ~line & (owed >= large),
        LINES: line,
    }  # fmt: skip


def levels_of(rows: LoanRows, kinds: Kinds) -> Levels:
    """The level of each kind and form, fitted on rows with known outcome."""
    large = _half_of_the_money(rows.owed[~np.isin(rows.loan, kinds.line)])
    groups = groups_of(kinds, large, rows.customer, rows.loan, rows.owed)
    odds, odds_before = log_odds(rows.chance), log_odds(rows.chance)
    times = len(rows) / max(len(np.unique(rows.loan)), 1)
    forms = [(kind, form) for kind in (PERSON, COMPANY) for form in (SMALLER, LARGER, LINES)]
    steps = [np.ones(len(rows), np.bool_), groups[PERSON], groups[COMPANY]]
    by = np.zeros(len(forms))
    for step, mask in enumerate([*steps, *(groups[kind] & groups[form] for kind, form in forms)]):
        move = _move(odds[mask], rows.bad[mask], PRIOR * times)
        odds[mask] += move
        of = slice(None) if step == 0 else slice(3 * step - 3, 3 * step) if step < 3 else step - 3
        by[of] += move
    made = []
    for (kind, form), move in zip(forms, by.tolist(), strict=True):
        mask = groups[kind] & groups[form]
        before, after = (float(moved(each[mask], 0.0).sum()) for each in (odds_before, odds))
        made.append(Level(kind, form, int(mask.sum()), int(rows.bad[mask].sum()), before, after, move))
    return Levels(kinds, large, tuple(made))


def _half_of_the_money(owed: Floats) -> float:
    """The amount from which on loans hold half of what is owed; infinite without loans."""
    if not len(owed):
        return float("inf")
    up = np.sort(owed)
    return float(up[np.searchsorted(np.cumsum(up), up.sum() / 2)])


def _move(odds: Floats, bad: Truth, prior: float) -> float:
    """By how much log-odds move: to the mean chance times came over said, with `prior` defaults added to
    both."""
    if not len(odds):
        return 0.0
    chance = moved(odds, 0.0)
    ratio = (float(bad.sum()) + prior) / (float(chance.sum()) + prior)
    return shift(chance, float(np.clip(chance.mean() * ratio, 1e-9, 1 - 1e-9)))


def said_and_came(
    levels: Levels, loan: Ints, customer: Ints, drawn: Floats, chance: Floats, exposure: Floats, seen: Seen,
    seed: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Defaults said and come, by count and by money, of all loans, then of each kind and form that has any.

    `drawn` is what was owed at the cutoff, `exposure` what was said to be owed at default; 95 % intervals of
    what came resample customers, that of the count is Jeffreys' where that is wider.
    """
    groups = groups_of(levels.kinds, levels.large, customer, loan, drawn)
    names = {PERSON: "persons", COMPANY: "companies"}
    parts = {ALL: np.ones(len(loan), np.bool_)} | {names.get(one, one): mask for one, mask in groups.items()}
    return [
        {
            "group": name,
            **_compared(customer[mask], chance[mask], exposure[mask], seen.bad[mask], seen.owed[mask], seed),
        }
        for name, mask in parts.items()
        if mask.any() and (name == ALL or not mask.all())
    ]


def _compared(
    customer: Ints, chance: Floats, exposure: Floats, bad: Truth, owed: Floats, seed: int
) -> dict[str, Any]:
    count, money = _sum(customer, bad.astype(np.float64), seed), _sum(customer, owed, seed)
    low, high = (len(bad) * one for one in jeffreys_interval(int(bad.sum()), len(bad)))
    said, came = float(chance.sum()), int(bad.sum())
    found: dict[str, Any] = {
        "loans": len(bad), "said": said, "came": came, "low": min(low, count[0]), "high": max(high, count[1]),
        "said_minor": float((chance * exposure).sum()), "came_minor": float(owed.sum()),
        "low_minor": money[0], "high_minor": money[1],
    }  # fmt: skip
    few = max(said, came) < LEAST_TO_JUDGE
    found["by_count"] = TOO_FEW if few else judged(said, found["low"], found["high"])
    found["by_money"] = TOO_FEW if few else judged(found["said_minor"], *money)
    return found


def judged(said: float, low: float, high: float) -> str:
    """Whether what was said lies in the interval of what came."""
    return TOO_LOW if said < low else TOO_HIGH if said > high else FITS


def _sum(customer: Ints, values: Floats, seed: int) -> tuple[float, float]:
    """The 95 % interval of a sum over loans, customers resampled."""
    _, place = np.unique(customer, return_inverse=True)
    own = np.bincount(place, weights=values)
    mean = mean_interval(own, name="sum", random_state=seed)
    return mean.low * len(own), mean.high * len(own)
