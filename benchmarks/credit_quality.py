"""CRD: the tasks of credit on simulated banks of seeds that development did not use, against their truth.

For each seed a bank of 20,000 customers and five years is made, loaded and asked for its application score,
behaviour score, application fraud and early warning with the usual budget; then the truth is opened. Each
kind of evidence (windows, sequence, text, network …) is compared alone and together with what could be known:
the share of the way from ½ to the observable ceiling that its AUC goes on test rows that lie after all
training. Beside it stands how far the truth's own causes come when they are learnt from as many applications.
Rings that were planted in the year before the cutoff are looked for among those found; the register of early
warning is read at 30 to 180 days before default.

    CREDIT_BANK      a bank made before, its folder; with
    CREDIT_TRUTH     the truth of its extracts: measured instead of the seeds', and said in the row
    CREDIT_RESULTS   a folder of runs: what lies there already is not run again
    BENCH_SETS       other seeds, BENCH_CUSTOMERS other sizes: a reduced run, printed and not recorded
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bankmine import pipeline
from bankmine.errors import BankmineError
from bankmine.evaluation.intervals import paired_difference
from bankmine.folder import BankFolder
from bankmine.lifecycle.evidence import read_evidence
from bankmine.lifecycle.run import Run, load_run
from benchmarks.credit_causes import learnt_forward
from benchmarks.rows import Row

SEEDS, CUSTOMERS, MONTHS = (402,), 20_000, 60
TASKS = ("application_score", "behaviour_score", "application_fraud", "early_warning")
CEILINGS = {
    "application_score": "application_default", "behaviour_score": "loan_default",
    "application_fraud": "application_fraud",
}  # fmt: skip
TOGETHER, WAY, PARTS = "together", 0.85, ("windows", "sequence", "text", "network")
YEAR = 365 * 86_400_000_000
BAR = (
    f"all evidence together at least {WAY:.0%} of the way from ½ to the observable ceiling in each task; at "
    "least half of the rings planted in the last year are found"
)  # fmt: skip


def run() -> Row:
    """The row."""
    given = os.environ.get("CREDIT_BANK")
    customers = int(os.environ.get("BENCH_CUSTOMERS", CUSTOMERS))
    seeds = [int(one) for one in os.environ.get("BENCH_SETS", "").split()] or list(SEEDS)
    found: dict[str, Any] = {}
    if given:
        bank = pipeline.open_bank(Path(given))
        found[Path(given).resolve().parent.name] = of_bank(bank, Path(os.environ["CREDIT_TRUTH"]), _kept())
    else:
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                bank = made(Path(folder), seed, customers)
                found[str(seed)] = of_bank(bank, Path(folder) / "extracts" / "truth", _kept())
    ceilings = {name: one.pop("ceilings") for name, one in found.items()}
    causes = {name: one.pop("causes") for name, one in found.items()}
    return Row(
        row="CRD",
        bankmine=found,
        reference={"observable ceilings": ceilings, "application default, causes learnt forward": causes},
        bar=BAR,
        met=all(_met(one) for one in found.values()),
        protocol=f"{f'bank {Path(given).name}' if given else f'seeds {seeds}'}; {customers:,} customers × "
        f"{MONTHS} months, budget usual, tests forward in time, intervals over customers",
        versions=("lightgbm", "jax", "onnxruntime"),
    )


def made(folder: Path, seed: int, customers: int) -> BankFolder:
    """A bank of that seed, simulated and loaded."""
    pipeline.simulate(folder / "extracts", customers=customers, months=MONTHS, seed=seed)
    bank = pipeline.init(folder / "bank", mapping="simulated", extracts=folder / "extracts")
    pipeline.load(bank)
    return bank.reopened()


def of_bank(bank: BankFolder, truth: Path, kept: Path | None) -> dict[str, Any]:
    """Everything measured on one bank."""
    with tempfile.TemporaryDirectory() as scratch:
        results = kept or Path(scratch)
        said = {task: _run(bank, task, results) for task in TASKS}
        runs = {task: one for task, one in said.items() if isinstance(one, Run)}
        ceilings = json.loads((truth / "ceilings.json").read_text())
        return {
            "refused": {task: one for task, one in said.items() if isinstance(one, str)},
            "scores": {
                task: scores(runs[task], ceilings[name]) for task, name in CEILINGS.items() if task in runs
            },
            "rings": rings(bank, runs.get("application_fraud"), truth),
            "lead": lead(runs.get("early_warning")),
            "ceilings": {name: ceilings[name]["observable"]["auc"] for name in CEILINGS.values()},
            "causes": learnt_forward(bank, truth),
        }


def scores(run: Run, ceiling: Mapping[str, Any]) -> dict[str, Any]:
    """AUC with interval and share of the way of every candidate, what is used, and what each part adds."""
    question = run.metrics["questions"][0]
    top = ceiling["observable"]["auc"][0]
    candidates = {}
    for name, one in question["candidates"].items():
        auc = one["metrics"]["auc"]
        candidates[name] = {
            **{side: round(auc[side], 3) for side in ("value", "low", "high")},
            "way": round((auc["value"] - 0.5) / (top - 0.5), 3),
        }
    return {
        "candidates": candidates, "use": question["use"], "test_positives": question["test_positives"],
        "training_positives": question["counts"]["training_positives"],
        "over_best_part": over_best_part(run, question),
        "adds": {
            one["part"]: [round(one[side], 3) for side in ("gain", "low", "high")]
            for one in run.metrics.get("worth", ())
        },
    }  # fmt: skip


def over_best_part(run: Run, question: Mapping[str, Any]) -> dict[str, Any]:
    """How far the stack's AUC lies above that of its best part, with the interval of the difference."""
    said = {name: one["metrics"]["auc"]["value"] for name, one in question["candidates"].items()}
    parts = [name for name in said if f"without {name}" in said] or [name for name in PARTS if name in said]
    if TOGETHER not in said or not parts:
        return {}
    best = max(parts, key=lambda name: said[name])
    kept = read_evidence(run.folder / "questions" / question["name"])
    seen = paired_difference(
        "auc", kept.column("came_true"), kept.rank_of(TOGETHER), kept.rank_of(best),
        groups=kept.column("customer_id"),
    )  # fmt: skip
    return {"part": best, **{side: round(getattr(seen, side), 3) for side in ("value", "low", "high")}}


def rings(bank: BankFolder, run: Run | None, truth: Path) -> dict[str, Any]:
    """Of the rings of three or more planted in the last year, those half of whose members are in one;
    of the rings found, those that hold two members of a planted one."""
    if run is None:
        return {}
    import pyarrow.dataset as ds

    from bankmine.bank.keys import show_key

    table = ds.dataset(truth / "applications").to_table(columns=["customer", "ring", "applied_at"])
    told = table.filter(ds.field("ring").is_valid())
    when = told.column("applied_at").cast("timestamp[us]").cast("int64").to_numpy()
    ring = told.column("ring").to_numpy()
    customer = [show_key(bank.keyring.token("customer", raw)) for raw in told.column("customer").to_pylist()]
    planted: dict[int, set[str]] = {}
    for one in np.unique(ring).tolist():
        rows = np.flatnonzero(ring == one)
        members = {customer[row] for row in rows}
        last = int(when[rows].max())
        if len(members) >= 3 and run.about["cutoff_us"] - YEAR <= last < run.about["cutoff_us"]:
            planted[int(one)] = members
    found = [set(one.split(", ")) for one in run.table("rings").column("members").to_pylist()]
    seen = sum(any(2 * len(one & other) >= len(one) for other in found) for one in planted.values())
    true = sum(any(len(one & other) >= 2 for one in planted.values()) for other in found)
    return {"planted": len(planted), "found_of_planted": seen, "found": len(found), "found_true": true}


def lead(run: Run | None) -> Any:
    """The share of defaulters each list shows at days before default."""
    told = run.metrics["lead"] if run else {}
    if isinstance(told, Mapping):
        return dict(told)
    return [
        {key: round(one[key], 3) if isinstance(one[key], float) else one[key]
         for key in ("days", "list", "defaulters", "share", "low", "high")}
        for one in told if one["days"] in (30, 90, 180)
    ]  # fmt: skip


def _run(bank: BankFolder, task: str, results: Path) -> Run | str:
    """The task's run: one that lies there, else a new one; why not, where the task refused."""
    from bankmine.lifecycle import run_task

    there = sorted((results / task).glob("*/metrics.json"))
    if there:
        return load_run(there[-1].parent)
    try:
        done = run_task(bank.warehouse, bank.config, task, results_folder=results)
    except BankmineError as error:
        done = None
        said = str(error)
    print(json.dumps({task: said if done is None else done.about["verdict"]}), flush=True)
    return said if done is None else done


def _kept() -> Path | None:
    given = os.environ.get("CREDIT_RESULTS")
    return Path(given) if given else None


def _met(one: Mapping[str, Any]) -> bool:
    if one["refused"]:
        return False
    ways = [found["candidates"].get(TOGETHER, {}).get("way", 0.0) for found in one["scores"].values()]
    ring = one["rings"]
    return bool(min(ways) >= WAY and 2 * ring["found_of_planted"] >= ring["planted"])


if __name__ == "__main__":
    print(run().line())
