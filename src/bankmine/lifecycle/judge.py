"""The figures of a tested task: metrics with intervals, against baselines, calibration, gain."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

import numpy as np

from bankmine.evaluation.baselines import compare
from bankmine.evaluation.calibration import calibration
from bankmine.evaluation.gain import gain_curve
from bankmine.evaluation.intervals import interval, paired_difference
from bankmine.lifecycle.supervised import PROBABILITY_METRICS, Tuned
from bankmine.tasks.contract import Bank, Task, Tested

RESAMPLES = 200
CURVE_POINTS = 51
RARE = 0.05


def judge(task: Task, bank: Bank, tested: Tested, tuned: list[Tuned]) -> dict[str, Any]:
    """Everything the report says about how good the model is, as plain values."""
    groups = tested.column(task.group)
    baselines = [one.candidate.name for one in tuned if one.candidate.baseline]
    how: dict[str, Any] = {
        "groups": groups, "resamples": RESAMPLES, "by": task.group_words, "random_state": bank.seed,
    }  # fmt: skip
    figures = {}
    for one in tuned:
        name = one.candidate.name
        figures[name] = {
            "words": one.candidate.words,
            "baseline": one.candidate.baseline,
            "settings": dict(one.settings),
            "tuning": one.figures,
            "calibrator": type(one.calibrator).__name__ if one.calibrator is not None else None,
            "metrics": {
                metric: plain(interval(metric, tested.truth, _shown(tested, name, metric), **how))
                for metric in task.metrics
            },
        }
    comparison = compare(
        task.metric,
        tested.truth,
        _shown(tested, tested.model, task.metric),
        {name: _shown(tested, name, task.metric) for name in baselines},
        **how,
    )
    return {
        "candidates": figures,
        "model": tested.model,
        "best_baseline": comparison.best_baseline,
        "metric": task.metric,
        "comparison": comparison.to_json(),
        "models_differ": {
            one.candidate.name: plain(
                paired_difference(
                    task.metric,
                    tested.truth,
                    _shown(tested, one.candidate.name, task.metric),
                    _shown(tested, tested.model, task.metric),
                    **how,
                )
            )
            for one in tuned
            if not one.candidate.baseline and one.candidate.name != tested.model
        },
        "use": tested.model if comparison.beats else comparison.against,
        "beats_baseline": comparison.beats,
        "calibration": _calibration(tested),
        "gain": {name: _gain(tested, name) for name in (tested.model, comparison.best_baseline)},
        "test_rows": len(tested.truth),
        "test_positives": int(tested.truth.sum()),
    }


def _calibration(tested: Tested) -> dict[str, Any]:
    """The reliability table; rare events would all fall into one or two bins of equal count."""
    by: Literal["count", "width"] = "width" if tested.truth.mean() < RARE else "count"
    return calibration(tested.truth, tested.probability[tested.model], by=by).to_json()


def plain(figure: Any) -> dict[str, Any]:
    """An interval as plain values."""
    return asdict(figure)


def _shown(tested: Tested, name: str, metric: str) -> Any:
    return tested.probability[name] if metric in PROBABILITY_METRICS else tested.ranking[name]


def _gain(tested: Tested, name: str) -> dict[str, list[float]]:
    curve = gain_curve(tested.truth, tested.ranking[name], points=CURVE_POINTS)
    return {
        "share": np.round(curve.share, 4).tolist(),
        "captured": np.round(curve.captured, 6).tolist(),
    }
