"""Which inputs stand for a group nobody may be judged by, and does the score itself tell the group apart?

A score that reads no gender can still know it, through inputs that go with it. Each input is asked how well
it alone tells the group from all others: the AUC of the input, folded to .5 and above, since either direction
tells. .5 says nothing about the group; from .7 on (`TELLING`) a person should look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bankmine.evaluation.arrays import Floats, Truth, require_both_classes, truth
from bankmine.evaluation.metrics import auc

TELLING = 0.7


class Proxy(NamedTuple):
    """How well one input tells the group, .5 (not at all) to 1."""

    name: str
    tells: float


def proxies(group: Any, inputs: Mapping[str, Any]) -> tuple[Proxy, ...]:
    """Every input with how well it tells the rows of the group (true) from the others, the best first.

    A missing number stands below all numbers or above them, whichever tells more. Anything that is no number
    is put in order of the group's share among rows of its value in the other half of the rows, the rows being
    halved in turn, so that values nobody shares tell nothing.
    FeasibilityError where all rows are of the group, or none.
    """
    inside = truth(group)
    require_both_classes(inside, "The search for proxies")
    found = [Proxy(name, _tells(inside, np.asarray(values))) for name, values in inputs.items()]
    return tuple(sorted(found, key=lambda one: (-one.tells, one.name)))


def _tells(inside: Truth, values: Any) -> float:
    if values.dtype.kind in "iufb":
        numbers = values.astype(np.float64)
        missing = ~np.isfinite(numbers)
        if missing.all():
            return 0.5
        ends = (numbers[~missing].min() - 1, numbers[~missing].max() + 1)
        areas = [auc(inside, np.where(missing, end, numbers)) for end in ends]
        return max(max(area, 1 - area) for area in areas)
    half = np.arange(len(values)) % 2 == 0
    parts = [part for part in (half, ~half) if inside[part].any() and not inside[part].all()]
    areas = [auc(inside[part], _share_elsewhere(inside, values, part)) for part in parts]
    return max(0.5, float(np.mean(areas))) if areas else 0.5


def _share_elsewhere(inside: Truth, values: Any, part: Truth) -> Floats:
    """For each row of the part: the group's share among the other part's rows of its value, drawn towards the
    share of all as one row more would."""
    position = np.unique(values.astype(str), return_inverse=True)[1]
    levels, others = int(position.max()) + 1, position[~part]
    rows = np.bincount(others, minlength=levels)
    members = np.bincount(others, weights=inside[~part].astype(np.float64), minlength=levels)
    share = (members + inside[~part].mean()) / (rows + 1)
    return np.asarray(share[position[part]])
