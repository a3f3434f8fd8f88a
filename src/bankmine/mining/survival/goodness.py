"""How good an answer about time is: who goes first (concordance), and how many go by when (calibration).

Harrell's C (Harrell et al. 1982): of all pairs in which the one's event came while the other was watched, the
share in which the one was ranked as the more at risk; equal ranks count one half. Calibration compares the
mean predicted survival of groups with their Kaplan–Meier curve, which handles who was not watched to the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import FeasibilityError, UsageError
from bankmine.mining.contract import Floats, Ints
from bankmine.mining.survival.kaplan_meier import curve_of
from bankmine.mining.survival.spells import Spells, spells_of


def concordance(stop: Any, event: Any, risk: Any, *, start: Any = None) -> float:
    """Harrell's C; ½ is chance, 1 a perfect order. `risk`: higher goes earlier, shape (rows,).

    A pair counts where the other is at risk at the event (`start < t`) and stays longer (`stop > t`, or
    `stop = t` without an event). FeasibilityError where no pair can be compared. Costs some sorts of the
    rows, not events × rows comparisons.
    """
    spells = spells_of(stop, event, start)
    ranks = np.asarray(risk, dtype=np.float64)
    if ranks.shape != spells.stop.shape or np.isnan(ranks).any():
        raise UsageError(
            f"The risks have shape {ranks.shape} for {len(spells)} spells, or are missing",
            hint="Give one number a row.",
        )
    agree, pairs = _pairs(spells, ranks)
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


def _pairs(spells: Spells, ranks: Floats) -> tuple[float, int]:
    """Agreement and number of the comparable pairs.

    `start < stop` holds in every spell, so those who stay longer and had not yet started by the event are
    simply those who start at it or later. What is left are counts of one kind: of all rows that end (or
    start) past a time, how many are ranked below the one, and how many level with it.
    """
    ended = spells.event
    place = np.unique(ranks, return_inverse=True)[1].astype(np.int64)
    # Rows end at whole steps of two, those without an event half a step later: `stop = t` still counts.
    moments = np.unique(np.concatenate([spells.stop, spells.start]), return_inverse=True)[1]
    stop, start = 2 * moments[: len(spells)] + ~ended, 2 * moments[len(spells) :]
    asked, mine = stop[ended], place[ended]
    stayed = _past(stop, place, asked, mine)
    absent = _past(start, place, asked - 1, mine)
    below, level, pairs = (one - other for one, other in zip(stayed, absent, strict=True))
    return below + 0.5 * level, pairs


def _past(key: Ints, place: Ints, asked: Ints, mine: Ints) -> tuple[int, int, int]:
    """Of all pairs of a row with `key > asked` and an asker: ranked below it, level with it, and in all."""
    width = int(key.max()) + 1
    asked = np.minimum(asked, width - 1)
    code = np.sort(place * width + key)
    last, first = (np.searchsorted(code, mine * width + end, side="right") for end in (width - 1, asked))
    every = len(key) - np.searchsorted(np.sort(key), asked, side="right")
    # In falling order of time, an asker after the rows it counts.
    order = np.argsort(np.concatenate([-2 * key, -2 * asked - 1]), kind="stable")
    asks = np.arange(len(order)) >= len(key)
    below = _earlier_and_lower(asks[order], np.concatenate([place, mine])[order])
    return below, int((last - first).sum()), int(every.sum())


def _earlier_and_lower(asks: NDArray[np.bool_], place: Ints) -> int:
    """The pairs of a row and a later asker of higher place.

    Two places differ first at one bit, where the lower has 0: bit by bit, count the rows with 0 that came
    before an asker with 1 among those whose higher bits are the same.
    """
    total = 0
    for bit in range(int(place.max(initial=0)).bit_length()):
        higher = place >> (bit + 1)
        order = np.argsort(higher, kind="stable")
        one = (place[order] >> bit & 1).astype(np.bool_)
        asking, group = asks[order], higher[order]
        zeros = np.cumsum(~one & ~asking)
        before = np.concatenate([[0], zeros])[np.searchsorted(group, group[one & asking], side="left")]
        total += int((zeros[one & asking] - before).sum())
    return total
