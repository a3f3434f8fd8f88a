"""A run's card of points with the rows it was fitted on, kept so that people can change its bins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bankmine.errors import NotFound

if TYPE_CHECKING:
    from bankmine.lifecycle.run import Run
    from bankmine.tasks.study import LearntCard

FOLDER, ROWS = "card", "rows.parquet"
OWN = ("customer_id", "cutoff", "bad")
"""Columns of the rows that are none of the card's."""


@dataclass(frozen=True)
class KeptCard:
    """The card and its rows, an Arrow table."""

    miner: Any
    rows: Any


def keep_card(card: LearntCard, folder: Path) -> None:
    """Writes both into a run's folder."""
    import pyarrow.parquet as pq

    from bankmine.mining.files import save

    save(card.miner, folder / FOLDER)
    pq.write_table(card.rows, folder / FOLDER / ROWS, compression="zstd")


def card_of_run(run: Run) -> KeptCard:
    """A run's card; NotFound where the run kept none."""
    import pyarrow.parquet as pq

    from bankmine.mining.files import load

    folder = run.folder / FOLDER
    if not (folder / ROWS).exists():
        raise NotFound(
            f"the run {run.run_id} keeps no rows to fit a card on",
            hint=f"Run {run.task} again: newer ones do.",
        )
    return KeptCard(load(folder), pq.read_table(folder / ROWS))
