"""What the ranking is worth: positives found, and money earned, as one works down the list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.errors import UsageError
from bankmine.evaluation.arrays import Floats, both, require_both_classes
from bankmine.evaluation.ranking import Ranking, captured_of


@dataclass(frozen=True)
class GainCurve:
    """For rising `share` of rows from the top: share of positives captured, lift, and what a perfect
    ranking would capture. All of shape (points,); the first point is (0, 0)."""

    share: Floats
    captured: Floats
    lift: Floats
    perfect: Floats


@dataclass(frozen=True)
class MoneyCurve:
    """Money in the currency's major unit when every row down to a share is acted on.

    `threshold` is the lowest score acted on at each share; `best` the position of the largest money (0 = act
    on nobody).
    """

    share: Floats
    threshold: Floats
    money: Floats
    best: int

    @property
    def best_share(self) -> float:
        return float(self.share[self.best])

    @property
    def best_money(self) -> float:
        return float(self.money[self.best])

    @property
    def best_threshold(self) -> float:
        return float(self.threshold[self.best])


def gain_curve(y: Any, score: Any, *, points: int = 101) -> GainCurve:
    """The cumulative gain curve at equally spaced shares; ties count by their average."""
    label, values = both(y, score)
    require_both_classes(label, "gain")
    if points < 2:
        raise UsageError(f"{points} points were asked", hint="Ask for 2 or more.")
    share = np.linspace(0.0, 1.0, points)
    captured = captured_of(*Ranking(label, values).totals(), share)
    lift = np.divide(captured, share, out=np.full(points, np.nan), where=share > 0)
    lift[0] = lift[1]
    return GainCurve(share, captured, lift, np.minimum(share / label.mean(), 1.0))


def money_curve(
    y: Any, score: Any, *, value_of_positive: Any, cost: Any, points: int = 101, among: int | None = None
) -> MoneyCurve:
    """Money from acting on the top rows: `value_of_positive` for each positive, less `cost` for each row.

    Both are in major units, one number or one a row. Equal scores are acted on together, so a share may be
    a little larger than asked. `among` scales the money to a population of that many rows.
    """
    label, values = both(y, score)
    if points < 2 or len(values) == 0:
        raise UsageError(f"{points} points over {len(values)} rows were asked", hint="Ask for 2 or more.")
    earned = np.broadcast_to(np.asarray(value_of_positive, dtype=np.float64), values.shape) * label
    earned = earned - np.broadcast_to(np.asarray(cost, dtype=np.float64), values.shape)
    ranking = Ranking(label, values)
    running = np.cumsum(earned[ranking.order])[ranking.ends]
    reached = np.concatenate([[0.0], (ranking.ends + 1) / len(values)])
    money = np.concatenate([[0.0], running])
    cut = np.concatenate([[np.inf], ranking.thresholds])
    place = np.unique(np.searchsorted(reached, np.linspace(0.0, 1.0, points) - 1e-12, side="left"))
    scale = 1.0 if among is None else among / len(values)
    taken = money[place] * scale
    return MoneyCurve(reached[place], cut[place], taken, int(taken.argmax()))
