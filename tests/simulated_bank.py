"""Simulated banks, made and loaded once for all tests that need a whole bank.

One is as usual (2,000 customers, 36 months). In the second a few customers ask for much credit and often
fail to pay, so that the tasks of lending have enough to learn from (900 customers, 54 months, few payments).
The third, with a published run of every task, does so too (2,400 customers, 48 months).

Pseudonyms decide the order of rows and thereby what chance draws, so their key is the same in every session:
a figure that fails today fails tomorrow. BANKMINE_TEST_KEY=random gives each session another one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from bankmine import pipeline
from bankmine.folder import BankFolder

CUSTOMERS, MONTHS, SEED = 2_000, 36, 11
LENDERS_CUSTOMERS, LENDERS_MONTHS = 900, 54
LENDERS_SCENARIO = """
[activity]
payments = 0.3
companies = 0.12
[product]
base = 4.0
[default]
base = 3.0
[fraud]
false_application = 4.0
rings = 4.0
"""
WORKED_CUSTOMERS, WORKED_MONTHS = 2_400, 48
WORKED_SCENARIO = """
[activity]
payments = 0.4
companies = 0.12
[product]
base = 5.0
[default]
base = 3.0
[fraud]
false_application = 4.0
rings = 4.0
stolen_card = 3.0
account_takeover = 3.0
compromised_terminal = 2.0
"""


def simulated_bank(factory: pytest.TempPathFactory, *, customers: int = CUSTOMERS) -> BankFolder:
    """The bank's folder; its extracts and truth lie beside it in `extracts`. Read it only: tests share it."""
    return _once(factory, f"simulated-{customers}", lambda place: _make(place, customers, MONTHS))


def lending_bank(factory: pytest.TempPathFactory) -> BankFolder:
    """The bank that lends much and loses much; read it only."""

    return _once(
        factory, "lending", lambda place: _make(place, LENDERS_CUSTOMERS, LENDERS_MONTHS, LENDERS_SCENARIO)
    )


TASKS = (
    "segmentation", "value", "churn", "cross_sell", "acquisition", "behaviour", "classification",
    "inactivity", "behaviour_score", "application_score", "rating", "application_fraud", "early_warning",
    "card_fraud",
)  # fmt: skip


def worked_bank(factory: pytest.TempPathFactory) -> Path:
    """The folder of a bank with published runs of all tasks; copy it to write.

    BANKMINE_WORKED_BANK names one that is ready, to save the minutes that the runs take.
    """
    if given := os.environ.get("BANKMINE_WORKED_BANK"):
        return Path(given)

    def make(place: Path) -> None:
        _make(place, WORKED_CUSTOMERS, WORKED_MONTHS, WORKED_SCENARIO)
        bank = pipeline.open_bank(place / "bank")
        # Two at a time: the other worker waits for this one.
        for _, done in pipeline._runs(bank, pipeline._check_tasks(bank, TASKS), None, pipeline.silent):
            done()
        pipeline.understand(bank)
        pipeline.snapshot(bank)

    return _once(factory, "worked", make).folder


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> BankFolder:
    """Workers of one session wait for the first of them to make it."""
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    place = shared / name
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            make(place)
            (place / "ready").touch()
    return pipeline.open_bank(place / "bank")


def _make(place: Path, customers: int, months: int, scenario: str | None = None) -> None:
    if scenario is not None:
        (place / "scenario.toml").write_text(scenario, encoding="utf-8")
    pipeline.simulate(
        place / "extracts", customers=customers, months=months, seed=SEED, workers=1,
        scenario=None if scenario is None else str(place / "scenario.toml"),
    )  # fmt: skip
    with _one_key():
        bank = pipeline.init(place / "bank", mapping="simulated", extracts=place / "extracts")
    with (place / "bank" / "bankmine.toml").open("a") as file:
        file.write('\n[run]\nbudget = "quick"\n')
    pipeline.load(bank)


def _one_key() -> AbstractContextManager[Any]:
    """The pseudonym key that is made inside is the same in every session, unless another is wanted."""
    if os.environ.get("BANKMINE_TEST_KEY") == "random":
        return nullcontext()
    return mock.patch("bankmine.bank.keys.secrets.token_hex", return_value="00112233445566778899aabbccddeeff")
