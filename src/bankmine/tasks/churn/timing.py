"""When they leave: how long relations last by segment, and each customer's chance month by month.

Two answers. The *past*: the Kaplan–Meier curve of the length of the relation, by segment, over all customers
the bank has watched; who joined before the watch began enters late. The *future*: the discrete hazard of the
coming months from landmarks a quarter apart, with the features as known at each landmark, tested on the last
year: fitted on what was known a year before the run's cutoff, held against what followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bankmine.bank.civil import DAY
from bankmine.bank.hashing import splitmix64
from bankmine.engine.session import Session
from bankmine.errors import FeasibilityError
from bankmine.mining.survival.discrete import DiscreteHazard, person_periods
from bankmine.mining.survival.goodness import concordance, survival_calibration
from bankmine.mining.survival.kaplan_meier import KaplanMeier, log_rank
from bankmine.tasks.candidates import logistic
from bankmine.tasks.churn.lead_time import closing_days
from bankmine.tasks.contract import Bank, Floats, Ints, Task
from bankmine.tasks.population import coverage
from bankmine.tasks.sql import micros
from bankmine.tasks.study import Asked, Work

MONTH = 365.25 / 12
MONTHS = 12
COLUMNS = 15
MOST_ROWS = 25_000  # landmarks to learn from; each is up to twelve person-months
CURVE = 40
WEAK = 0.7  # concordance below which persons are not to be ranked by it
_PEOPLE = """
SELECT customer_id, kind, birth_year, since, closed_on
FROM customer
WHERE since IS NOT NULL
ORDER BY customer_id
"""
_AGES = ((30, "up to 29"), (45, "30 to 44"), (60, "45 to 59"), (200, "60 and over"))


def lasting(bank: Bank, needs: Any) -> dict[str, Any]:
    """The curves of the relation's length in years by segment, their medians, and the log-rank test."""
    people = _people(bank)
    zone = bank.warehouse.zone
    begin = int(zone.to_local(np.array([coverage(bank.warehouse, needs)[0]]))[0] // DAY)
    today = int(zone.to_local(np.array([bank.cutoff]))[0] // DAY)
    start = np.maximum(begin - people.since, 0) / 365.25
    stop = (np.minimum(people.closed, today) - people.since) / 365.25
    event = people.closed < today
    watched = (stop > start) & (people.since < today)
    keys = people.segment[watched]
    start, stop, event = start[watched], stop[watched], event[watched]
    every = [_curve("all customers", start, stop, event)]
    every += [
        _curve(name, start[keys == name], stop[keys == name], event[keys == name])
        for name in np.unique(keys)
        if (keys == name).sum() >= 50 and event[keys == name].sum() >= 5
    ]
    several = len(every) > 2 and event.any()
    test = log_rank(stop, event, keys, start=start) if several else None
    return {
        "curves": every,
        "log_rank": None if test is None else {"statistic": test.statistic, "p_value": test.p_value,
                                               "degrees": test.degrees},
    }  # fmt: skip


@dataclass(frozen=True)
class Coming:
    """The months to come of the scored customers: `survival` (rows, MONTHS), and how the method tested."""

    survival: Floats
    figures: dict[str, Any]

    @property
    def within_a_year(self) -> Floats:
        """The chance to have left in twelve months."""
        return np.asarray(1.0 - self.survival[:, -1])

    @property
    def months_lost(self) -> Floats:
        """Of the coming twelve months, those expected without the customer."""
        return np.asarray(MONTHS - self.survival.sum(axis=1))


def coming(work: Work, question: Task, asked: Asked, closed: Mapping[int, int]) -> Coming:
    """The hazard of the coming twelve months. FeasibilityError where there are too few leavers or months."""
    bank, names = work.bank, _strongest(asked)
    marks = _landmarks(bank, asked)
    rows = _at_most(question.population(bank, _at(asked, marks)))
    features = work.matrix(rows, names, catalogue=question.catalogue(bank))
    units = {name: question.catalogue(bank)[name].unit for name in names}
    every = _Landmarks(bank, features, rows, closed, units)
    tested = every.test(int(bank.warehouse.zone.months_before(bank.cutoff, MONTHS)))
    model = every.fit(bank.cutoff)
    survival = model.survival(asked.features.select(list(names)), MONTHS)
    return Coming(survival, tested | {"columns": list(names), "landmarks": len(marks)})


class _Model:
    """A preparation and the hazard behind it."""

    def __init__(self, preparation: Any, hazard: DiscreteHazard) -> None:
        self.preparation, self.hazard = preparation, hazard

    def survival(self, features: Any, months: int) -> Floats:
        return self.hazard.survival(self.preparation.transform(features).values, months)


class _Landmarks:
    """Customers at landmarks with the months that followed, as far as a given instant lets one see."""

    def __init__(
        self, bank: Bank, features: Any, rows: Any, closed: Mapping[int, int], units: Mapping[str, str]
    ) -> None:
        self.bank, self.features, self.units = bank, features, units
        self.at = micros(rows.column("cutoff"))
        self.day = np.asarray(bank.warehouse.zone.to_local(self.at) // DAY, dtype=np.float64)
        self.ends = closing_days(rows.column("customer_id").to_numpy(), dict(closed))

    def fit(self, known: int, *, before: Any = None) -> _Model:
        """The hazard from all landmarks, as known at an instant."""
        inside = np.flatnonzero((self.at < known) & (self.horizon(known) > MONTH))
        months, event = self.months(known, inside)
        long = person_periods(months, event, most=MONTHS)
        candidate = logistic(self.bank)
        features = self.features.take(inside)
        truth = event & (months < MONTHS)
        preparation = candidate.preparation().fit(features, truth, units=self.units, period=self.at[inside])
        values = preparation.transform(features).values
        hazard = DiscreteHazard(C=0.01, random_state=self.bank.seed)
        names = preparation.transform(features.slice(0, 1)).names
        hazard.fit(values[long.row], long.start, long.event, names=names)
        return _Model(preparation, hazard)

    def horizon(self, known: int) -> Floats:
        """Days from each landmark that were over at the instant."""
        today = float(self.bank.warehouse.zone.to_local(np.array([known]))[0] // DAY)
        return np.asarray(today - self.day)

    def months(self, known: int, rows: Ints) -> tuple[Ints, Any]:
        """Month of closing, or full months watched, and whether it closed by then."""
        lasted = (self.ends - self.day)[rows]
        seen = self.horizon(known)[rows]
        event = lasted < seen
        return np.floor(np.where(event, np.maximum(lasted, 0), seen) / MONTH).astype(np.int64), event

    def _require_a_year(self, then: int) -> None:
        """FeasibilityError where no landmark's whole year was over at an instant: nothing says how the later
        months go on."""
        longest = float(self.horizon(then).max(initial=0.0))
        if longest < MONTHS * MONTH - 1:
            raise FeasibilityError(
                f"time to churn, as known a year before the cutoff, followed nobody for more than "
                f"{longest / MONTH:.0f} months",
                hint="It tells of a year, and tests that on the last one: load a longer period.",
            )

    def test(self, then: int) -> dict[str, Any]:
        """Fitted on what was known a year ago, asked of the customers of that day, against what followed."""
        rows = np.flatnonzero(self.at == then)
        if not len(rows):
            raise FeasibilityError(
                "time to churn found no customers a year before the cutoff", hint="Load a longer period."
            )
        self._require_a_year(then)
        model = self.fit(then)
        said = model.survival(self.features.take(rows), MONTHS)
        year = self.bank.warehouse.zone.to_local(np.array([self.bank.cutoff]))[0] // DAY - self.day[rows]
        lasted = self.ends[rows] - self.day[rows]
        event = lasted < year
        stop = np.maximum(np.where(event, lasted, year), 0.5)
        groups = survival_calibration(stop, event, said[:, -1], at=float(year.max()) - 0.5, groups=5)
        low, high = _bootstrapped(stop, event, 1 - said[:, -1], seed=self.bank.seed)
        return {
            "test_customers": len(rows), "test_closures": int(event.sum()),
            "concordance": concordance(stop, event, 1 - said[:, -1]), "concordance_low": low,
            "concordance_high": high, "predicted": float(1 - said[:, -1].mean()),
            "observed": float(event.mean()), "calibration": [asdict(one) for one in groups],
        }  # fmt: skip


def _bootstrapped(stop: Floats, event: Any, risk: Floats, *, seed: int) -> tuple[float, float]:
    """The 95 % interval of the concordance over customers."""
    draw, found = np.random.default_rng(seed), []
    for _ in range(50):
        again = draw.integers(0, len(stop), len(stop))
        found.append(concordance(stop[again], event[again], risk[again]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class _People:
    since: Floats
    closed: Floats
    segment: Any


def _people(bank: Bank) -> _People:
    with Session(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(_PEOPLE)
        bank.note("relations", session.statements)
    since = found.column("since").cast("int32").to_numpy().astype(np.float64)
    closed = found.column("closed_on").cast("int32").cast("float64").to_numpy()
    year = int(bank.warehouse.zone.show(bank.cutoff)[:4])
    segment = [
        _segment(kind, born, year)
        for kind, born in zip(
            found.column("kind").to_pylist(), found.column("birth_year").to_pylist(), strict=True
        )
    ]
    return _People(since, np.where(np.isnan(closed), np.inf, closed), np.array(segment, dtype=object))


def _segment(kind: str | None, born: int | None, year: int) -> str:
    if kind == "company":
        return "company"
    if born is None:
        return "age unknown"
    return next(words for limit, words in _AGES if year - born < limit)


def _curve(name: str, start: Floats, stop: Floats, event: Any) -> dict[str, Any]:
    """A segment's curve at steps of half a year, and its median in years with the interval."""
    curve = KaplanMeier().fit(stop, event, start=start)
    at = np.arange(CURVE + 1) / 2
    low, high = curve.interval(at)
    middle = curve.quantile()
    finite = {key: None if np.isinf(value) else value for key, value in asdict(middle).items()}
    return {
        "segment": name, "customers": len(stop), "closures": int(np.sum(event)), "years": at.tolist(),
        "survival": _known(curve.survival(at)), "low": _known(low), "high": _known(high),
        "median": finite,
    }  # fmt: skip


def _known(values: Floats) -> list[float | None]:
    """Plain values; None after the last time anybody was watched."""
    return [None if np.isnan(one) else float(one) for one in values]


def _strongest(asked: Asked) -> tuple[str, ...]:
    ranked = sorted(asked.weights.items(), key=lambda one: (-one[1], one[0]))
    kept = [name for name, weight in ranked if weight > 0 and name in asked.features.column_names]
    return tuple(kept[:COLUMNS]) or tuple(asked.features.column_names[:COLUMNS])


def _landmarks(bank: Bank, asked: Asked) -> tuple[int, ...]:
    """Every third of the question's cutoffs counted back from a year before the run's, and that one."""
    then = bank.warehouse.zone.months_before(bank.cutoff, MONTHS)
    known = [one for one in asked.plan.cutoffs if one < bank.cutoff]
    if then not in known:
        raise FeasibilityError(
            "time to churn needs a cutoff a year before the run's", hint="Load a longer period."
        )
    place = known.index(then)
    return tuple(known[place % 3 :: 3])


def _at(asked: Asked, cutoffs: tuple[int, ...]) -> Any:
    from dataclasses import replace

    return replace(asked.plan, cutoffs=cutoffs)


def _at_most(rows: Any) -> Any:
    """The rows of at most so many landmarks, by whole customers, chosen by a hash of their pseudonym."""
    if rows.num_rows <= MOST_ROWS:
        return rows
    drawn = splitmix64(rows.column("customer_id").to_numpy()) >> np.uint64(11)
    kept = drawn < np.uint64(int(MOST_ROWS / rows.num_rows * 2**53))
    return rows.take(np.flatnonzero(kept))
