"""The truth of a simulated bank is opened by benchmarks and tests alone."""

from __future__ import annotations

import ast
from pathlib import Path

import bankmine

ROOMS = Path(bankmine.__file__).parent
# The pipeline hands the ceilings their folder while the bank is being made; nobody else may know the place.
ALLOWED = {"simulation", "pipeline.py"}


def strings(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]


def reads_truth(text: str) -> bool:
    return text == "truth" or text.startswith("truth/") or "/truth" in text or text == "ceilings.json"


def test_no_room_names_the_folder_of_the_truth() -> None:
    found = [
        str(file.relative_to(ROOMS))
        for file in ROOMS.rglob("*.py")
        if file.relative_to(ROOMS).parts[0] not in ALLOWED and any(reads_truth(one) for one in strings(file))
    ]
    assert not found


def test_no_mapping_reads_the_truth() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in (ROOMS / "sources/mappings").rglob("*.*")}
    assert not [str(file) for file, text in texts.items() if "truth/" in text or "label_" in text]


def test_the_check_sees_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "reader.py"
    file.write_text('def look(folder):\n    return (folder / "truth" / "ceilings.json").read_text()\n')
    assert any(reads_truth(one) for one in strings(file))
