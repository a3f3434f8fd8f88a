"""How good an answer about time is: who goes first (concordance), and how many go by when (calibration).

Harrell's C (Harrell et al. 1982): of all pairs in which the one's event came while the other was watched, the
share in which the one was ranked as the more at risk; equal ranks count one half. Calibration compares the
mean predicted survival of groups with their Kaplan–Meier curve, which handles who was not watched to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats
from bankmine.mining.survival.kaplan_meier import curve_of
from bankmine.mining.survival.spells import Spells, spells_of

_BLOCK = 1 << 22  # comparisons at a time


def concordance(stop: Any, event: Any, risk: Any, *, start: Any = None) -> float:
    """Harrell's C; ½ is chance, 1 a perfect order. `risk`: higher goes earlier, shape (rows,).

    A pair counts where the other is at risk at the event (`start < t`) and stays longer (`stop > t`, or
    `stop = t` without an event). FeasibilityError where no pair can be compared. Costs events × rows
    comparisons.
    """
    spells = spells_of(stop, event, start)
    ranks = np.asarray(risk, dtype=np.float64)
    if ranks.shape != spells.stop.shape or np.isnan(ranks).any():
        raise UsageError(
            f"The risks have shape {ranks.shape} for {len(spells)} spells, or are missing",
            hint="Give one number a row.",
        )
    agree, pairs = 0.0, 0.0
    ended = np.flatnonzero(spells.event)
    for first in range(0, len(ended), max(1, _BLOCK // max(1, len(spells)))):
        found = _pairs(spells, ranks, ended[first : first + max(1, _BLOCK // len(spells))])
        agree, pairs = agree + found[0], pairs + found[1]
    if pairs == 0:
        raise FeasibilityError(
            f"No two of {len(spells)} spells can be compared", hint="Concordance needs events of some."
        )
    return agree / pairs


@dataclass(frozen=True)
class Calibrated:
    """A group of rows alike in predicted survival: predicted and observed share still there, interval."""

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


def survival_calibration(
    stop: Any, event: Any, predicted: Any, *, at: float, groups: int = 5, start: Any = None
) -> list[Calibrated]:
    """Predicted survival until `at` beside Kaplan–Meier's, in groups of equal size, lowest first.

    Groups of fewer than two rows, and those not watched until `at`, are left out.
    """
    spells = spells_of(stop, event, start)
    said = np.asarray(predicted, dtype=np.float64)
    if said.shape != spells.stop.shape:
        raise UsageError(
            f"The predictions have shape {said.shape} for {len(spells)} spells", hint="Give one a row."
        )
    order = np.argsort(said, kind="stable")
    found = []
    for rows in np.array_split(order, max(1, min(groups, len(order) // 2))):
        curve = curve_of(spells.take(rows))
        observed = float(curve.survival(at))
        if np.isnan(observed):
            continue
        low, high = curve.interval(at)
        found.append(Calibrated(len(rows), float(said[rows].mean()), observed, float(low), float(high)))
    return found


def _pairs(spells: Spells, ranks: Floats, ended: Any) -> tuple[float, float]:
    """Agreement and number of the comparable pairs of some events with all rows."""
    time = spells.stop[ended][:, None]
    longer = (spells.stop > time) | ((spells.stop == time) & ~spells.event)
    comparable = longer & (spells.start < time)
    mine, other = ranks[ended][:, None], ranks[None, :]
    agree = (comparable & (mine > other)).sum() + 0.5 * (comparable & (mine == other)).sum()
    return float(agree), float(comparable.sum())
