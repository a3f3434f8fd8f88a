"""The same figures group by group: who is chosen, how well the score ranks, whether its probabilities hold.

No single figure is fairness; the table shows where groups differ and by how much. The ratio of selection
rates is the four-fifths rule of the United States' Uniform Guidelines (1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankmine.evaluation.arrays import Floats, Truth, codes, probabilities
from bankmine.evaluation.calibration import wilson
from bankmine.evaluation.grading import holm
from bankmine.evaluation.intervals import Interval, interval
from bankmine.evaluation.plain import plain


@dataclass(frozen=True)
class Group:
    """One group: rows, observed share of positives, mean probability, number and share selected, rates among
    positives and negatives, AUC. A figure that means nothing in the group is None."""

    name: str
    rows: int
    positives: int
    observed: float
    mean_probability: float
    chosen: int
    selected: float
    selected_low: float
    selected_high: float
    true_positive_rate: float | None
    false_positive_rate: float | None
    auc: Interval | None
    selection_ratio: float | None


@dataclass(frozen=True)
class Fairness:
    """All groups, by falling size, and the smallest ratio of selection rates among large enough groups.

    `least_p` is the chance that some large group is selected as seldom as it is, were selection blind to
    groups (hypergeometric, the least corrected after Holm).
    """

    groups: tuple[Group, ...]
    least_ratio: float | None
    four_fifths: bool | None
    threshold: float
    least_p: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def fairness(
    y: Any,
    probability: Any,
    group: Any,
    *,
    threshold: float,
    below: bool = False,
    least_rows: int = 100,
    resamples: int = 200,
    random_state: int = 0,
) -> Fairness:
    """Compare groups at `threshold`: a row is selected when its probability is at least that, or,
    with `below` (what is foretold is bad, as in credit), when it is under it.

    `selection_ratio` is against the large group with the highest selection rate. AUC needs 10 rows of each
    class; groups below `least_rows` are listed but do not enter the ratio.
    """
    label, p = probabilities(y, probability)
    position, names = codes(group, len(label), "group")
    selected = p < threshold if below else p >= threshold
    large = np.bincount(position, minlength=len(names)) >= least_rows
    rates = np.array([selected[position == i].mean() for i in range(len(names))])
    reference = float(rates[large].max()) if large.any() else 0.0
    groups = []
    for i, name in enumerate(names):
        ratio = float(rates[i] / reference) if large[i] and reference > 0 else None
        inside = position == i
        area = _auc(label[inside], p[inside], resamples, random_state)
        groups.append(_group(str(name), label[inside], p[inside], selected[inside], area, ratio))
    groups.sort(key=lambda one: (-one.rows, one.name))
    ratios = [one.selection_ratio for one in groups if one.selection_ratio is not None]
    least = min(ratios) if len(ratios) > 1 else None
    p_value = None if least is None else _least_p(groups)
    return Fairness(tuple(groups), least, None if least is None else least >= 0.8, threshold, p_value)


def _least_p(groups: Sequence[Group]) -> float:
    """The least chance of so few selected in a large group, of all drawn blindly, after Holm."""
    from scipy.stats import hypergeom

    large = [one for one in groups if one.selection_ratio is not None]
    rows, chosen = np.array([one.rows for one in large]), np.array([one.chosen for one in large])
    tails = hypergeom.cdf(chosen, rows.sum(), chosen.sum(), rows)
    return min(holm(np.minimum(tails, 1.0)))


def _group(
    name: str, label: Truth, p: Floats, selected: Truth, area: Interval | None, ratio: float | None
) -> Group:
    low, high = wilson(int(selected.sum()), len(label))
    return Group(
        name=name,
        rows=len(label),
        positives=int(label.sum()),
        observed=float(label.mean()),
        mean_probability=float(p.mean()),
        chosen=int(selected.sum()),
        selected=float(selected.mean()),
        selected_low=low,
        selected_high=high,
        true_positive_rate=float(selected[label].mean()) if label.any() else None,
        false_positive_rate=float(selected[~label].mean()) if (~label).any() else None,
        auc=area,
        selection_ratio=ratio,
    )


def _auc(label: Truth, p: Floats, resamples: int, seed: int) -> Interval | None:
    if min(int(label.sum()), int((~label).sum())) < 10:
        return None
    return interval("auc", label, p, resamples=resamples, random_state=seed)
