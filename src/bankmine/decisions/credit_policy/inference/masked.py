"""A test that may say "do not use it": hide some granted ones as today's policy would, and see who finds
their truth.

1. *What is recorded.* Who is granted is learnt from the fields. Some granted ones are hidden, more of those
who are like the refused; every method learns without their outcome and says their chances. A method is worth
using if its log loss on the hidden is below that of ignoring them, by more than chance (customers resampled,
99 %). 2. *What is not recorded.* An officer may know more than the fields. Hiding cannot imitate that; but
where something recorded made it easier to be granted and has no bearing on risk, two probits with correlated
errors can tell. They are used if ρ = 0 is refuted and if, learnt on those hard to be granted, they say the
truth of those easily granted better than ignoring does.

Without such a record the second question stays open, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.decisions.credit_policy.inference.bivariate import fit_bivariate
from bankmine.decisions.credit_policy.inference.methods import (
    LEAST_BADS,
    METHODS,
    chances,
    infer,
    logistic,
    with_constant,
)
from bankmine.errors import FeasibilityError
from bankmine.evaluation.intervals import Interval, mean_interval
from bankmine.listing import Listing

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROUNDS, LEVEL, RESAMPLES = 5, 0.99, 400
LEAST_GAIN = 0.003  # of the log loss: what is smaller is not worth a method that must be explained
MOST_P, SPLITS = 0.01, (0.5, 0.6, 0.7, 0.8)
LEAST_ROWS, LEAST_REFUSED = 400, 50
IGNORE, BIVARIATE = "ignore", "bivariate probit"


@dataclass(frozen=True)
class Decidedly:
    """Applications that were decided: `X` (rows, columns) of what was recorded, standardised, NaN nowhere.

    `bad` is read where `granted`; `customers` are the units of resampling. `ease` is something recorded that
    made it easier to be granted (larger is easier) and has no bearing on risk, or None.
    """

    X: Floats
    granted: Bools
    bad: Floats
    customers: NDArray[np.int64]
    ease: Floats | None = None


@dataclass(frozen=True)
class Answer:
    """What the masked test says.

    `gains` are how much lower the log loss on the hidden is than when ignoring the refused, as intervals;
    `use` the method to use, or "ignore"; `rho` and `p_value` of the two probits where they could be fitted.
    """

    gains: Mapping[str, Interval]
    hidden: int
    loss: float
    use: str
    rho: float | None = None
    p_value: float | None = None
    unrecorded: Interval | None = None

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        if self.use == IGNORE:
            said = "Do not use reject inference: no method finds the hidden truth better than ignoring them"
        else:
            said = f"Use {self.use}: it finds the hidden truth better than ignoring them"
        open_ = (
            ". Whether officers knew what nobody recorded stays open: nothing recorded tells."
            if self.p_value is None
            else f"; officers' unrecorded knowledge: ρ = {self.rho:+.2f}, p = {self.p_value:.3f}."
        )
        return said + open_

    def lines(self) -> Iterator[str]:
        """The test in lines for people."""
        yield (
            f"{self.hidden:,} granted ones were hidden as today's policy would; their log loss when those "
            f"refused are ignored is {self.loss:.4f}."
        )
        rows = [(name, _signed(one)) for name, one in self.gains.items()]
        if self.unrecorded is not None:
            rows.append((f"{BIVARIATE}, on those easily granted", _signed(self.unrecorded)))
        yield from Listing(("method", "log loss lower by (99% interval)"), tuple(rows)).lines()
        yield self.verdict


def masked_test(data: Decidedly, *, random_state: int = 0) -> Answer:
    """Hides, infers, compares. FeasibilityError with too few granted, refused or bad ones."""
    count, refused = int(data.granted.sum()), int((~data.granted).sum())
    if count < LEAST_ROWS or refused < LEAST_REFUSED:
        raise FeasibilityError(
            f"there are {count} granted applications with known outcome and {refused} refused ones",
            hint=f"The masked test needs {LEAST_ROWS} and {LEAST_REFUSED}.",
        )
    lower, hidden, loss = _hidden_rounds(data, random_state)
    gains = {name: _interval(values, data, hidden, random_state) for name, values in lower.items()}
    rho, p_value, unrecorded = _unrecorded(data, random_state)
    worth = {name: one for name, one in gains.items() if one.low > 0 and one.value > LEAST_GAIN * loss}
    use = max(worth, key=lambda name: worth[name].value) if worth else IGNORE
    if unrecorded is not None and p_value is not None and p_value < MOST_P and unrecorded.low > 0:
        use = BIVARIATE
    return Answer(gains, int(hidden.sum()), loss, use, rho, p_value, unrecorded)


def inferred(data: Decidedly, use: str, X: Floats) -> Floats:
    """Chances of going bad of rows `X` by the method an answer names."""
    if use == BIVARIATE and data.ease is not None:
        every = with_constant(data.X)
        found = fit_bivariate(every, np.column_stack([every, data.ease]), data.granted, data.bad)
        return found.chances(with_constant(X))
    every = with_constant(data.X)
    beta = infer(use, every[data.granted], data.bad[data.granted], every[~data.granted])
    return chances(with_constant(X), beta)


def _hidden_rounds(data: Decidedly, random_state: int) -> tuple[dict[str, Floats], Bools, float]:
    """For each method, how much lower the loss of each granted one is on average while it is hidden."""
    draw = np.random.default_rng(random_state)
    every, granted = with_constant(data.X), np.flatnonzero(data.granted)
    bent = np.column_stack([every, data.X**2])
    chance = np.clip(chances(bent, logistic(bent, data.granted.astype(float)))[granted], 0.02, 0.98)
    X, y = every[granted], data.bad[granted]
    names = [name for name in METHODS if name != IGNORE]
    sums, times = {name: np.zeros(len(X)) for name in names}, np.zeros(len(X))
    loss = 0.0
    hide = _shares((1 - chance) / chance, 1 - len(granted) / len(every))
    for _ in range(ROUNDS):
        out = draw.random(len(X)) < hide
        seen, labels, unseen = X[~out], y[~out], X[out]
        alone = _losses(chances(unseen, infer(IGNORE, seen, labels, unseen)), y[out])
        loss += float(alone.mean()) / ROUNDS
        times[out] += 1
        for name in names:
            sums[name][out] += alone - _losses(chances(unseen, infer(name, seen, labels, unseen)), y[out])
    once = times > 0
    return (
        {name: values[once] / times[once] for name, values in sums.items()},
        _spread(granted, once, len(every)),
        loss,
    )


def _spread(places: NDArray[np.int64], chosen: Bools, rows: int) -> Bools:
    mask = np.zeros(rows, dtype=np.bool_)
    mask[places[chosen]] = True
    return mask


def _shares(odds: Floats, share: float) -> Floats:
    """Chances of being hidden in proportion to the odds of refusal, `share` of all on average, at most
    .95.
    """
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(odds * middle, 0.95).mean() < share else (low, middle)
    return np.minimum(odds * high, 0.95)


def _unrecorded(data: Decidedly, random_state: int) -> tuple[float | None, float | None, Interval | None]:
    """The two probits on all, and their gain on those easily granted when learnt on those hard to be
    granted.
    """
    if data.ease is None or np.ptp(data.ease) == 0:
        return None, None, None
    every = with_constant(data.X)
    whole = fit_bivariate(every, np.column_stack([every, data.ease]), data.granted, data.bad)
    halves = _hard_and_easy(data)
    if halves is None:
        return whole.rho, whole.p_value, None
    hard, judged = halves
    learnt = hard & data.granted
    both = np.column_stack([every, data.ease])
    found = fit_bivariate(every[hard], both[hard], data.granted[hard], data.bad[hard])
    theirs = every[hard & ~data.granted]
    alone = chances(every[judged], infer(IGNORE, every[learnt], data.bad[learnt], theirs))
    truth = data.bad[judged]
    gain = _losses(alone, truth) - _losses(found.chances_if_granted(every[judged], both[judged]), truth)
    return whole.rho, whole.p_value, _interval(gain, data, judged, random_state)


def _hard_and_easy(data: Decidedly) -> tuple[Bools, Bools] | None:
    """Those hard to be granted, and the granted among the others, both with enough bad ones; else None."""
    assert data.ease is not None
    for share in SPLITS:
        hard = data.ease < np.quantile(data.ease, share)
        judged = ~hard & data.granted
        if min(data.bad[hard & data.granted].sum(), data.bad[judged].sum()) >= LEAST_BADS:
            return hard, judged
    return None


def _losses(chance: Floats, truth: Floats) -> Floats:
    """Log loss of each row."""
    inside = np.clip(chance, 1e-6, 1 - 1e-6)
    return -np.where(truth > 0, np.log(inside), np.log1p(-inside))


def _interval(values: Floats, data: Decidedly, rows: Any, random_state: int) -> Interval:
    return mean_interval(
        values, groups=data.customers[rows], resamples=RESAMPLES, level=LEVEL, random_state=random_state,
        by="customer", name="gain in log loss",
    )  # fmt: skip


def _signed(one: Interval) -> str:
    return f"{one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
