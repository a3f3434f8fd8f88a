"""Slow, obvious twins of the programs that follow reports and loans: plain Python over a session's rows."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

from bankmine.bank.civil import DAY, HOUR, Zone
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session

Row = dict[str, Any]
MONTHS = {"1mo": 1, "3mo": 3, "6mo": 6, "12mo": 12, "24mo": 24}
KINDS = ("enquiry", "loan_issued", "repaid", "overdue", "address_change", "employer_change",
         "provident_fund_change")  # fmt: skip


def us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def events_of(warehouse: Warehouse, table: str, key: str, number: int, cutoff: int, known: int) -> list[Row]:
    """The events of a key a session shows, in their order."""
    with Session(warehouse, known, until=cutoff) as session:
        rows = session.arrow(f"SELECT * FROM {table} WHERE {key} = {number}").to_pylist()
    primary = {"loan_event": "loan_event_id", "bureau_event": "bureau_event_id"}.get(table, "report_id")
    return sorted(rows, key=lambda row: (row["event_time"], row["seq"], row[primary]))


def may_ask(warehouse: Warehouse, customer: int, cutoff: int) -> bool:
    with Session(warehouse, cutoff, until=cutoff) as session:
        found = session.arrow(
            f"SELECT * FROM consent WHERE customer_id = {customer} AND purpose = 'bureau' AND given_at "
            "IS NOT NULL AND withdrawn_at IS NULL AND expires_at IS NULL"
        )
    return bool(found.num_rows)


def answered(enquiries: list[tuple[int, Any]], loans: list[tuple[int, Any]], within: int) -> list[bool]:
    """Whether a loan answers each enquiry (time, institution): loans in turn, each the oldest that waits."""
    got = [False] * len(enquiries)
    for when, institution in sorted(loans, key=lambda loan: loan[0]):
        waiting = [
            place for place, (asked, of) in enumerate(enquiries)
            if not got[place] and of == institution and 0 <= when - asked <= within
        ]  # fmt: skip
        if waiting:
            got[min(waiting, key=lambda place: (enquiries[place][0], place))] = True
    return got


@cache
def report_of(warehouse: Warehouse, customer: int, cutoff: int) -> dict[str, Any] | None:
    """Columns of the last report of a customer that is no application; None where none may be read."""
    zone = warehouse.zone
    reports = events_of(warehouse, "bureau_report", "customer_id", customer, cutoff, cutoff)
    reports = [one for one in reports if us(one["event_time"]) >= zone.months_before(cutoff, 24)]
    if not reports or not may_ask(warehouse, customer, cutoff):
        return None
    last, drawn = reports[-1]["report_id"], us(reports[-1]["event_time"])
    items = [
        row for row in events_of(warehouse, "bureau_event", "customer_id", customer, cutoff, cutoff)
        if row["report_id"] in (None, last) and us(row["event_time"]) < drawn
    ]  # fmt: skip
    found: dict[str, Any] = {"age": _days(zone, drawn, cutoff), "items": items, "drawn": drawn}
    coverage = warehouse.coverage("bureau_event")
    for span, months in MONTHS.items():
        start = zone.months_before(drawn, months)
        if coverage is None or not coverage[0] <= start <= drawn <= coverage[1]:
            continue
        inside = [row for row in items if us(row["event_time"]) >= start]
        for kind in KINDS:
            mine = [row["amount_minor"] or 0 for row in inside if row["kind"] == kind]
            found[f"{kind}_count_{span}"], found[f"{kind}_sum_{span}"] = len(mine), sum(mine)
        found |= _followed(items, drawn, start, span)
    return found


def _followed(items: list[Row], drawn: int, start: int, span: str) -> dict[str, Any]:
    asks = [row for row in items if row["kind"] == "enquiry" and row["reason"] != "account review"]
    loans = [(us(row["event_time"]), row["institution_id"]) for row in items if row["kind"] == "loan_issued"]
    got = answered([(us(row["event_time"]), row["institution_id"]) for row in asks], loans, 30 * DAY)
    inside = [(us(row["event_time"]), yes) for row, yes in zip(asks, got, strict=True)
              if us(row["event_time"]) >= start]  # fmt: skip
    yes = sum(one for _, one in inside)
    no = sum(not one and drawn - when > 30 * DAY for when, one in inside)
    return {
        f"unfollowed_count_{span}": no,
        f"followed_share_{span}": yes / (yes + no) if yes + no else None,
        "open": sum(not one and drawn - us(row["event_time"]) <= 30 * DAY
                     for row, one in zip(asks, got, strict=True)),
    }  # fmt: skip


def _days(zone: Zone, early: int, late: int) -> int:
    return (day_of(zone, late) - day_of(zone, early)).days


def day_of(zone: Zone, instant: int) -> date:
    return date.fromisoformat(zone.show(instant)[:10])


def loan_of(warehouse: Warehouse, loan: int, cutoff: int) -> dict[str, Any] | None:
    """Where one loan stands, event after event; None where nothing is known of it."""
    zone = warehouse.zone
    events = events_of(warehouse, "loan_event", "loan_id", loan, cutoff, cutoff)
    if not events:
        return None
    last, today = events[-1], day_of(zone, cutoff)
    late = last["days_past_due"] or 0
    if (late or last["kind"] == "due") and last["kind"] not in ("written_off", "recovered"):
        late += (today - day_of(zone, us(last["event_time"]))).days
    unpaid = 0
    for row in events:
        if row["kind"] in ("restructured", "written_off"):
            unpaid = 0
        elif row["kind"] in ("due", "paid"):
            unpaid = max(0, unpaid + (row["amount_minor"] or 0) * (1 if row["kind"] == "due" else -1))
    left = [row["principal_after_minor"] for row in events if row["principal_after_minor"] is not None]
    on = last["due_next_on"]
    shown = on is not None and on >= day_of(zone, us(last["event_time"]))
    return {
        "principal_left": left[-1] if left else None, "days_past_due": late, "unpaid": unpaid,
        "due_next_days": (on - today).days if shown else None,
        "due_next_amount": last["due_next_minor"] if shown else None,
        "late": _late_of(zone, events, cutoff),
    }  # fmt: skip


def use_of(warehouse: Warehouse, loan: int, customer: int, cutoff: int) -> tuple[Any, Any]:
    """The largest payment after the loan was paid out as a fraction of it; hours until half of it went."""
    events = events_of(warehouse, "loan_event", "loan_id", loan, cutoff, cutoff)
    lent = [row for row in events if row["kind"] == "disbursed" and (row["amount_minor"] or 0) > 0]
    if not lent:
        return None, None
    begins, amount = us(lent[0]["event_time"]), lent[0]["amount_minor"]
    with Session(warehouse, cutoff, until=cutoff) as session:
        rows = session.arrow(f"SELECT * FROM customer_transaction WHERE customer_id = {customer}").to_pylist()
    paid = [
        (us(row["event_time"]) - begins, row["base_minor"]) for row in rows
        if row["direction"] == "out" and row["status"] != "declined"
        and begins <= us(row["event_time"]) < begins + 30 * DAY
    ]  # fmt: skip
    half = [when for when, size in paid if 2 * size >= amount]
    return max((size for _, size in paid), default=0) / amount, min(half) / HOUR if half else None


def _late_of(zone: Zone, events: list[Row], cutoff: int) -> list[tuple[int, int]]:
    """(when due, days late) of each instalment; the oldest is paid first."""
    owed: list[int] = []
    found = []
    for row in events:
        when = us(row["event_time"])
        if row["kind"] == "due":
            owed.append(when)
        elif row["kind"] == "paid" and owed:
            due = owed.pop(0)
            found.append((due, _days(zone, due, when)))
    return sorted(found + [(due, _days(zone, due, cutoff)) for due in owed])
