"""The masked test on a bank's own applications: those decided long enough ago, by the score's main inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bankmine.customers.catalogue import CATALOGUE
from bankmine.customers.matrix import matrix
from bankmine.decisions.credit_policy.applicants import ALWAYS, SUBJECT, Applicants, evidence_of
from bankmine.decisions.credit_policy.inference.masked import IGNORE, Answer, Decidedly, inferred, masked_test
from bankmine.engine.session import Session
from bankmine.errors import UsageError
from bankmine.tasks.definitions import DEFINITIONS
from bankmine.tasks.sql import statement

if TYPE_CHECKING:
    from bankmine.decisions.credit_policy.desk import Desk

MOST_FIELDS, DECIDED_WITHIN_DAYS = 15, 7
MONEY = "minor units"
Floats = np.ndarray[Any, np.dtype[np.float64]]


def masked_test_of(desk: Desk, recorded: str | None) -> Answer:
    """The test for a desk's run.

    `recorded` names a feature that made it easier to be granted and has no bearing on risk; a category counts
    by the share of its applications that were granted. FeasibilityError with too few decided applications.
    """
    return masked_test(_data(desk, recorded)[0])


def inferred_of(desk: Desk, found: Applicants, recorded: str | None) -> tuple[Answer, Floats | None]:
    """The answer, and where it says to use a method the chances it gives the applicants; None where not."""
    data, standard = _data(desk, recorded)
    answer = masked_test(data)
    if answer.use == IGNORE:
        return answer, None
    asked = found.table.select(["subject_id", "customer_id", "cutoff"])
    table = matrix(desk.bank.warehouse, _as_applications(asked), list(standard.names))
    return answer, inferred(data, answer.use, standard.apply(table))


def _data(desk: Desk, recorded: str | None) -> tuple[Decidedly, Standard]:
    rows, names = _decided(desk), _fields(desk, recorded)
    plain = rows.drop_columns(["granted", "bad"])
    found = matrix(desk.bank.warehouse, plain, [*names, *([recorded] if recorded else [])])
    granted = np.asarray(rows.column("granted").to_numpy(zero_copy_only=False), dtype=np.bool_)
    standard = Standard.of(found, names)
    data = Decidedly(
        X=standard.apply(found), granted=granted,
        bad=np.asarray(rows.column("bad").to_numpy(zero_copy_only=False), dtype=np.float64),
        customers=np.asarray(rows.column("customer_id").to_numpy(), dtype=np.int64),
        ease=None if recorded is None else _ease(found.column(recorded), granted),
    )  # fmt: skip
    return data, standard


def _decided(desk: Desk) -> Any:
    """Applications whose outcome, good or bad, had time to be known by the run's cutoff."""
    run, warehouse = desk.run, desk.bank.warehouse
    wait = DEFINITIONS["application_default"].rule.embargo_days + DECIDED_WITHIN_DAYS
    until = warehouse.zone.days_before(run.cutoff_us, wait)
    with Session(warehouse, run.cutoff_us, until=run.cutoff_us) as session:
        rows = session.arrow(statement(Path(__file__).parents[1], "decided"), {"until": until})
    return _as_applications(rows)


def _as_applications(rows: Any) -> Any:
    import pyarrow as pa

    return rows.append_column("subject_kind", pa.array([SUBJECT] * rows.num_rows, pa.string()))


def _fields(desk: Desk, recorded: str | None) -> list[str]:
    """The request's own figures and the inputs the score hangs on most; numbers only."""
    heavy = evidence_of(desk.run, desk.question).features[:MOST_FIELDS]
    names = [name for name in dict.fromkeys([*ALWAYS, *heavy]) if name in CATALOGUE and name != recorded]
    if recorded is not None and recorded not in CATALOGUE:
        raise UsageError(f"there is no feature {recorded!r}", hint="`bankmine features` lists them.")
    return [name for name in names if CATALOGUE[name].unit not in ("code", "text", "sequence")]


@dataclass(frozen=True)
class Standard:
    """How numbers become columns with mean 0 and deviation 1, as learnt from the decided applications.

    Money goes by its logarithm; a missing value stands at the median and is flagged; tails are cut at half a
    percent. `fill`, `low`, `high` are one a name; `mean` and `deviation` one a column.
    """

    names: tuple[str, ...]
    fill: Floats
    low: Floats
    high: Floats
    mean: Floats
    deviation: Floats

    @staticmethod
    def of(table: Any, names: list[str]) -> Standard:
        """Learnt from a table; names without any value are left out."""
        read = {name: _read(table, name) for name in names}
        kept = tuple(name for name, values in read.items() if np.isfinite(values).any())
        fill = np.array([np.nanmedian(read[name]) for name in kept])
        ends = [np.nanquantile(read[name], [0.005, 0.995]) for name in kept]
        low, high = np.array([one[0] for one in ends]), np.array([one[1] for one in ends])
        plain = _columns([read[name] for name in kept], fill, low, high)
        return Standard(kept, fill, low, high, plain.mean(axis=0), plain.std(axis=0))

    def apply(self, table: Any) -> Floats:
        """The columns of a table; those that never varied where they were learnt are left out."""
        plain = _columns([_read(table, name) for name in self.names], self.fill, self.low, self.high)
        varied = self.deviation > 1e-9
        return np.asarray((plain[:, varied] - self.mean[varied]) / self.deviation[varied])


def _read(table: Any, name: str) -> Floats:
    values = _doubles(table.column(name))
    return np.sign(values) * np.log1p(np.abs(values)) if CATALOGUE[name].unit == MONEY else values


def _columns(values: list[Floats], fill: Floats, low: Floats, high: Floats) -> Floats:
    """Filled and cut values, then a flag for each that was missing."""
    raw = np.column_stack(values)
    known = np.isfinite(raw)
    return np.column_stack([np.clip(np.where(known, raw, fill), low, high), ~known])


def _ease(column: Any, granted: Any) -> Floats:
    """Numbers as they are; a category as the share of its other applications that were granted."""
    import pyarrow as pa

    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    if not pa.types.is_string(plain.type):
        values = _doubles(plain)
        return np.where(np.isfinite(values), values, np.nanmedian(values))
    encoded = np.unique(np.array(plain.fill_null("").to_pylist(), dtype=str), return_inverse=True)[1]
    count, yes = np.bincount(encoded), np.bincount(encoded, weights=granted)
    return np.asarray((yes[encoded] - granted + 0.5) / (count[encoded] - 1 + 1.0))


def _doubles(column: Any) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(), np.float64)
