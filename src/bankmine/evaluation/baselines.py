"""Does the model beat the baselines? If not, the answer is "use the baseline".

The model is compared with each baseline on the same rows and the same resamples. It beats a baseline when the
whole interval of the paired difference lies on its side; it is recommended when it beats all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bankmine.errors import UsageError
from bankmine.evaluation.intervals import Interval, interval, paired_difference
from bankmine.evaluation.metrics import metric
from bankmine.evaluation.plain import plain

WORDS = {"auc": "AUC", "brier": "Brier score", "gini": "Gini", "kolmogorov_smirnov": "KS"}


@dataclass(frozen=True)
class Comparison:
    """The model against its baselines on one metric.

    `differences` are model minus baseline; `best_baseline` is the one with the best figure; `against` is the
    one the sentence names: the best one, or where that is beaten the first that is not; `text` is the
    sentence for the report.
    """

    metric: str
    model: Interval
    baselines: dict[str, Interval]
    differences: dict[str, Interval]
    best_baseline: str
    against: str
    beats: bool
    text: str

    def to_json(self) -> dict[str, Any]:
        """Plain values for the run's metrics."""
        result: dict[str, Any] = plain(self)
        return result


def compare(
    name: str,
    y: Any,
    score: Any,
    baselines: Mapping[str, Any],
    *,
    groups: Any = None,
    resamples: int = 200,
    level: float = 0.95,
    by: str | None = None,
    random_state: int = 0,
) -> Comparison:
    """Compare a model's scores with named baselines' scores on the metric `name`.

    For a loss, less is better and the difference has to lie below 0. UsageError without any baseline.
    """
    if not baselines:
        raise UsageError("A model was compared with no baseline", hint="Give at least the prior.")
    how: dict[str, Any] = {
        "groups": groups,
        "resamples": resamples,
        "level": level,
        "by": by,
        "random_state": random_state,
    }
    model = interval(name, y, score, **how)
    figures = {key: interval(name, y, other, **how) for key, other in baselines.items()}
    differences = {key: paired_difference(name, y, score, other, **how) for key, other in baselines.items()}
    larger = metric(name).larger_is_better
    side = 1 if larger else -1
    best = max(figures, key=lambda key: side * figures[key].value)
    lost = [key for key, gap in differences.items() if (gap.low if larger else -gap.high) <= 0]
    against = best if best in lost or not lost else lost[0]
    text = _text(name, model, figures, differences, against, beats=not lost)
    return Comparison(name, model, figures, differences, best, against, not lost, text)


def _text(
    name: str,
    model: Interval,
    figures: dict[str, Interval],
    differences: dict[str, Interval],
    against: str,
    *,
    beats: bool,
) -> str:
    shown = WORDS.get(name, name.replace("_", " "))
    if beats:
        beaten = f"against {figures[against].value:.3f} of the best baseline {against}"
        return f"Use the model: {shown} {model}, {beaten}; difference {differences[against]}."
    mark = f"{figures[against].value:.3f}"
    return (
        f"Use the baseline {against}: the model's {shown} {model} does not beat {mark}; "
        f"difference {differences[against]}."
    )
