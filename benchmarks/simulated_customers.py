"""CUS: the customer tasks on simulated banks of seeds that development did not use, against their truth.

For each seed a bank is made, loaded and mined with the usual budget; then the truth is opened. Every score is
compared with what could be known: the share of the way from ½ to the observable ceiling that its AUC goes on
test rows that lie after all training; for the next product beside it the way that the truth's own causes go
when they are learnt from as many openings. Segments are compared with the true life styles, suggestions and
prospects by their own forward tests, lifetime value by what the same ledger says came a year later.

    CUSTOMER_BANK    a bank of such a seed made and loaded before, its folder; with
    CUSTOMER_TRUTH   the truth of its extracts: mined instead of making one anew
    BENCH_SETS       other seeds, BENCH_CUSTOMERS other sizes: a reduced run, printed and not recorded
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bankmine import pipeline
from bankmine.errors import BankmineError
from bankmine.folder import BankFolder
from bankmine.lifecycle.run import Run
from bankmine.mining.clustering.agreement import adjusted_rand_index
from benchmarks.rows import Row
from benchmarks.written_causes import learnt_forward

SEEDS, CUSTOMERS, MONTHS = (313,), 20_000, 36
BAR = (
    "each score at least 85 % of the way from ½ to the observable ceiling; lifetime value within 10 % and "
    "rank correlation at least .6; top suggestion at least 1.5 times"
)
TASKS = ("segmentation", "churn", "value", "cross_sell", "acquisition", "behaviour", "classification")
CEILINGS = {"closure": "closure", "inactivity": "inactivity"}
WAY, BIAS, RANKS, LIFT = 0.85, 0.10, 0.60, 1.5


def run() -> Row:
    """The row."""
    seeds = [int(one) for one in os.environ.get("BENCH_SETS", "").split()] or list(SEEDS)
    customers = int(os.environ.get("BENCH_CUSTOMERS", CUSTOMERS))
    found: dict[str, Any] = {}
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            found[str(seed)] = of_bank(*_bank(Path(folder), seed, customers))
            print(json.dumps({str(seed): found[str(seed)]}))
    met = all(_met(one) for one in found.values())
    return Row(
        row="CUS",
        bankmine=found,
        reference={
            "observable ceilings": {seed: one.pop("ceilings") for seed, one in found.items()},
            "written causes, learnt forward": {
                seed: one.pop("written_causes") for seed, one in found.items()
            },
        },
        bar=BAR,
        met=met,
        protocol=f"banks of {customers:,} customers × {MONTHS} months, budget usual, tests forward in time",
    )


def _bank(folder: Path, seed: int, customers: int) -> tuple[BankFolder, Path]:
    """The bank of a seed and its truth: the one made before, or made and loaded in the folder."""
    if given := os.environ.get("CUSTOMER_BANK"):
        return pipeline.open_bank(Path(given)), Path(os.environ["CUSTOMER_TRUTH"])
    pipeline.simulate(folder / "extracts", customers=customers, months=MONTHS, seed=seed)
    bank = pipeline.init(folder / "bank", mapping="simulated", extracts=folder / "extracts")
    pipeline.load(bank)
    return bank.reopened(), folder / "extracts" / "truth"


def of_bank(bank: BankFolder, truth: Path) -> dict[str, Any]:
    """Everything measured on one bank."""
    runs: dict[str, Run] = {}
    refused: dict[str, str] = {}
    for task in TASKS:
        try:
            runs[task] = pipeline.run_task(bank, task)
        except BankmineError as error:
            refused[task] = str(error)
    ceilings = json.loads((truth / "ceilings.json").read_text())
    return {
        "refused": refused,
        "scores": scores(runs, ceilings),
        "ceilings": {name: one["observable"]["auc"] for name, one in ceilings.items()},
        "written_causes": learnt_forward(bank, truth, ceilings),
        "segments": segments(bank, runs.get("segmentation"), truth),
        "suggestion": suggestion(runs.get("segmentation")),
        "value": value(runs.get("value")),
        "prospects": prospects(runs.get("acquisition")),
        "lead_time": lead_time(runs.get("churn")),
    }


def scores(runs: dict[str, Run], ceilings: dict[str, Any]) -> dict[str, Any]:
    """AUC with interval, baseline, ceiling, and how far of the way, for every question with a ceiling."""
    found = {}
    for run in runs.values():
        for one in run.metrics.get("questions", ()):
            name = one["name"]
            ceiling = CEILINGS.get(name) or (f"next_product/{name.removeprefix('next_')}")
            if ceiling not in ceilings:
                continue
            auc = one["candidates"][one["model"]]["metrics"]["auc"]
            top = ceilings[ceiling]["observable"]["auc"][0]
            found[f"{run.task}/{name}"] = {
                "auc": round(auc["value"], 3), "low": round(auc["low"], 3), "high": round(auc["high"], 3),
                "baseline": round(one["candidates"][one["best_baseline"]]["metrics"]["auc"]["value"], 3),
                "ceiling": round(top, 3), "way": round((auc["value"] - 0.5) / (top - 0.5), 3),
                "positives": one["test_positives"],
            }  # fmt: skip
    return found


def segments(bank: BankFolder, run: Run | None, truth: Path) -> dict[str, Any]:
    """Adjusted Rand index of the found segments and the true life styles, over persons that have both."""
    if run is None:
        return {}
    import pyarrow.dataset as ds

    people = ds.dataset(truth / "customers").to_table(columns=["customer", "life_style"])
    keyring = bank.keyring
    style = {
        keyring.token("customer", raw): name
        for raw, name in zip(people.column(0).to_pylist(), people.column(1).to_pylist(), strict=True)
    }
    rows = run.scores.select(["customer_id", "value"]).to_pylist()
    pairs = [(style[row["customer_id"]], row["value"]) for row in rows if row["customer_id"] in style]
    first = np.unique([str(one) for one, _ in pairs], return_inverse=True)[1]
    second = np.unique([float(one) for _, one in pairs], return_inverse=True)[1]
    return {
        "customers": len(pairs), "segments": int(second.max()) + 1,
        "adjusted_rand": round(adjusted_rand_index(first.astype(np.int64), second.astype(np.int64)), 3),
        "found_again": round(run.metrics["stability"]["adjusted_rand"]["mean"], 3),
    }  # fmt: skip


def suggestion(run: Run | None) -> dict[str, Any]:
    """The top marketing suggestion's adoption lift in its own forward test."""
    said = run.metrics.get("suggestions", []) if run else []
    return {key: said[0][key] for key in ("sentence", "lift", "low", "high")} if said else {}


def value(run: Run | None) -> dict[str, Any]:
    """Bias and rank correlation of the value foreseen a year before the end, beside the rule's."""
    back = run.metrics.get("back_test") if run else None
    return (
        {}
        if not back
        else {name: back[name] for name in ("model", "rule", "staying_foreseen", "staying_seen")}
    )


def prospects(run: Run | None) -> dict[str, Any]:
    """Precision in the first tenth of the lists, and of all."""
    tested = run.metrics.get("tested", {}) if run else {}
    return {
        name: {"auc": one.get("auc"), "base_rate": one.get("base_rate"), "first_tenth": one["deciles"][0]}
        for name, one in tested.items()
        if one.get("deciles")
    }


def lead_time(run: Run | None) -> list[dict[str, Any]]:
    """Days before the closing at which each sign is seen, at five percent false alarms."""
    return [
        {
            key: one[key]
            for key in ("question", "ranking", "closures", "seen", "days", "days_low", "days_high")
        }
        for one in (run.metrics.get("lead_time", ()) if run else ())
    ]


def _met(one: dict[str, Any]) -> bool:
    way = all(score["way"] >= WAY for score in one["scores"].values())
    back = one["value"].get("model", {})
    bias, ranks = (back.get(name, {}).get("value") for name in ("bias", "rank_correlation"))
    worth = bias is not None and abs(bias) <= BIAS and ranks >= RANKS
    return way and worth and one["suggestion"].get("lift", 0.0) >= LIFT
