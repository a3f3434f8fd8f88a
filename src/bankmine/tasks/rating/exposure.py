"""What is owed at a cutoff: each loan, its undrawn line and its collateral after haircuts, as known then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine.engine.session import Session
from bankmine.tasks.behaviour_score.question import FOLDER as STANDS
from bankmine.tasks.behaviour_score.rows import civil
from bankmine.tasks.contract import Bank, Floats, Ints, Truth
from bankmine.tasks.rating.settings import Settings
from bankmine.tasks.sql import statement

FOLDER = Path(__file__).parent
OTHER_HAIRCUT = 0.6  # of kinds of collateral the settings do not name
LINE, NONE, PART, MOST, FULL = "line", "unsecured", "covered to half", "half to whole", "covered whole"
BUCKETS = (LINE, NONE, PART, MOST, FULL)


@dataclass(frozen=True)
class Loans:
    """Loans ascending by id; arrays of shape (loans,), money in minor units. `covered_minor` is collateral
    after haircuts; `bucket` the place in BUCKETS."""

    loan: Ints
    customer: Ints
    line: Truth
    limit: Floats
    drawn: Floats
    in_default: Truth
    covered: Floats

    def take(self, which: Any) -> Loans:
        """The loans chosen by positions or a mask."""
        return Loans(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    @property
    def undrawn(self) -> Floats:
        """What of a line may still be drawn; 0 for loans with instalments."""
        return np.where(self.line, np.maximum(0.0, self.limit - self.drawn), 0.0)

    @property
    def bucket(self) -> Ints:
        """Coverage by what is drawn."""
        return buckets(self.line, self.drawn, self.covered)


def loans_at(bank: Bank, at: int, settings: Settings) -> Loans:
    """The loans and lines that run at an instant, as known then, defaulted ones among them."""
    with Session(bank.warehouse, at, until=at, memory=bank.memory, threads=bank.threads) as session:
        found = session.arrow(running(), civil(bank, at))
        covered = covered_by(session, bank, settings)
        if at == bank.cutoff:
            bank.note("exposures", session.statements)
    loan = numbers(found, "loan_id", np.int64)
    return Loans(
        loan=loan, customer=numbers(found, "customer_id", np.int64),
        line=numbers(found, "is_line", np.bool_), limit=numbers(found, "limit_minor"),
        drawn=numbers(found, "drawn_minor"), in_default=numbers(found, "in_default", np.bool_),
        covered=np.array([covered.get(one, 0.0) for one in loan.tolist()]),
    )  # fmt: skip


def running() -> str:
    """The statement of running loans, on top of the behaviour score's that says where each loan stands."""
    return f"WITH stand AS (\n{statement(STANDS, 'stands')}\n)\n{statement(FOLDER, 'exposures')}"


def covered_by(session: Session, bank: Bank, settings: Settings) -> dict[int, float]:
    """Collateral after haircuts of each loan that has any, minor units; empty where the bank keeps none."""
    if not bank.warehouse.has("collateral"):
        return {}
    made: dict[int, float] = {}
    for row in session.arrow(statement(FOLDER, "collateral")).to_pylist():
        made[row["loan_id"]] = made.get(row["loan_id"], 0.0) + after_haircut(row, settings)
    return made


def after_haircut(row: Mapping[str, Any], settings: Settings) -> float:
    """What a piece of collateral counts: its value less the haircut of its kind, less again behind others."""
    cut = settings.haircuts.get(str(row["kind"]), OTHER_HAIRCUT)
    behind = settings.junior_haircut if row["lien_rank"] > 1 else 0.0
    return float(row["value_minor"] or 0) * (1 - cut) * (1 - behind)


def buckets(line: Truth, owed: Floats, covered: Floats) -> Ints:
    """The place in BUCKETS of each loan by collateral after haircuts over what is owed; limits belong to the
    higher bucket."""
    share = np.divide(covered, owed, out=np.where(covered > 0, 1.0, 0.0), where=owed > 0)
    place = np.where(share >= 1, 4, np.where(share >= 0.5, 3, np.where(share > 0, 2, 1)))
    return np.asarray(np.where(line & (covered == 0), 0, place), dtype=np.int64)


def numbers(table: Any, name: str, kind: Any = np.float64) -> Any:
    """A column of an Arrow table as an array; missing numbers are 0."""
    column = table.column(name).combine_chunks()
    return np.asarray(column.fill_null(False if kind is np.bool_ else 0).to_numpy(zero_copy_only=False), kind)
