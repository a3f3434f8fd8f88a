"""docs/security.md holds every item of ASVS 5.0.0, levels 1 and 2, once, and what it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTIONS = {
    1: {1: "1-2", 2: "1-9", 3: "1-11", 4: "1-3", 5: "1-2"},
    2: {1: "1-3", 2: "1-3", 3: "1-4", 4: "1"},
    3: {2: "1-2", 3: "1-4", 4: "1-6", 5: "1-5", 7: "1-2"},
    4: {1: "1-3", 2: "1", 3: "1-2", 4: "1-4"},
    5: {1: "1", 2: "1-3", 3: "1-2", 4: "1-3"},
    6: {1: "1-3", 2: "1-12", 3: "1-4", 4: "1-4", 5: "1-5", 6: "1-3", 8: "1-4"},
    7: {1: "1-3", 2: "1-4", 3: "1-2", 4: "1-5", 5: "1-2", 6: "1-2"},
    8: {1: "1-2", 2: "1-3", 3: "1", 4: "1"},
    9: {1: "1-3", 2: "1-4"},
    10: {1: "1-2", 2: "1-2", 3: "1-4", 4: "1-11", 5: "1-5", 6: "1-2", 7: "1-3"},
    11: {1: "1-2", 2: "1-3", 3: "1-3", 4: "1-4", 5: "1", 6: "1"},
    12: {1: "1-3", 2: "1-2", 3: "1-4"},
    13: {1: "1", 2: "1-5", 3: "1-2", 4: "1-5"},
    14: {1: "1-2", 2: "1-4", 3: "1-3"},
    15: {1: "1-3", 2: "1-3", 3: "1-7"},
    16: {1: "1", 2: "1-5", 3: "1-4", 4: "1-3", 5: "1-3"},
    17: {1: "1", 2: "1-4", 3: "1-2"},
}
"""The items of levels 1 and 2: those of level 3 come last in each section of the standard."""


def items() -> list[str]:
    """Every item's number."""
    found = []
    for chapter, sections in SECTIONS.items():
        for section, span in sections.items():
            first, _, last = span.partition("-")
            found += [f"V{chapter}.{section}.{n}" for n in range(int(first), int(last or first) + 1)]
    return found


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """The cells of the table's rows."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "| V" in line]


def test_every_item_stands_there_once(rows):
    written = [item for row in rows for item in row[0].split(", ")]
    assert len(written) == 253
    assert written == sorted(items(), key=written.index)


def test_every_test_it_names_exists(rows):
    named = {name for row in rows for name in re.findall(r"test_\w+", row[2])}
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)
    }
    assert not named - there


def test_every_document_it_names_exists(rows):
    named = {name for row in rows for name in re.findall(r"[\w-]+\.md", row[1])}
    assert not {name for name in named if not (ROOT / "docs" / name).is_file()}
