"""Which branches and managers the bank's tables know, so that a scope names no other.

A scope with a mistyped number would be accepted silently and show its person nothing at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

from bankmine.engine.session import Session
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.governance import Scope

NEAREST = 4


@dataclass(frozen=True)
class Owners:
    """All branches and managers of any customer at any time, and the branches of the bank's own table."""

    branches: frozenset[str] = frozenset()
    managers: frozenset[str] = frozenset()

    def check(self, scope: Scope) -> None:
        """UsageError that lists the nearest for the first branch or manager that the bank does not know.

        Where the bank knows none at all (nothing loaded, or a bank without managers) nothing is refused.
        """
        if (lost := _lost(scope.branches, self.branches)) is not None:
            raise UsageError(
                f"the bank has no branch {lost[:40]!r}", hint=f"Nearest are {_near(lost, self.branches)}."
            )
        if (lost := _lost(scope.managers, self.managers)) is not None:
            raise UsageError(
                f"the bank has no manager {lost[:40]!r}", hint=f"Nearest are {_near(lost, self.managers)}."
            )


def owners(warehouse: Warehouse, *, memory: str, threads: int) -> Owners:
    """The branches and managers of a warehouse, of every version of its customers."""
    asked = {
        "branches": [f"{table}.branch_id" for table in ("branch", "customer") if warehouse.has(table)],
        "managers": ["customer.manager_id"] if warehouse.has("customer") else [],
    }
    with Session(warehouse, memory=memory, threads=threads) as session:
        found = {
            kind: frozenset(value for column in columns for value in _values(session, column))
            for kind, columns in asked.items()
        }
    return Owners(**found)


def _values(session: Session, column: str) -> list[str]:
    table, name = column.split(".")
    rows = session.arrow(f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL")
    return [str(value) for value in rows.column(name).to_pylist()]


def _lost(asked: Collection[str] | None, known: Collection[str]) -> str | None:
    """The first of those asked for that is not known; None where all are, or nothing is known."""
    if not known:
        return None
    return next((one for one in sorted(asked or ()) if one not in known), None)


def _near(word: str, known: Collection[str]) -> str:
    """The nearest by spelling, in small or capital letters, else the first by name."""
    spelt = {one.casefold(): one for one in sorted(known, reverse=True)}
    found = get_close_matches(word.casefold(), spelt, NEAREST, 0.4)
    alike = {one: SequenceMatcher(None, one, word.casefold()).ratio() for one in found}
    near = [spelt[one] for one in sorted(found, key=lambda one: (-alike[one], one))]
    rest = [one for one in sorted(known) if one not in near]
    return ", ".join((near + rest)[:NEAREST])
