"""The page on windows: every example on it does what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

from engine.small_warehouse import SmallWarehouse

PAGE = Path(__file__).parents[2] / "docs" / "windows.md"


class _Bank(SmallWarehouse):
    def load(self, **tables: object) -> None:  # type: ignore[override]
        """Loads and returns nothing, so that the page shows nothing."""
        super().load(**tables)  # type: ignore[arg-type]


def test_the_examples_on_the_page_of_windows(tmp_path: Path) -> None:
    bank = _Bank(tmp_path)
    done = doctest.testfile(
        str(PAGE), module_relative=False, globs={"bank": bank}, optionflags=doctest.REPORT_NDIFF
    )
    assert done.attempted > 20
    assert done.failed == 0
