"""The page on online state: every example on it does what it says."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

from memory_warehouse import full_row
from streams import ZONE, as_table

from engine.small_warehouse import SmallWarehouse

PAGE = Path(__file__).parents[3] / "docs" / "online.md"


class _Bank(SmallWarehouse):
    def load(self, **tables: object) -> None:  # type: ignore[override]
        """Loads and returns nothing, so that the page shows nothing."""
        super().load(**tables)  # type: ignore[arg-type]


def _payments(*rows: dict[str, Any]) -> Any:
    """Rows of the bank table `transaction`; instants as text, known when they happened unless said."""
    filled = []
    for row in rows:
        instants = {name: ZONE.parse(row[name]) for name in ("event_time", "known_at") if name in row}
        filled.append(
            full_row("transaction", {"customer_id": 1, "seq": row["transaction_id"]} | row | instants)
        )
    return as_table("transaction", filled)


def test_the_examples_on_the_page_of_online_state(tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    names = {
        "bank": _Bank(tmp_path / "bank"), "folder": tmp_path, "payments": _payments, "at": ZONE.parse,
        "zone": ZONE,
    }  # fmt: skip
    done = doctest.testfile(str(PAGE), module_relative=False, globs=names, optionflags=doctest.REPORT_NDIFF)
    assert done.attempted > 20
    assert done.failed == 0
