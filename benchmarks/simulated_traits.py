"""Row TRT: what the tables of a simulated bank tell about the traits its truth knows.

The observable ceilings count some traits as written: lived out in so many rows that anybody could read them.
Here all shipped features of every customer at the end are given to gradient boosting, cross-fitted
over customers, and the share of each trait's variance that they explain is measured. A trait that the tables
hardly show must not count as written (see `BALANCES_SAY` in `simulation/service/truth.py`).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bankmine import pipeline
from bankmine.folder import BankFolder
from benchmarks.rows import Row

CUSTOMERS, MONTHS, SEED = 5_000, 36, 100
TRAITS = ("prudence", "digital", "income", "price_sensitivity", "service_sensitivity")
FOLDS, ROUNDS = 4, 200
BAR = "prudence counts as written no more than the tables tell, twice over"
SETTINGS = {
    "objective": "regression", "num_leaves": 15, "learning_rate": 0.05, "feature_fraction": 0.3,
    "min_data_in_leaf": 30, "verbose": -1, "seed": 0, "num_threads": 1, "deterministic": True,
    "force_row_wise": True,
}  # fmt: skip


def run() -> Row:
    """The row."""
    with tempfile.TemporaryDirectory() as folder:
        truth, bank = _bank(Path(folder))
        found = explained(bank, truth)
    counted = _counted()
    return Row(
        row="TRT",
        bankmine={"share of variance explained": found},
        reference={"prudence counted as written": round(counted, 3)},
        bar=BAR,
        met=counted <= 2 * max(found["prudence"], 0.05),
        protocol=f"one bank of {CUSTOMERS:,} customers × {MONTHS} months, seed {SEED}; boosting on all "
        f"shipped features of every customer at the end, {FOLDS} folds over customers",
    )


def explained(bank: BankFolder, truth: Path) -> dict[str, float]:
    """The share of each trait's variance that boosting on all features explains, out of fold."""
    known, values = _traits(bank, truth), _features(bank)
    place = {one: row for row, one in enumerate(values["customer_id"].tolist())}
    rows = np.array([place[one] for one in known["customer_id"].tolist() if one in place])
    kept = np.array([one in place for one in known["customer_id"].tolist()])
    return {name: round(_out_of_fold(values["matrix"][rows], known[name][kept]), 3) for name in TRAITS}


def _out_of_fold(matrix: Any, trait: Any) -> float:
    import lightgbm

    said, fold = np.zeros(len(trait)), np.arange(len(trait)) % FOLDS
    for number in range(FOLDS):
        rest = fold != number
        data = lightgbm.Dataset(matrix[rest], trait[rest], params={"verbose": -1})
        model = lightgbm.train(SETTINGS, data, num_boost_round=ROUNDS)
        said[~rest] = model.predict(matrix[~rest], num_threads=1)
    return float(1 - np.square(trait - said).sum() / np.square(trait - trait.mean()).sum())


def _features(bank: BankFolder) -> dict[str, Any]:
    """All features that are numbers, of every customer, at the bank's last cutoff."""
    import pyarrow as pa

    from bankmine.customers.catalogue import CATALOGUE
    from bankmine.customers.matrix import matrix
    from bankmine.customers.population import customers_at
    from bankmine.customers.snapshot import default_cutoff

    cutoff = default_cutoff(bank.warehouse)
    can = CATALOGUE.available(bank.warehouse, as_of=cutoff).names
    names = [name for name in can if CATALOGUE[name].subject == "customer"]
    people, _ = customers_at(bank.warehouse, cutoff)
    made = matrix(bank.warehouse, people, names)
    numbers = [name for name in names if not pa.types.is_string(made.schema.field(name).type)]
    columns = [
        made.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False) for name in numbers
    ]
    who = people.column("customer_id").to_numpy()
    return {"customer_id": who, "matrix": np.column_stack(columns)}


def _traits(bank: BankFolder, truth: Path) -> dict[str, Any]:
    import pyarrow.dataset as ds

    table = ds.dataset(truth / "customers").to_table(columns=["customer", *TRAITS])
    raw = [str(one) for one in table.column("customer").to_pylist()]
    found = {name: np.asarray(table.column(name).to_numpy(), dtype=np.float64) for name in TRAITS}
    found["income"] = np.log(np.maximum(found["income"], 1.0))
    return {"customer_id": np.array([bank.keyring.token("customer", one) for one in raw]), **found}


def _counted() -> float:
    """The share of prudence's variance that the truth lets count as written; prudence is beta(4, 2)."""
    from bankmine.simulation.service.truth import BALANCES_SAY

    spread = 4 * 2 / (6**2 * 7)
    return float(spread / (spread + BALANCES_SAY**2))


def _bank(folder: Path) -> tuple[Path, BankFolder]:
    given = os.environ.get("BENCH_FOLDER")
    if given:
        return Path(given) / "extracts" / "truth", pipeline.open_bank(Path(given) / "bank")
    pipeline.simulate(folder / "extracts", customers=CUSTOMERS, months=MONTHS, seed=SEED)
    bank = pipeline.init(folder / "bank", mapping="simulated", extracts=folder / "extracts")
    pipeline.load(bank)
    return folder / "extracts" / "truth", bank.reopened()
