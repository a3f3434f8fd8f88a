"""The page on windows: every example on it does what it says, every test it names is there."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from engine.small_warehouse import SmallWarehouse

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "windows.md"


class _Bank(SmallWarehouse):
    def load(self, **tables: object) -> None:  # type: ignore[override]
        """Loads and returns nothing, so that the page shows nothing."""
        super().load(**tables)  # type: ignore[arg-type]


def test_the_examples_on_the_page_of_windows(tmp_path: Path) -> None:
    bank = _Bank(tmp_path)
    flags = doctest.REPORT_NDIFF | doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(str(PAGE), module_relative=False, globs={"bank": bank}, optionflags=flags)
    assert done.attempted > 50
    assert done.failed == 0


def test_every_test_the_page_names_is_there() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Each line and the test that proves it")[1]
    named = re.findall(r"`(\w+)`", table)
    assert len(named) > 50
    tests = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))
    there = {*re.findall(r"def (test_\w+)\(", tests), *re.findall(r'Case\("(\w+)"', tests)}
    assert not set(named) - there
