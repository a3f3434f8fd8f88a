"""How much of the ceiling of the application score can be learnt: the truth's own causes, learnt forward.

The observable ceiling of a simulated bank is fitted on true chances, which carry no noise, and measured on
the rows of a few communities. A score learns from a few hundred bads. So the causes that stand in the
tables, as the truth has them without error (which purposes are risky, which order of the bureau's items
counts), are given to boosted trees that learn from the very training rows of the task and are tested on its
test rows; once whole, once without what the score may not or cannot read. Beside it stands the ceiling on
the tested rows alone. It is what a score with perfect features could have reached from as many bads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bankmine.evaluation.intervals import interval
from bankmine.evaluation.metrics import compute
from bankmine.folder import BankFolder
from bankmine.mining.classification.boosting import Boosting
from bankmine.simulation.ceilings import Rows, predicted
from bankmine.tasks.application_score.past import past_of
from bankmine.tasks.application_score.question import GoesBad
from bankmine.tasks.contract import Bank
from bankmine.tasks.population import check_cutoff
from bankmine.tasks.sql import micros

LEFT_OUT = {  # what is taken away to see what it is worth
    "without age": ("age",),
    "without the meaning of the text": ("risky_purpose",),
    "without the order of bureau items": ("order",),
    "without age, text and order": ("age", "risky_purpose", "order"),
}
SETTINGS: dict[str, Any] = {
    "n_estimators": 150, "num_leaves": 4, "learning_rate": 0.05, "min_data_in_leaf": 30,
    "feature_fraction": 0.5, "lambda_l2": 5.0,
}  # fmt: skip


def learnt_forward(folder: BankFolder, truth: Path) -> dict[str, Any]:
    """AUC on the task's test rows of the written causes learnt from its training rows, whole and without
    some; the ceiling on the same rows."""
    bank = Bank(warehouse=folder.warehouse, cutoff=check_cutoff(folder.warehouse, GoesBad.needs, None))
    question = GoesBad()
    plan = question.plan(bank)
    past = past_of(question, bank, plan)
    causes, written, oracle, place = _causes(folder, truth)
    when, who = micros(past.rows.column("cutoff")), past.customers
    at = np.array([place.get(key, -1) for key in zip(when.tolist(), who.tolist(), strict=True)])
    kept = np.flatnonzero(at >= 0)
    when, who, label = when[kept], who[kept], past.bad[kept]
    written, oracle = written[at[kept]], oracle[at[kept]]
    assert plan.test is not None
    train, test = when < plan.periods[0][1], when >= plan.test.test_from

    def learnt(without: tuple[str, ...]) -> float:
        columns = [one for one, name in enumerate(causes) if name.removeprefix("written_") not in without]
        model = Boosting(random_state=0, num_threads=1, **SETTINGS)
        model.fit(written[train][:, columns], label[train], names=[causes[one] for one in columns])
        return compute("auc", label[test], model.decision_function(written[test][:, columns]))

    best = predicted(Rows("", label, oracle, written, tuple(causes), who, who, when))[test]
    top = interval("auc", label[test], best, groups=who[test], resamples=200, by="customer")
    return {
        "bads_learnt_from": int(label[train].sum()), "bads_tested": int(label[test].sum()),
        "learnt": round(learnt(()), 3),
        **{name: round(learnt(without), 3) for name, without in LEFT_OUT.items()},
        "ceiling_of_tested_rows": [round(value, 3) for value in (top.value, top.low, top.high)],
    }  # fmt: skip


def _causes(folder: BankFolder, truth: Path) -> tuple[list[str], Any, Any, dict[tuple[int, int], int]]:
    """Names and values of the written causes, the true chances, and the row of each (instant, customer)."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    table = ds.dataset(truth / "label_application_default").to_table()
    names = [name for name in table.column_names if name.startswith("written_")]
    raw = table.column("customer").to_pylist()
    token = {one: folder.keyring.token("customer", one) for one in set(raw)}
    local = np.asarray(table.column("cutoff").cast(pa.int64()))
    cutoffs = folder.warehouse.zone.to_utc(local).tolist()
    place = {(at, token[one]): row for row, (at, one) in enumerate(zip(cutoffs, raw, strict=True))}
    columns = [table.column(name).cast("float64").to_numpy(zero_copy_only=False) for name in names]
    oracle = table.column("oracle").cast("float64").to_numpy()
    return names, np.stack(columns, axis=1), oracle, place
