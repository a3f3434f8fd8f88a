"""What hangs on a changed request, worked out anew: the ratios made of it, and the score itself.

The run's own model scores the changed application. Where it does not give back the stored score of the
unchanged one (a model that needs more than its features), that is said, and the score is held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.feature import Derived
from bankmine.customers.formulas import FORMULAS
from bankmine.customers.matrix import matrix
from bankmine.decisions.credit_policy.applicants import SUBJECT, Applicants, folder_of
from bankmine.errors import BankmineError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.lifecycle.run import Run

CLOSE = 1e-9


@dataclass(frozen=True)
class Rescorer:
    """Works a table of changed copies of one application out anew; `model` is None where the score is held.

    `features` are those of the application the model reads, by name.
    """

    features: Mapping[str, Any]
    model: Any
    sentence: str

    def __call__(self, table: Any) -> Any:
        """The table with its derived features and its probability as they follow from the others."""
        import pyarrow as pa

        full = table
        for name, value in self.features.items():
            if name not in full.column_names:
                full = full.append_column(name, pa.repeat(value, table.num_rows))
        full = derived(full)
        for name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, full.column(name))
        if self.model is None:
            return table
        probability = self.model.scores(full)[0]
        return table.set_column(table.column_names.index("probability"), "probability", pa.array(probability))


def rescorer(
    run: Run, warehouse: Warehouse, applicants: Applicants, place: int, *, question: str | None
) -> Rescorer:
    """For the application in one row of `applicants`."""
    from bankmine.lifecycle.labelled import load_model

    row = applicants.table.slice(place, 1)
    held = Rescorer({}, None, "The score is held as it is: its model cannot score a request alone.")
    try:
        model = load_model(folder_of(run, question) / "model")
        again = Rescorer(
            _features(run, warehouse, row, model), model, "The run's model scores every changed request anew."
        )
        was, now = (one.column("probability").to_pylist()[0] for one in (row, again(row)))
    except BankmineError:  # its features cannot be had any more, or not of one request
        return held
    return again if np.isclose(was, now, rtol=0, atol=CLOSE) else held


def _features(run: Run, warehouse: Warehouse, row: Any, model: Any) -> dict[str, Any]:
    """The values of what the model reads, and of what that is derived from; all of the run's where it does
    not say.
    """
    import pyarrow as pa

    plans = getattr(model.preparation, "plans_", None)
    read = [one["name"] for one in run.features] if plans is None else [plan.name for plan in plans]
    names = [one.name for one in CATALOGUE.with_inputs(name for name in read if name in CATALOGUE)]
    asked = row.select(["subject_id", "customer_id", "cutoff"]).append_column(
        "subject_kind", pa.array([SUBJECT])
    )
    found = matrix(warehouse, asked, names)
    return {name: found.column(name)[0] for name in names}


def derived(table: Any, only: Sequence[str] | None = None) -> Any:
    """Derived features of the table whose inputs are all in it, worked out anew, in the catalogue's order.

    `only` names those to work out; None all that the table has.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    asked = table.column_names if only is None else only
    names = [one.name for one in CATALOGUE.with_inputs(name for name in asked if name in CATALOGUE)]
    there = {name: place for place, name in enumerate(table.column_names)}
    for name in names:
        source = CATALOGUE[name].source
        if not isinstance(source, Derived) or name not in there or (only is not None and name not in only):
            continue
        if any(one not in there for one in source.inputs):
            continue
        inputs = [
            np.asarray(pc.fill_null(table.column(one).cast(pa.float64()), float("nan")), np.float64)
            for one in source.inputs
        ]
        with np.errstate(all="ignore"):
            values = FORMULAS[source.operation].compute(*inputs)
        table = table.set_column(there[name], name, pa.array(values, mask=~np.isfinite(values)))
    return table
