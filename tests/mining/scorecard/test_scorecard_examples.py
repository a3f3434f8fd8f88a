"""The worked examples in `examples/` run, and print what their pages promise."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("german_credit", ["base points", "Information lost to each rule", "AUC of the card", "Version 2"]),
        ("taiwan", ["special -2 (no use)", "not in the card", "card − logistic", 'FROM "clients"']),
    ],
)
def test_a_worked_example_runs_as_shipped(
    name: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(EXAMPLES / name / "card.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for words in said:
        assert words in printed


@pytest.mark.parametrize("name", ["german_credit", "taiwan"])
def test_data_made_by_others_are_named_with_maker_and_licence(name: str) -> None:
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in page
    assert "doi.org" in page
