"""bankmine: a data-mining system for banks, from raw tables to decisions whose gain is measured.

Start at `bankmine.open("my-bank")`. The rooms and the arrows between them are in docs/house.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bankmine.api import Bank

__version__ = "0.1.0"
__all__ = ["__version__", "open", "simulate"]


def open(folder: str | Path) -> Bank:
    """Opens a bank's folder; ConfigurationError where it is none."""
    from bankmine.api import Bank

    return Bank(folder)


def simulate(
    folder: str | Path,
    *,
    customers: int = 5000,
    months: int = 36,
    seed: int = 7,
    scenario: str | None = None,
    form: str = "parquet",
) -> list[str]:
    """Writes the extracts and the truth of a whole made-up bank; what was written, as lines.

    `scenario` is `calm`, `recession`, `attack` or a TOML file of strengths; `form` is parquet or csv. The
    folder must not exist or be empty: UsageError. See docs/simulation.md.
    """
    from bankmine.api import simulate as make_up

    return make_up(folder, customers=customers, months=months, seed=seed, scenario=scenario, form=form)
