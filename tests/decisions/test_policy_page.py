"""The examples of docs/credit-policy.md are true."""

import re
from pathlib import Path

import pytest
from made_up_policies import SHIPPED
from typer.testing import CliRunner

from bankmine.cli.app import app
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.decisions.credit_policy.reading import CHANGEABLE, read_policy

PAGE = (Path(__file__).parents[2] / "docs" / "credit-policy.md").read_text(encoding="utf-8")


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    (found,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.toml").write_text(found, encoding="utf-8")
    return read_policy(tmp_path / "page.toml")


def test_the_files_example_can_be_read_and_decides(policy: Policy) -> None:
    said = Decider(policy).decide({"probability": 0.05, "app_product": "LOAN-CONS", "app_amount": 900_000})
    assert (said.outcome, said.reason, said.limit_high, said.rate) == (
        "approve",
        "loan_usual",
        10_000_000,
        0.089,
    )
    assert Decider(policy).decide({"probability": 1.2}).reason == "invalid_probability"


def test_the_example_of_a_gap_and_of_a_price_are_what_is_printed(tmp_path: Path) -> None:
    (tmp_path / "gap.toml").write_text(
        '[fields.p]\nkind="number"\nlow=0\nhigh=1\n[[rows]]\nwhen={p="< 0.4"}\noutcome="approve"\n'
    )
    for words in (["check", str(tmp_path / "gap.toml")], ["price", "0.05"]):
        for line in CliRunner().invoke(app, ["policy", *words]).output.splitlines():
            assert line in PAGE


def test_the_version_shown_is_that_of_the_shipped_file_and_the_changeable_fields_are_named() -> None:
    assert f"version {read_policy(SHIPPED.with_name('credit.toml')).version}:" in PAGE
    assert all(f"`{name}`" in PAGE for name in CHANGEABLE)
