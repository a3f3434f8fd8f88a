"""What the listing commands print: bank tables, tasks, mappings, one customer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from bankmine.listing import Listing

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse


def tables(name: str | None, bank: Path | None) -> Iterator[str]:
    """All bank tables, or the columns of one."""
    from bankmine.bank.catalogue import TABLES, table

    warehouse = _warehouse(bank)
    if name is None:
        rows = [
            (t.name, t.kind.value, *([warehouse.rows(t.name)] if warehouse else []), t.sentence)
            for t in TABLES.values()
        ]
        columns = ("table", "kind", *(["rows"] if warehouse else []), "what it holds")
        yield from Listing(columns, tuple(rows)).lines()
        return
    declared = table(name)
    yield f"{declared.name} ({declared.kind.value}): {declared.sentence}"
    yield f"key: {', '.join(declared.primary_key)}"
    yield ""
    rows = [
        (c.name, c.type.value, c.unit or "", _tags(c), c.sentence)
        for c in declared.all_columns
    ]  # fmt: skip
    yield from Listing(("column", "type", "unit", "", "sentence"), tuple(rows)).lines()


def _tags(column: object) -> str:
    words = []
    for name, word in (("required", "required"), ("encrypted", "encrypted")):
        if getattr(column, name):
            words.append(word)
    if getattr(column, "known_by", None):
        words.append(f"known by {column.known_by}")  # type: ignore[attr-defined]
    if getattr(column, "personal", None):
        words.append(f"personal: {column.personal.value}")  # type: ignore[attr-defined]
    return ", ".join(words)


def tasks(bank: Path | None) -> Iterator[str]:
    """The tasks that exist."""
    from bankmine.tasks import TASKS

    warehouse = _warehouse(bank)
    for name, task in TASKS.items():
        yield f"{name}: {task.goal.question}"
        for line in wrap(f"needs {', '.join(task.needs.tables)}", 96):
            yield f"    {line}"
        if warehouse:
            missing = [table for table in task.needs.tables if not warehouse.has(table)]
            yield f"    this bank lacks {', '.join(missing)}" if missing else "    this bank has them"


def mappings() -> Iterator[str]:
    """The mappings that are shipped."""
    from bankmine import sources

    rows = tuple((one.name, one.title, one.time_zone, one.currency) for one in sources.mappings())
    yield from Listing(("mapping", "what it maps", "time zone", "currency"), rows).lines()


def customer(
    bank: Path, customer_id: str, *, raw: bool, cutoff: str | None, page: Path | None
) -> Iterator[str]:
    """One customer as known at a cutoff, as text or as a page."""
    from bankmine import pipeline

    folder = pipeline.open_bank(bank)
    found = pipeline.customer(folder, customer_id, raw=raw, cutoff=cutoff)
    if page is None:
        yield from found.lines()
    else:
        yield f"Page: {pipeline.customer_report(folder, found, page)}"


def _warehouse(bank: Path | None) -> Warehouse | None:
    if bank is None:
        return None
    from bankmine.pipeline import open_bank

    return open_bank(bank).warehouse
