"""How much of a next-product ceiling can be reached at all: the truth's own causes, learnt forward in time.

The observable ceiling of a simulated bank is fitted on the true chances, without the noise of openings. A
model that learns from openings has a few hundred of them. So the same causes are given to the same kind of
model, trained on the openings of the months before and tested on the months after, as the task is: `learnt`
is the share of the way it goes, on every third month of the test, where the truth has rows. `without_thrift`
is the ceiling when one cause is left out: the simulator takes it to be plain from balances, and the tables
hardly show it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.evaluation.metrics import compute
from bankmine.folder import BankFolder
from bankmine.mining.classification.boosting import Boosting
from bankmine.simulation.ceilings import Rows, predicted
from bankmine.tasks.contract import Bank
from bankmine.tasks.next_product import NextProduct, families_of, models
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.sql import micros

THRIFT = "written_prudence"


def learnt_forward(folder: BankFolder, truth: Path, ceilings: dict[str, Any]) -> dict[str, Any]:
    """For each family: AUC and share of the way of the written causes, and the ceiling without thrift."""
    needs = NextProduct("fund").needs
    bank = Bank(warehouse=folder.warehouse, cutoff=check_cutoff(folder.warehouse, needs, None))
    found = {}
    for family in families_of(bank):
        top = ceilings[f"next_product/{family}"]["observable"]["auc"][0]
        found[family] = _of_family(folder, bank, truth, family, top)
    return found


def _of_family(folder: BankFolder, bank: Bank, truth: Path, family: str, top: float) -> dict[str, Any]:
    question = NextProduct(family)
    plan = question.plan(bank)
    causes, written, oracle, place = _causes(folder, truth, family)
    cutoffs = tuple(one for one in plan.cutoffs[:-1] if any(at == one for at, _ in place))
    rows = question.population(bank, replace(plan, cutoffs=cutoffs))
    who = np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64)
    when = micros(rows.column("cutoff"))
    at = np.array([place.get(key, -1) for key in zip(when.tolist(), who.tolist(), strict=True)])
    kept = np.flatnonzero(at >= 0)
    label, known_at = question.label(bank, rows.take(kept))
    when, who, matrix = when[kept], who[kept], written[at[kept]]
    assert plan.test is not None
    train, test = known_at <= plan.test.test_from, when >= plan.test.test_from
    settings = models(bank)[1].settings[0]
    model = Boosting(**settings).fit(matrix[train], label[train], names=causes)
    auc = compute("auc", label[test], model.decision_function(matrix[test]))
    less = [place for place, name in enumerate(causes) if name != THRIFT]
    told = Rows(
        family, label, oracle[at[kept]], matrix[:, less], tuple(causes[place] for place in less), who,
        who, when,
    )  # fmt: skip
    return {
        "auc": round(auc, 3), "learnt": round((auc - 0.5) / (top - 0.5), 3),
        "openings_learnt_from": int(label[train].sum()), "openings_tested": int(label[test].sum()),
        "without_thrift": round(compute("auc", label, predicted(told)), 3),
    }  # fmt: skip


def _causes(
    folder: BankFolder, truth: Path, family: str
) -> tuple[list[str], Any, Any, dict[tuple[int, int], int]]:
    """Names and values of the written causes, the true chances, and the row of each (cutoff, customer)."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    table = ds.dataset(truth / "label_next_product").to_table(filter=pc.field("family") == family)
    names = [name for name in table.column_names if name.startswith("written_")]
    raw = table.column("customer").to_pylist()
    token = {one: folder.keyring.token("customer", one) for one in set(raw)}
    local = np.asarray(table.column("cutoff").cast(pa.int64()))
    cutoffs = folder.warehouse.zone.to_utc(local).tolist()
    place = {(at, token[one]): row for row, (at, one) in enumerate(zip(cutoffs, raw, strict=True))}
    columns = [table.column(name).cast("float64").to_numpy(zero_copy_only=False) for name in names]
    return names, np.stack(columns, axis=1), table.column("oracle").to_numpy(), place
