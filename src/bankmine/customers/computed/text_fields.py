"""What a purpose is compared with: the form, the accounts, the bureau, the network, as known at each row.

Each field is null where the bank does not know it, and a null says nothing: a check without its field is
missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.civil import DAY
from bankmine.bank.currencies import exponent_of
from bankmine.customers.computed.links_in_time import network, sql
from bankmine.customers.computed.network import brought, features_of, strangers
from bankmine.engine.session import Session

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.computed.text import Written
    from bankmine.customers.subjects import Subjects

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
PAID_DAYS = 92
USUAL_MONTHS, LEAST_INCOMES = 12, 30
MONTH = 30.4375 * DAY
WORK = {"self-employed": "self-employed", "student": "student", "pensioner": None, "retired": None,
        "unemployed": "not working", "housewife": "not working", "not working": "not working"}  # fmt: skip
FAMILY = {"mortgage": "home"}


def fields_of(
    warehouse: Warehouse, told: Written, place: Ints, subjects: Subjects, *, memory: str, threads: int
) -> tuple[Any, tuple[str, ...]]:
    """A row for each subject with columns of `mining.text.contradictions.FIELDS`, and the SQL that ran.

    `place`: the subject's place in `told`, −1 where it is none. Amounts in major units, incomes a month.
    """
    import pyarrow as pa

    own = _form(warehouse, told, place)
    columns: dict[str, Any] = own | {"usual_income": _usual(warehouse, told, subjects.cutoffs)}
    statements: tuple[str, ...] = ()
    asked = _asked(subjects, told, place)
    with Session(warehouse, memory=memory, threads=threads) as session:
        session.register("asked", asked)
        if warehouse.has("customer"):
            columns["work"] = _work(session, len(subjects))
        if warehouse.has("transaction"):
            columns["paid_income"] = _paid(warehouse, session, len(subjects))
        if warehouse.has("product"):
            columns["purpose"] = _purpose(session, len(subjects))
        statements += tuple(session.statements)
    if warehouse.has("bureau_report") and warehouse.has("bureau_event"):
        more, said = _bureau(warehouse, subjects, memory, threads)
        columns, statements = columns | more, statements + said
    more, said = _around(warehouse, subjects, memory, threads)
    return pa.table(columns | more), statements + said


def _asked(subjects: Subjects, told: Written, place: Ints) -> Any:
    import pyarrow as pa

    codes = told.table.column("product_code").to_pylist()
    return pa.table(
        {
            "product_code": pa.array([codes[one] if one >= 0 else None for one in place], pa.string()),
            "asked_row": np.arange(len(subjects)), "customer_id": subjects.keys["customer_id"],
            "cutoff": subjects.cutoffs, "knowledge": subjects.knowledge,
        }
    )  # fmt: skip


def _form(warehouse: Warehouse, told: Written, place: Ints) -> dict[str, Any]:
    """Amount and stated income of the form."""
    unit = 10.0 ** exponent_of(warehouse.currency)
    return {
        name: _numbers(_floats(told.table.column(column))[place], place < 0, unit)
        for name, column in (("amount", "amount_minor"), ("stated_income", "stated_income_minor"))
    } if len(told.application) else {}  # fmt: skip


def _numbers(values: Floats, missing: Any, unit: float) -> Any:
    import pyarrow as pa

    return pa.array(values / unit, mask=missing | ~np.isfinite(values))


def _floats(column: Any) -> Floats:
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _usual(warehouse: Warehouse, told: Written, cutoffs: Ints) -> Any:
    """The median income stated in the twelve months before the civil month of each row, known by then."""
    import pyarrow as pa

    zone = warehouse.zone
    local = zone.to_local(cutoffs).astype("datetime64[us]").astype("datetime64[M]")
    income = _floats(told.table.column("stated_income_minor"))
    found = np.full(len(cutoffs), np.nan)
    for month in np.unique(local):
        start, since = (
            int(zone.to_utc(np.array([(month - back).astype("datetime64[us]").astype(np.int64)]))[0])
            for back in (0, USUAL_MONTHS)
        )
        seen = (told.happened >= since) & (told.happened < start) & (told.told <= start)
        known = income[seen & np.isfinite(income)]
        if len(known) >= LEAST_INCOMES:
            found[local == month] = np.median(known) / 10.0 ** exponent_of(warehouse.currency)
    return pa.array(found, mask=~np.isfinite(found))


def _work(session: Session, rows: int) -> Any:
    """What the customer lives on; null for companies, for pensioners (who may work as well) and where the
    bank knows no occupation."""
    import pyarrow as pa

    found = session.arrow(sql("text_work"))
    work: list[str | None] = [None] * rows
    for row, occupation, kind in zip(
        *(found.column(name).to_pylist() for name in found.column_names), strict=True
    ):
        if occupation is not None and kind != "company":
            work[row] = WORK.get(occupation, "employed")
    return pa.array(work, pa.string())


def _paid(warehouse: Warehouse, session: Session, rows: int) -> Any:
    given = {"days": PAID_DAYS, "zone": warehouse.manifest.time_zone}
    found = session.arrow(sql("text_paid"), given)
    paid = np.full(rows, np.nan)
    paid[found.column("asked_row").to_numpy()] = _floats(found.column("paid"))
    return _numbers(paid, np.zeros(rows, dtype=np.bool_), 10.0 ** exponent_of(warehouse.currency))


def _purpose(session: Session, rows: int) -> Any:
    """What the product itself is for, where it is for one thing: a home, a car."""
    import pyarrow as pa

    found = session.arrow(sql("text_product"))
    purpose: list[str | None] = [None] * rows
    columns = (found.column(name).to_pylist() for name in ("asked_row", "name", "family"))
    for row, name, family in zip(*columns, strict=True):
        purpose[row] = _for_one_thing(name or "", family)
    return pa.array(purpose, pa.string())


def _for_one_thing(name: str, family: str | None) -> str | None:
    words = name.lower().split()
    if family == "loan" and ("car" in words or "auto" in words or "vehicle" in words):
        return "car"
    return FAMILY.get(family or "")


def _bureau(
    warehouse: Warehouse, subjects: Subjects, memory: str, threads: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Loans open elsewhere, and months since the last change of employer that the bureau knows."""
    import pyarrow as pa

    from bankmine.customers.computed.report import ISSUED, KINDS, REPAID, read_report

    report = read_report(warehouse, subjects, memory=memory, threads=threads)
    rows, items, kind = len(subjects), report.items, report.kind
    facility = items.whole("facility_id", -1)
    pair = np.stack([items.row, facility], axis=1)
    issued = np.unique(pair[(kind == ISSUED) & (facility != -1)], axis=0)
    repaid = {tuple(one) for one in pair[kind == REPAID].tolist()}
    open_ = np.array([tuple(one) not in repaid for one in issued.tolist()], dtype=np.bool_)
    count = np.bincount(issued[open_, 0] if len(issued) else issued[:, 0], minlength=rows)
    changed = np.full(rows, np.iinfo(np.int64).min)
    moved = kind == KINDS.index("employer_change")
    np.maximum.at(changed, items.row[moved], items.time[moved])
    ever = report.told & (changed > np.iinfo(np.int64).min)
    months = (subjects.cutoffs - np.where(ever, changed, subjects.cutoffs)) / MONTH
    return {
        "open_loans": pa.array(count, mask=~report.told), "months_in_job": pa.array(months, mask=~ever),
    }, report.statements  # fmt: skip


def _around(
    warehouse: Warehouse, subjects: Subjects, memory: str, threads: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Others of the household, and other applicants outside it on the same phone or device.

    The network is read as known at the cutoff: a row that knows more is compared with less, never with more.
    """
    import pyarrow as pa

    net = network(warehouse, memory=memory, threads=threads)
    customer, own = subjects.keys["customer_id"], brought(subjects)
    home = features_of(net, customer, subjects.cutoffs).column("neighbours_by_household").to_numpy()
    unknown = subjects.cutoffs <= net.first
    found = {"household": pa.array(home, mask=unknown)}
    if own:
        others = strangers(net, net, customer, subjects.cutoffs, own, ("phone", "device"))
        found["device_sharers"] = pa.array(others, mask=unknown)
    return found, net.statements
