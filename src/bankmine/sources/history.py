"""The loads of a warehouse, as plain data and as lines."""

from __future__ import annotations

from typing import Any

from bankmine.bank.manifest import Load
from bankmine.bank.warehouse import Warehouse


def loads(warehouse: Warehouse) -> list[dict[str, Any]]:
    """One dictionary a load, oldest first: number, load_id, mapping, dates, rows, rejects, tables."""
    return [_plain(load) for load in warehouse.manifest.loads]


def _plain(load: Load) -> dict[str, Any]:
    return {
        "number": load.number,
        "load_id": load.load_id,
        "mapping": load.mapping,
        "extract_date": load.extract_date,
        "loaded_at": load.loaded_at,
        "rows": sum(one.rows for one in load.tables.values()),
        "unchanged": sum(one.unchanged for one in load.tables.values()),
        "rejected": sum(sum(one.rejects.values()) for one in load.tables.values()),
        "tables": {name: one.rows for name, one in load.tables.items()},
        "extracts": dict(load.extracts),
        "ignored": list(load.ignored),
    }


def history(warehouse: Warehouse) -> list[str]:
    """One line a load, oldest first."""
    if not warehouse.manifest.loads:
        return ["Nothing has been loaded yet."]
    return [
        f"load {one['number']} ({one['load_id']}): mapping {one['mapping']}, "
        f"extract of {one['extract_date']}, "
        f"loaded {one['loaded_at']}; {one['rows']:,} rows, {one['unchanged']:,} unchanged, "
        f"{one['rejected']:,} rejected"
        for one in loads(warehouse)
    ]
