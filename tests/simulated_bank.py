"""One simulated bank of 2,000 customers, made and loaded once for all tests that need a whole bank."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from bankmine import pipeline
from bankmine.folder import BankFolder

CUSTOMERS, MONTHS, SEED = 2_000, 36, 11


def simulated_bank(factory: pytest.TempPathFactory, *, customers: int = CUSTOMERS) -> BankFolder:
    """The bank's folder; its extracts and truth lie beside it in `extracts`. Read it only: tests share it.

    Workers of one session wait for the first of them to make it.
    """
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    place = shared / f"simulated-{customers}"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            _make(place, customers)
            (place / "ready").touch()
    return pipeline.open_bank(place / "bank")


def _make(place: Path, customers: int) -> None:
    pipeline.simulate(place / "extracts", customers=customers, months=MONTHS, seed=SEED, workers=1)
    bank = pipeline.init(place / "bank", mapping="simulated", extracts=place / "extracts")
    with (place / "bank" / "bankmine.toml").open("a") as file:
        file.write('\n[run]\nbudget = "quick"\n')
    pipeline.load(bank)
