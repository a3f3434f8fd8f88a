"""The page on segments names what there is: settings and shipped rules; its own rule can be read."""

import re
from pathlib import Path

from bankmine.tasks.registry import TASKS
from bankmine.tasks.segmentation.rules import read_rule, rules_of

PAGE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")


def test_every_setting_is_on_the_page() -> None:
    for name in TASKS["segmentation"].settings:
        assert f"| `{name}` |" in PAGE


def test_every_shipped_rule_is_on_the_page() -> None:
    for rule in rules_of(None):
        assert f"`{rule.name}`" in PAGE


def test_the_rule_of_the_page_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "night_owls.sql"
    file.write_text(text, encoding="utf-8")
    rule = read_rule(file, own=True)
    assert rule.title == "Night owls"
    assert rule.tables == ("transaction",)
