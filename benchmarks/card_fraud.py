"""T9: card fraud on the handbook's data and protocol, through the whole pass.

Train 2018-07-25 to 31, verdicts known after seven days, test 2018-08-08 to 14; cards known compromised by
the test day are removed as in the handbook. The reference is its published best of 2022 (XGBoost tuned by
validation, and an LSTM); our figures carry bootstrap intervals over cards.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.rows import SHARED_DATA, Row, peak_mib, timed


def run() -> Row:
    """Loads the data into a new bank, runs the task, reads its figures."""
    from bankmine import pipeline

    with tempfile.TemporaryDirectory() as place:
        extracts = SHARED_DATA / "fraud-handbook-simulated"
        bank = pipeline.init(Path(place) / "bank", mapping="fraud_handbook", extracts=extracts)
        load_wall, _, _ = timed(lambda: pipeline.load(bank))
        task_wall, _, done = timed(lambda: pipeline.run_task(bank.reopened(), "card_fraud"))
        figures = done.metrics
    model = figures["candidates"][figures["model"]]["metrics"]
    precision = figures["task"]["card_precision"]["figures"][figures["model"]]
    ours = {
        "average_precision": _with_interval(model["average_precision"]),
        "card_precision_at_100": _with_interval(precision),
        "auc": _with_interval(model["auc"]),
        "model": figures["model"],
        "load_s": round(load_wall, 1),
        "task_s": round(task_wall, 1),
        "peak_mib": peak_mib(),
    }
    met = model["average_precision"]["value"] >= 0.69 and precision["value"] >= 0.30
    return Row(
        row="T9",
        bankmine=ours,
        reference={
            "published_xgboost_tuned": {
                "auc": 0.869,
                "average_precision": 0.687,
                "card_precision_at_100": 0.303,
            },
            "published_lstm": {"auc": 0.876, "average_precision": 0.665, "card_precision_at_100": 0.297},
            "baseline_amount_rule": _with_interval(
                figures["candidates"]["amount rule"]["metrics"]["average_precision"]
            ),
        },
        bar="average precision ≥ .69; card precision at 100 ≥ .30",
        met=met,
        protocol="handbook chapter 3: train 2018-07-25..31, delay 7 days, test 2018-08-08..14; one seed",
        versions=("lightgbm", "scikit-learn"),
    )


def _with_interval(figure: dict[str, float]) -> list[float]:
    return [round(figure[name], 4) for name in ("value", "low", "high")]
