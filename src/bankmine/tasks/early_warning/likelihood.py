"""How likely: the chance of default within 3, 6 and 12 months from the signals and how the borrower stands.

The discrete hazard of the coming twelve months from landmarks (`mining.survival.discrete`, van Houwelingen
2007): the chances of all horizons from one fit, consistent with each other, and each signal's part in
log-odds. It needs no label that is a year old: a landmark counts for the months that were over when it was
learnt. Two hazards are averaged, a logistic one of signals that are on or off and boosted trees over their
values: the first keeps its level with few defaults, the second ranks better with many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bankmine.bank.hashing import splitmix64
from bankmine.errors import FeasibilityError
from bankmine.mining.contract import Reasons
from bankmine.mining.survival.discrete import DiscreteHazard, person_periods
from bankmine.tasks.contract import Floats, Ints
from bankmine.tasks.early_warning.watch import Watch

MONTH = 365.25 / 12
HORIZONS = (3, 6, 12)
MONTHS = HORIZONS[-1]
FIRST_LOOK = 6  # before that too little of the own past is known to speak of change
MOST_ROWS = 15_000
LEAST_DEFAULTS = 20
STATES = (
    "days past due", "events late in a year", "age of the youngest credit", "a company", "what is owed",
    "balances", "income", "instalments", "spending", "wages", "drawn share of lines", "number of credits",
    "days overdrawn",
)  # fmt: skip
MONEY = ("exposure", "balance", "received", "instalments", "spent", "wages")
TREES, LEAVES = 100, 5
RIDGE, LEAST_SPREAD = 0.02, 1e-9
LEVEL_FROM, LEVEL_PRIOR = 0.6, 25.0


@dataclass(frozen=True)
class Likelihood:
    """Two fitted hazards over `names` (states, then signals); from `learnt` looks and `defaults` defaults.

    `centre` and `spread` standardise the columns of the logistic one, whose missing values are the centre.
    `level` multiplies the cumulative hazard, as `levelled` found it on `level_defaults` defaulters.
    """

    logistic: DiscreteHazard
    trees: DiscreteHazard
    centre: Floats
    spread: Floats
    names: tuple[str, ...]
    learnt: int
    defaults: int
    level: float = 1.0
    level_defaults: int = 0

    def chances(self, watched: Watch, who: Ints, look: Ints) -> Floats:
        """The chance of default within each of HORIZONS months, (rows, 3), rising with the horizon."""
        if not len(who):
            return np.zeros((0, len(HORIZONS)))
        return self.of(columns(watched, who, look), flagged(watched, who, look))

    def of(self, values: Floats, flags: Floats) -> Floats:
        """The same of rows as `columns` and `flagged` give them."""
        ends = np.array(HORIZONS) - 1
        both = [one.survival(read, MONTHS)[:, ends] for one, read in self._read(values, flags)]
        return np.asarray(1.0 - (sum(both) / len(both)) ** self.level)

    def parts(self, watched: Watch, who: Ints, look: Ints) -> Floats:
        """What each column adds to the next month's log-odds, against the mean borrower, (rows, columns)."""
        if not len(who):
            return np.zeros((0, len(self.names)))
        both = [
            _spread_out(one.reasons(values, top=len(self.names)), len(self.names))
            for one, values in self._read(columns(watched, who, look), flagged(watched, who, look))
        ]
        return np.asarray(sum(both) / len(both))

    def _read(self, values: Floats, flags: Floats) -> list[tuple[DiscreteHazard, Floats]]:
        """What each hazard reads."""
        return [(self.logistic, standard(flags, self.centre, self.spread)), (self.trees, values)]


def _spread_out(reasons: Reasons, width: int) -> Floats:
    """Contributions in the order of the columns, (rows, width)."""
    found = np.zeros((len(reasons), width))
    for place in range(reasons.columns.shape[1]):
        rows = np.flatnonzero(reasons.columns[:, place] >= 0)
        found[rows, reasons.columns[rows, place]] = reasons.contributions[rows, place]
    return found


def columns(watched: Watch, who: Ints, look: Ints) -> Floats:
    """States and signals' values of borrowers at looks, (rows, columns); NaN where not known."""
    values = watched.values[:, who, look].T.astype(np.float64)
    return np.concatenate([states(watched, who, look), values], axis=1)


def flagged(watched: Watch, who: Ints, look: Ints) -> Floats:
    """States, and for each signal 1 where it is on, else 0; (rows, columns)."""
    on = watched.on[:, who, look].T.astype(np.float64)
    return np.concatenate([states(watched, who, look), on], axis=1)


def states(watched: Watch, who: Ints, look: Ints) -> Floats:
    """How borrowers stand at looks, in the order of STATES; NaN where not known."""
    measures = watched.panel.measures

    def of(name: str) -> Floats:
        return np.asarray(measures[name][who, look])

    company = (watched.panel.codes["kind"][who, look] == 1).astype(np.float64)
    return np.stack(
        [
            np.log1p(np.maximum(of("days_past_due"), 0)), of("late_events"),
            np.log1p(np.maximum(of("youngest"), 0) / 30), company, *(_log(of(name)) for name in MONEY),
            of("line_share"), of("credits"), of("overdrawn_days"),
        ],
        axis=1,
    )  # fmt: skip


def standard(values: Floats, centre: Floats, spread: Floats) -> Floats:
    """Standardised columns; what is missing stands in the middle."""
    return np.nan_to_num((values - centre) / spread, nan=0.0)


def learn(watched: Watch, until: int, *, seed: int) -> Likelihood:
    """The hazard from the looks before the look `until`, as known then.

    FeasibilityError where fewer than LEAST_DEFAULTS defaults followed them.
    """
    cutoffs = watched.panel.cutoffs
    who, look = landmarks(watched, until)
    over = (cutoffs[until] - cutoffs[look]) / 86_400_000_000
    days = watched.days[who, look]
    event = days < over
    months = np.floor(np.where(event, days, over) / MONTH).astype(np.int64)
    soon = event & (months < MONTHS)
    _refuse_few(len(np.unique(who[soon])))
    kept, weight = _thinned(watched.panel.customers[who], soon)
    who, look, months, event = who[kept], look[kept], months[kept], event[kept]
    long = person_periods(months, event, most=MONTHS)
    names = (*STATES, *(one.name for one in watched.signals))
    flags = flagged(watched, who, look)
    known = np.isfinite(flags)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, flags, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, flags - centre, 0.0) ** 2).sum(axis=0) / count)
    spread = np.where(spread > LEAST_SPREAD, spread, 1.0)
    logistic = DiscreteHazard(C=RIDGE, fading=False, random_state=seed)
    trees = DiscreteHazard("boosting", n_estimators=TREES, num_leaves=LEAVES, random_state=seed)
    for hazard, values in (
        (logistic, standard(flags, centre, spread)),
        (trees, columns(watched, who, look)),
    ):
        hazard.fit(values[long.row], long.start, long.event, names=names, sample_weight=weight[long.row])
    return Likelihood(logistic, trees, centre, spread, names, len(who), int(long.event.sum()))


def levelled(watched: Watch, until: int, *, seed: int) -> Likelihood:
    """The hazard from the looks before `until`, its level set by what came after it was learnt.

    A hazard of the first LEVEL_FROM of those looks says what the rest should bring; what they brought by
    `until` sets the level: the factor of the cumulative hazard with which as many default as did, drawn
    towards 1 as LEVEL_PRIOR defaulters more who came as foretold would. Nothing from `until` on is read.
    """
    model = learn(watched, until, seed=seed)
    middle = FIRST_LOOK + round(LEVEL_FROM * (until - FIRST_LOOK))
    try:
        earlier = learn(watched, middle, seed=seed)
    except FeasibilityError:
        return model
    who, look = landmarks(watched, until, since=middle)
    cutoffs = watched.panel.cutoffs
    over = (cutoffs[until] - cutoffs[look]) / 86_400_000_000
    reach = np.searchsorted(np.array(HORIZONS) * MONTH, over, side="right") - 1
    who, look, reach = who[reach >= 0], look[reach >= 0], reach[reach >= 0]
    came = watched.days[who, look] < np.array(HORIZONS)[reach] * MONTH
    defaulters = len(np.unique(who[came]))
    if not defaulters:
        return model
    said = earlier.chances(watched, who, look)[np.arange(len(who)), reach]
    factor = level_of(said, int(came.sum()))
    trust = defaulters / (defaulters + LEVEL_PRIOR)
    return replace(model, level=float(factor**trust), level_defaults=defaulters)


def level_of(chance: Floats, came: int) -> float:
    """The factor of the cumulative hazards with which `came` of the chances come true; from 0.1 to 10."""
    hazard = -np.log1p(-np.clip(chance, 0.0, 1.0 - 1e-12))
    low, high = 0.1, 10.0
    for _ in range(60):
        factor = float(np.sqrt(low * high))
        if float(-np.expm1(-factor * hazard).sum()) > came:
            high = factor
        else:
            low = factor
    return float(np.sqrt(low * high))


def landmarks(watched: Watch, until: int, *, since: int = FIRST_LOOK) -> tuple[Ints, Ints]:
    """Borrowers and looks to learn from: every second look before `until` from `since` on."""
    chosen = np.zeros(watched.panel.shape, dtype=np.bool_)
    chosen[:, max(since, 1) : until : 2] = True
    who, look = np.nonzero(chosen & watched.looked_at)
    return who, look


def _thinned(customers: Ints, soon: Any) -> tuple[Ints, Floats]:
    """At most MOST_ROWS rows: all that default, and of the others whole customers by a hash, with weights."""
    others = np.flatnonzero(~soon)
    room = max(MOST_ROWS - int(soon.sum()), MOST_ROWS // 2)
    share = min(1.0, room / max(len(others), 1))
    drawn = (splitmix64(customers) >> np.uint64(11)) < np.uint64(int(share * 2**53))
    kept = np.flatnonzero(soon | drawn)
    seen = drawn[others].mean() if len(others) else 1.0
    return kept, np.where(soon[kept], 1.0, 1.0 / max(float(seen), 1e-9))


def _refuse_few(defaults: int) -> None:
    if defaults < LEAST_DEFAULTS:
        raise FeasibilityError(
            f"early warning found {defaults} borrowers who defaulted after the looks it may learn from",
            hint=f"It needs at least {LEAST_DEFAULTS}. Load a longer period or more customers.",
        )


def _log(values: Floats) -> Floats:
    """Money on a scale of ratios; of amounts below zero, zero. NaN stays."""
    return np.log1p(np.maximum(values, 0) / 100_000)
