"""The applicants of a finished run, with every field a policy may look at.

A field is `probability` or `grade` of the run, `customer_kind`, or any feature of the catalogue, each at the
application's own instant. Two groups: those *tested* (granted, outcome known, scored by a model that had not
seen them) and those scored *now* (all that applied lately, refused ones too, whose outcomes are open: a bad
one shows before a good one can, so the few known early are not used).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix
from bankmine.decisions.credit_policy.money import Floats
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.engine.session import Session
from bankmine.errors import UsageError
from bankmine.lifecycle.evidence import Evidence, read_evidence
from bankmine.tasks.sql import statement

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.lifecycle.run import Run

SUBJECT = "application"
ALWAYS = (
    "app_amount", "app_term_months", "app_stated_income", "app_product", "app_instalment",
    "app_instalment_to_income", "app_amount_to_income",
)  # fmt: skip
PRICES = ("list_rate", "transfer_rate")
TESTED, NOW = "tested", "now"
_OWN = ("subject_id", "customer_id", "cutoff", "probability", "grade", "today", "customer_kind", "came_true",
        "list_rate", "transfer_rate")  # fmt: skip


@dataclass(frozen=True)
class Applicants:
    """Applicants as an Arrow table: who, the run's answer, `today` (what was decided), `came_true` where
    known, and the features asked for; `part` is tested or now."""

    table: Any
    part: str

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def number(self, name: str) -> Floats:
        """A column as doubles; NaN where missing."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = pc.fill_null(self.table.column(name).cast(pa.float64()), float("nan"))
        return np.asarray(column.to_numpy(), dtype=np.float64)

    @property
    def customers(self) -> Any:
        """The customer of each, as whole numbers."""
        return np.asarray(self.table.column("customer_id").to_numpy(), dtype=np.int64)

    @property
    def products(self) -> list[Any]:
        """The product each asked for."""
        found: list[Any] = self.table.column("app_product").to_pylist()
        return found

    @cached_property
    def granted(self) -> Any:
        """Whom the bank approved; all of those tested."""
        if self.part == TESTED:
            return np.ones(len(self), dtype=np.bool_)
        return np.array([one == "approved" for one in self.table.column("today").to_pylist()], dtype=np.bool_)

    def place_of(self, application: int) -> int:
        """The row of an application; UsageError where it is not among them."""
        found = np.flatnonzero(self.table.column("subject_id").to_numpy() == application)
        if not len(found):
            raise UsageError(
                f"application {application} is not among the {len(self)} scored lately",
                hint="Name one of the run's scores, by its pseudonym.",
            )
        return int(found[0])


def with_outcome(
    run: Run, warehouse: Warehouse, names: Iterable[str] = (), *, question: str | None = None
) -> Applicants:
    """The applicants of the run's test, with their outcome."""
    rows = evidence_of(run, question).tested.select(
        ["subject_id", "customer_id", "cutoff", "probability", "came_true"]
    )
    return Applicants(_with_fields(run, warehouse, rows, names), TESTED)


def scored(
    run: Run, warehouse: Warehouse, names: Iterable[str] = (), *, question: str | None = None
) -> Applicants:
    """The applicants the run scored."""
    import pyarrow.compute as pc

    table, name = run.scores, question_of(run, question)
    if name:
        table = table.filter(pc.equal(table.column("question"), name))
    rows = table.select(["subject_id", "customer_id", "cutoff", "probability", "grade"])
    return Applicants(_with_fields(run, warehouse, rows, names), NOW)


def fields_of(*policies: Policy) -> tuple[str, ...]:
    """The features policies look at, besides what every applicant has."""
    named = dict.fromkeys(field.name for policy in policies for field in policy.fields)
    return tuple(name for name in named if name not in _OWN)


def question_of(run: Run, question: str | None) -> str:
    """The question meant: the one asked for, or a study's first; empty for a task that asks one."""
    asked = [str(one["name"]) for one in run.figures.get("questions", [])]
    if run.about.get("subject_kind") != SUBJECT:
        raise UsageError(
            f"{run.task} scores {run.about.get('subject_kind')} subjects, not applications",
            hint="A credit policy needs a run such as application_score.",
        )
    if question is not None and question not in asked:
        raise UsageError(
            f"{run.task} has no question {question!r}", hint=f"It asked {', '.join(asked) or 'one'}."
        )
    return question or (asked[0] if asked else "")


def folder_of(run: Run, question: str | None) -> Path:
    """Where the question's model and evidence lie."""
    name = question_of(run, question)
    return run.folder / "questions" / name if name else run.folder


def evidence_of(run: Run, question: str | None) -> Evidence:
    """What the question kept."""
    return read_evidence(folder_of(run, question))


def _with_fields(run: Run, warehouse: Warehouse, rows: Any, names: Iterable[str]) -> Any:
    import pyarrow as pa

    wanted = [name for name in dict.fromkeys([*ALWAYS, *names]) if name not in _OWN]
    unknown = [name for name in wanted if name not in CATALOGUE]
    if unknown:
        raise UsageError(
            f"the policy looks at {unknown[0]!r}, which no application has",
            hint="Use probability, grade, customer_kind or a feature listed by `bankmine features`.",
        )
    asked = rows.select(["subject_id", "customer_id", "cutoff"]).append_column(
        "subject_kind", pa.array([SUBJECT] * rows.num_rows, pa.string())
    )
    found = matrix(warehouse, asked, wanted)
    decided = _decided(run, warehouse, rows)
    for name in ("today", "customer_kind"):
        rows = rows.append_column(name, decided.column(name))
    for name in wanted:
        column = found.column(name)
        coded = pa.types.is_dictionary(column.type)
        rows = rows.append_column(name, column.cast(pa.string()) if coded else column)
    for name, values in _prices(run, warehouse, rows.column("app_product").to_pylist()).items():
        rows = rows.append_column(name, pa.array(values, pa.float64()))
    return rows.replace_schema_metadata(None).combine_chunks()


def _prices(run: Run, warehouse: Warehouse, products: list[Any]) -> dict[str, list[float | None]]:
    """The list price and the cost of funding of each product, null where the bank keeps no such list.

    Those of the run's cutoff for all, earlier applications too: what they would earn at today's prices.
    """
    listed: dict[str, dict[str, float]] = {}
    if warehouse.has("rate_history"):
        with Session(warehouse, run.cutoff_us, until=run.cutoff_us) as session:
            found = session.arrow(statement(Path(__file__).parent, "prices")).to_pylist()
        listed = {one["product_code"]: one for one in found}
    return {name: [listed.get(one, {}).get(name) for one in products] for name in PRICES}


def _decided(run: Run, warehouse: Warehouse, rows: Any) -> Any:
    import pyarrow as pa

    asked = pa.table({"row_number": np.arange(rows.num_rows), "subject_id": rows.column("subject_id")})
    with Session(warehouse, run.cutoff_us, until=run.cutoff_us) as session:
        session.register("asked_rows", asked)
        found = session.arrow(statement(Path(__file__).parent, "applicants"))
    if found.num_rows != rows.num_rows:
        raise UsageError(
            f"the bank holds {found.num_rows} of the run's {rows.num_rows} applications",
            hint="Name the bank the run was made of.",
        )
    return found
