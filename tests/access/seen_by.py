"""People for tests, and what they may see by SQL of our own over the files: bankmine reads nothing here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from bankmine.folder import BankFolder
from bankmine.governance import Permission, Person, Role, Scope

_TOKEN = re.compile(r"\b[0-9a-f]{16}\b")


def person(scope: Scope, permissions: Iterable[Permission] = tuple(Permission)) -> Person:
    """Somebody with that scope who may do these things (default: everything)."""
    return Person("p" * 26, "Ada", (Role.operator,), frozenset(permissions), scope)


def hexadecimal(token: int) -> str:
    return f"{token % 2**64:016x}"


class Oracle:
    """The bank's files by plain SQL; `own(scope)`: the customers whose newest version lies in the scope."""

    def __init__(self, bank: BankFolder, cutoff: int) -> None:
        self.bank, self.cutoff = bank, cutoff
        self.db = duckdb.connect()
        self.db.execute("SET TimeZone = 'UTC'")
        self.db.execute(
            f"""CREATE TABLE belongs AS
            SELECT customer_id, arg_max(branch_id, (valid_from, known_at)) AS branch,
                   arg_max(manager_id, (valid_from, known_at)) AS manager,
                   arg_max(kind, (valid_from, known_at)) AS kind
            FROM {self.files("customer")} WHERE valid_from <= make_timestamptz({cutoff})
            GROUP BY customer_id"""
        )
        self.customers = {row[0] for row in self.sql("SELECT customer_id FROM belongs")}
        counted = self.sql("SELECT branch FROM belongs GROUP BY branch ORDER BY count(*) DESC, branch")
        self.branches = [row[0] for row in counted]

    def files(self, table: str) -> str:
        """A bank table as it was written."""
        place = self.bank.warehouse_folder / table
        return f"read_parquet('{place}/**/*.parquet', hive_partitioning = false)"

    def sql(self, statement: str, *given: Any) -> list[tuple[Any, ...]]:
        return self.db.execute(statement, list(given)).fetchall()

    def manager_of(self, branch: str) -> str:
        [(found,)] = self.sql(
            "SELECT manager FROM belongs WHERE branch = ? GROUP BY manager "
            "ORDER BY count(*) DESC, manager LIMIT 1",
            branch,
        )
        return str(found)

    def own(self, scope: Scope) -> set[int]:
        rows = self.sql("SELECT customer_id, branch, manager FROM belongs")
        return {
            customer
            for customer, branch, manager in rows
            if (scope.branches is None or branch in scope.branches)
            and (scope.managers is None or manager in scope.managers)
        }

    def foreign(self, scope: Scope) -> set[int]:
        return self.customers - self.own(scope)

    def rows_of(self, file: Path, scope: Scope) -> list[dict[str, Any]] | None:
        """The rows of a run's file that belong to the scope's customers, in the order of the file; None where
        its rows belong to no customer."""
        columns = [row[0] for row in self.sql(f"DESCRIBE SELECT * FROM read_parquet('{file}')")]
        owner = "customer_id" if "customer_id" in columns else None
        joined = f"read_parquet('{file}', file_row_number = true)"
        if owner is None:
            if "loan_id" not in columns:
                return None
            owner = "held.owner"
            joined += (
                " JOIN (SELECT DISTINCT loan_id AS loan, customer_id AS owner "
                f"FROM {self.files('loan')}) held ON held.loan = loan_id"
            )
        kept = [name for name in columns if name != "reasons"]
        self.db.execute(
            "CREATE OR REPLACE TEMP TABLE own AS SELECT unnest(?::BIGINT[]) AS id", [list(self.own(scope))]
        )
        found = self.sql(
            f"SELECT {', '.join(kept)} FROM {joined} WHERE {owner} IN (SELECT id FROM own) "
            "ORDER BY file_row_number"
        )
        return [dict(zip(kept, row, strict=True)) for row in found]


def foreign_named(value: object, foreign: set[int]) -> Iterator[str]:
    """Every foreign customer that a value names anywhere inside, as a number or as sixteen digits."""
    tokens = {hexadecimal(one) for one in foreign}
    for text, number in _leaves(value):
        if number is not None and number in foreign:
            yield hexadecimal(number)
        yield from (one for one in _TOKEN.findall(text) if one in tokens)


def _leaves(value: object) -> Iterator[tuple[str, int | None]]:
    if isinstance(value, str):
        yield value, None
    elif isinstance(value, np.ndarray):
        yield from (("", int(one)) for one in value.ravel().tolist() if isinstance(one, int))
    elif isinstance(value, int):
        yield "", value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(key)
            yield from _leaves(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _leaves(inner)
