"""Loss given default and conversion of unused lines, measured where the bank has work-outs, else stated.

A default that began `workout_months` ago or earlier is known: what was written off, less what came back
(counted less the later it came), as a share of what was owed when it began; paid again is a loss of 0. Those
still open then, and all that began later, are counted and left out. Taking defaults by when they began, not
by when they ended, keeps quick cures from being counted too often. A loss is averaged over defaults, as
Basel CRE36 asks. The sale of collateral is part of what came back: the bank's records do not tell it apart.

A loan that defaults again counts again, unless less than nine months after it was paid again: then both are
one default (EBA GL/2017/16, paragraph 101). A restructuring alone ends no default; a payment that leaves
nothing past due does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.engine.session import Session
from bankmine.evaluation.intervals import mean_interval, summarise
from bankmine.tasks.behaviour_score.rows import moment
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.rating.exposure import BUCKETS, FOLDER, Loans, buckets, covered_by, numbers
from bankmine.tasks.rating.settings import Settings
from bankmine.tasks.sql import micros, statement

WRITTEN_OFF, PAID_AGAIN, OPEN = "written off", "paid again", "open"
NEVER = np.iinfo(np.int64).max
_RESAMPLES = 200


@dataclass(frozen=True)
class Spells:
    """When customers' loans were in default, one row a spell; µs. `since` is when it had begun and was known,
    `until` when its end was, NEVER where there is none."""

    customer: Ints
    since: Ints
    until: Ints

    def at(self, when: int) -> Ints:
        """Customers, ascending, with a loan in default or written off at an instant, as known then."""
        return np.unique(self.customer[(self.since <= when) & (when < self.until)])

    def hit(self, customer: Ints, when: Ints) -> Truth:
        """Which rows (customer, instant) are of customers in default at their instant."""
        made = np.zeros(len(customer), np.bool_)
        for one in np.unique(when).tolist():
            here = when == one
            made[here] = np.isin(customer[here], self.at(one))
        return made

    def begun(self, since: int) -> Ints:
        """Customers, ascending, with a spell that began at an instant or later."""
        return np.unique(self.customer[self.since >= since])


@dataclass(frozen=True)
class Defaults:
    """Defaults of loans known at an instant, ascending by loan and begin; money in minor units.

    `recovered` is discounted to the default, `lost` what was written off less that, from 0 to what was owed.
    `drawn_before` is what of a line was drawn a year earlier, or when it was first seen, `limit` that of
    then; `ended` is NEVER while a default goes on. A default may hold several spells, see the module;
    `spells` has each of its own.
    """

    at: int
    loan: Ints
    customer: Ints
    line: Truth
    began: Ints
    ended: Ints
    owed: Floats
    limit: Floats
    drawn_before: Floats
    written: Floats
    recovered: Floats
    state: Any
    covered: Floats
    spells: Spells

    def take(self, which: Any) -> Defaults:
        """The defaults chosen by positions or a mask; the spells stay."""
        own = [one for one in self.__dataclass_fields__ if one not in ("at", "spells")]
        return replace(self, **{name: getattr(self, name)[which] for name in own})

    @property
    def lost(self) -> Floats:
        """Loss known by now."""
        return np.clip(self.written - self.recovered, 0.0, self.owed)

    @property
    def bucket(self) -> Ints:
        """Coverage by what was owed when the default began."""
        return buckets(self.line, self.owed, self.covered)


@dataclass(frozen=True)
class Loss:
    """The loss of one bucket: share of what is owed, 95 % interval, how many work-outs it rests on.

    `measured` is False where the stated share stands in; `by_money` is the same weighted by what was owed.
    """

    bucket: str
    share: float
    low: float | None
    high: float | None
    workouts: int
    still_open: int
    measured: bool
    by_money: float | None
    stated: float


@dataclass(frozen=True)
class Conversion:
    """Share of an unused line drawn until default, its interval, and how many lines it rests on."""

    share: float
    low: float | None
    high: float | None
    lines: int
    measured: bool
    stated: float


def defaults_at(bank: Bank, at: int, settings: Settings) -> Defaults:
    """All defaults known at an instant."""
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(statement(FOLDER, "defaults"), {"known": moment(at)})
        paid = session.arrow(statement(FOLDER, "recovered"))
        covered = covered_by(session, bank, settings)
        if at == bank.cutoff:
            bank.note("defaults", session.statements)
    ended = _instants(found.column("ended_known"))
    spells = Spells(numbers(found, "customer_id", np.int64), micros(found.column("known")), ended)
    first, last = _one_default(numbers(found, "again", np.bool_))
    loan, began = numbers(found, "loan_id", np.int64)[first], micros(found.column("at"))[first]
    state = np.where(
        numbers(found, "written_off", np.bool_), WRITTEN_OFF, np.where(ended < NEVER, PAID_AGAIN, OPEN)
    )[last]
    made = Defaults(
        at=at, loan=loan, customer=spells.customer[first], line=numbers(found, "is_line", np.bool_)[first],
        began=began, ended=_instants(found.column("ended"))[last], owed=numbers(found, "owed_minor")[first],
        limit=numbers(found, "limit_minor")[first], drawn_before=numbers(found, "drawn_minor")[first],
        written=numbers(found, "written_minor")[last], recovered=_recovered(paid, loan, began, settings),
        state=state.astype(object), covered=np.array([covered.get(one, 0.0) for one in loan.tolist()]),
        spells=spells,
    )  # fmt: skip
    return made.take(made.owed > 0)


def _one_default(again: Truth) -> tuple[Ints, Ints]:
    """The places of the first and the last spell of each default; `again` says that a spell belongs to the
    default of the spell before."""
    first = np.flatnonzero(~again)
    return first, np.append(first[1:], len(again))[: len(first)] - 1


def _instants(column: Any) -> Ints:
    """Instants as µs, NEVER where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    return np.asarray(pc.fill_null(whole, NEVER).to_numpy(), dtype=np.int64)


def _recovered(paid: Any, loan: Ints, began: Ints, settings: Settings) -> Floats:
    """What came back in each default (ascending by loan and begin), each payment discounted to the day the
    loan's latest default began; what came before a first one counts nowhere."""
    made = np.zeros(len(loan))
    who, when = numbers(paid, "loan_id", np.int64), micros(paid.column("at"))
    amount = numbers(paid, "amount_minor")
    low, high = (np.searchsorted(loan, who, side=side) for side in ("left", "right"))
    for row in np.flatnonzero(high > low).tolist():
        place = low[row] + int(np.searchsorted(began[low[row] : high[row]], when[row], side="right")) - 1
        if place >= low[row]:
            years = (when[row] - began[place]) / (365.0 * DAY)
            made[place] += amount[row] / (1 + settings.recovery_rate) ** years
    return made


def barred(loans: Loans, found: Defaults) -> Ints:
    """Customers, ascending, with a running loan in default or with one that was written off: no credit.

    A default that only a restructuring seems to have ended goes on.
    """
    return np.union1d(loans.customer[loans.in_default], found.spells.at(found.at))


def known_workouts(found: Defaults, bank: Bank, settings: Settings) -> tuple[Truth, Truth]:
    """Defaults whose work-out counts, and those old enough for it but open."""
    zone = bank.warehouse.zone
    old = found.began <= zone.months_before(found.at, settings.workout_months)
    return old & (found.state != OPEN), old & (found.state == OPEN)


def losses(found: Defaults, bank: Bank, settings: Settings) -> tuple[Loss, ...]:
    """The loss of each bucket, in the order of BUCKETS."""
    known, still = known_workouts(found, bank, settings)
    unsecured = _usual(found, known & (found.bucket <= 1), settings)
    return tuple(
        _loss(place, found, known & (found.bucket == place), still & (found.bucket == place), unsecured,
              settings, bank.seed)
        for place in range(len(BUCKETS))
    )  # fmt: skip


def _usual(found: Defaults, rows: Truth, settings: Settings) -> float:
    """Loss of what nothing covers: measured where enough is known, else stated."""
    if rows.sum() < settings.least_workouts:
        return settings.loss_share
    return float((found.lost[rows] / found.owed[rows]).mean())


def stated_loss(place: int, unsecured: float, settings: Settings) -> float:
    """The share lost where no work-outs tell: what nothing covers is lost as usual, and never less than the
    least share. Buckets count at the middle of their coverage."""
    covered = (0.0, 0.0, 0.25, 0.75, 1.0)[place]
    return max(settings.least_loss_share, unsecured * (1 - covered)) if covered else unsecured


def _loss(
    place: int, found: Defaults, rows: Truth, still: Truth, unsecured: float, settings: Settings, seed: int
) -> Loss:
    share = found.lost[rows] / found.owed[rows]
    stated = stated_loss(place, unsecured, settings)
    workouts, left = int(rows.sum()), int(still.sum())
    if workouts < settings.least_workouts:
        return Loss(BUCKETS[place], stated, None, None, workouts, left, False, None, stated)
    mean = mean_interval(share, groups=found.customer[rows], name="loss", random_state=seed)
    money = float(found.lost[rows].sum() / found.owed[rows].sum())
    return Loss(
        BUCKETS[place], mean.value, max(0.0, mean.low), min(1.0, mean.high), workouts, left, True, money,
        stated,
    )  # fmt: skip


def conversion(found: Defaults, bank: Bank, settings: Settings) -> Conversion:
    """What of unused lines was drawn until default: all that was added over all that was unused."""
    unused = np.where(found.line, found.limit - found.drawn_before, 0.0)
    rows = unused > 0
    if rows.sum() < settings.least_workouts:
        stated = settings.conversion_factor
        return Conversion(stated, None, None, int(rows.sum()), False, stated)
    free = unused[rows]
    added = np.clip(found.owed[rows] - found.drawn_before[rows], 0.0, free)
    ratio = ratio_interval(added, free, found.customer[rows], seed=bank.seed)
    return Conversion(ratio.value, ratio.low, ratio.high, len(free), True, settings.conversion_factor)


def ratio_interval(top: Floats, below: Floats, groups: Ints, *, seed: int) -> Any:
    """`Σ top / Σ below` with the percentile interval of Poisson resamples of groups."""
    _, place = np.unique(groups, return_inverse=True)
    weights = np.random.default_rng(seed).poisson(1.0, (_RESAMPLES, int(place.max()) + 1))[:, place]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (weights @ top) / (weights @ below)
    return summarise("ratio", float(top.sum() / below.sum()), found, 0.95, "customer")
