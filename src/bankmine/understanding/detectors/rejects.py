"""Rows the loads refused: what the contract checks rejected, by table and reason, from the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bankmine.bank.catalogue import TABLES
from bankmine.bank.warehouse import Warehouse
from bankmine.understanding.findings import Certainty, Finding, Severity, count, percent


def rejected(warehouse: Warehouse) -> Iterator[Finding]:
    """A finding for each table, load and reason with rejected rows."""
    for load in warehouse.manifest.loads:
        for name, table in load.tables.items():
            for reason, rows in sorted(table.rejects.items()):
                if rows:
                    yield _finding(load.number, name, reason, rows, max(table.read, rows))


def columns_named(table: str, reason: str) -> tuple[str, ...]:
    """The table's columns a reason speaks of: by their names, else by what they identify (the account)."""
    words = re.findall(r"[a-z_]+", reason.lower())
    declared = [column.name for column in TABLES[table].all_columns]
    named = tuple(name for name in declared if name in words)
    return named or tuple(name for name in declared if name.endswith("_id") and name[:-3] in words)


def _finding(load: int, name: str, reason: str, rows: int, read: int) -> Finding:
    return Finding(
        kind="rejected_rows", table=name, columns=columns_named(name, reason), rows=rows, share=rows / read,
        where=f"load {load}",
        sentence=f"Load {load} refused {count(rows)} of {name} ({percent(rows / read)}): {reason}.",
        severity=Severity.CRITICAL if rows > 0.01 * read else Severity.WARNING, certainty=Certainty.CERTAIN,
        evidence=f"{rows:,} of {read:,} rows read break the contract of {name}.",
        advice="The rejects file of the load holds these rows with their reasons; mend the extract or the "
        "mapping.",
    )  # fmt: skip
