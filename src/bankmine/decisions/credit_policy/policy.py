"""A credit policy as a file of the bank: the fields it looks at, and a table of rows.

TOML holds the fields and either the rows or the name of a CSV file with them (one column a field). A
policy is named by the hash of what it says, not of how it is written: comments and spaces change nothing,
a moved edge does. Hit policy "first": the first row that holds decides. "unique": at most one row may hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from bankmine.decisions.credit_policy.conditions import Change, Condition, Field, everything
from bankmine.errors import UsageError

FORMAT = 1
APPROVE, REFER, DECLINE = "approve", "refer", "decline"
OUTCOMES = (APPROVE, REFER, DECLINE)
FIRST, UNIQUE = "first", "unique"


@dataclass(frozen=True)
class Row:
    """A row: conditions on some fields (the others may be anything), and what follows.

    `limit` is the band of the amount in minor units, both ends in; `rate` the yearly price. Null: not set
    here.
    """

    name: str
    when: Mapping[str, Condition]
    outcome: str
    reason: str
    limit: tuple[int, int] | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Policy:
    """A table under a hit policy, with the fields it looks at."""

    name: str
    hit: str
    fields: tuple[Field, ...]
    rows: tuple[Row, ...]

    @cached_property
    def version(self) -> str:
        """Names what the policy says: 16 hex digits of the SHA-256 of its canonical form."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    def condition(self, row: Row, field: Field) -> Condition:
        """What a row asks of a field; everything where it says nothing."""
        return row.when.get(field.name) or everything(field)

    def to_json(self) -> str:
        """The canonical form; `from_json` reads it back to an equal policy."""
        rows = [
            {
                "name": row.name,
                "when": {name: _plain(row.when[name]) for name in sorted(row.when)},
                "outcome": row.outcome, "reason": row.reason, "limit": row.limit, "rate": row.rate,
            }
            for row in self.rows
        ]  # fmt: skip
        content = {"format": FORMAT, "name": self.name, "hit": self.hit,
                   "fields": [asdict(field) for field in self.fields], "rows": rows}  # fmt: skip
        return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Policy:
        """The policy of a canonical form."""
        content = json.loads(text)
        if content.get("format") != FORMAT:
            raise UsageError(
                f"the stored policy has format {content.get('format')!r}",
                hint=f"This bankmine reads {FORMAT}.",
            )
        fields = tuple(
            Field(**{**one, "levels": tuple(one["levels"]), "change": _change_of(one["change"])})
            for one in content["fields"]
        )
        rows = tuple(
            Row(**{**one, "when": {name: _condition_of(said) for name, said in one["when"].items()},
                   "limit": None if one["limit"] is None else (one["limit"][0], one["limit"][1])})
            for one in content["rows"]
        )  # fmt: skip
        return Policy(content["name"], content["hit"], fields, rows)


def _plain(condition: Condition) -> dict[str, Any]:
    return {
        "spans": condition.spans, "levels": sorted(condition.levels), "others": condition.others,
        "missing": condition.missing,
    }  # fmt: skip


def _condition_of(said: Mapping[str, Any]) -> Condition:
    spans = tuple((float(low), float(high)) for low, high in said["spans"])
    return Condition(spans, frozenset(said["levels"]), said["others"], said["missing"])


def _change_of(said: Mapping[str, Any] | None) -> Change | None:
    return None if said is None else Change(**{**said, "levels": tuple(said["levels"])})
