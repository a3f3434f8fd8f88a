"""Rows the loads refused: what the contract checks rejected, by table and reason, from the manifest."""

from __future__ import annotations

from collections.abc import Iterator

from bankmine.bank.warehouse import Warehouse
from bankmine.understanding.findings import Certainty, Finding, Severity, count, percent


def rejected(warehouse: Warehouse) -> Iterator[Finding]:
    """A finding for each table, load and reason with rejected rows."""
    for load in warehouse.manifest.loads:
        for name, table in load.tables.items():
            for reason, rows in sorted(table.rejects.items()):
                if rows:
                    yield _finding(load.number, name, reason, rows, max(table.read, rows))


def _finding(load: int, name: str, reason: str, rows: int, read: int) -> Finding:
    column = reason.split(":")[0].split(" ")[0].strip("`'\"")
    return Finding(
        kind="rejected_rows", table=name, columns=(column,), rows=rows, share=rows / read,
        where=f"load {load}",
        sentence=f"Load {load} refused {count(rows)} of {name} ({percent(rows / read)}): {reason}.",
        severity=Severity.CRITICAL if rows > 0.01 * read else Severity.WARNING, certainty=Certainty.CERTAIN,
        evidence=f"{rows:,} of {read:,} rows read break the contract of {name}.",
        advice="The rejects file of the load holds these rows with their reasons; mend the extract or the "
        "mapping.",
    )  # fmt: skip
