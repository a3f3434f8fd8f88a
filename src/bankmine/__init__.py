"""bankmine: a data-mining system for banks, from raw tables to decisions whose gain is measured.

Start at `bankmine.open("my-bank")`. The rooms and the arrows between them are in docs/house.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bankmine.api import Bank

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(folder: str | Path) -> Bank:
    """Opens a bank's folder; ConfigurationError where it is none."""
    from bankmine.api import Bank

    return Bank(folder)
