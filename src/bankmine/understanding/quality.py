"""The quality score: five parts a table, each a share of what is in order, and their mean.

completeness  the mean share of filled values over the columns that must be filled and those that are
              filled in at least one row in twenty (a column a bank does not have is not incomplete);
validity      1 − rows refused by the loads or touched by findings of damaged, default or reversed
              values, over rows read;
uniqueness    1 − rows touched by findings of doubled rows or customers, over rows;
consistency   1 − rows with orphan keys, exchanged columns, changed units, replaced codes or
              contradicting dates and balances, over rows;
timeliness    1 − rows displaced, missing or cut off, over rows with those to be expected.

A table's score is the mean of the five, between 0 and 1; the bank's is the mean of its tables weighted
by the square root of their rows. Notices cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from bankmine.bank.catalogue import TABLES
from bankmine.bank.warehouse import Warehouse
from bankmine.understanding.findings import Finding
from bankmine.understanding.profile import TableProfile

PARTS = {
    "validity": (
        "rejected_rows", "encoding_damage", "default_value", "frozen_column", "reversed_direction",
        "missing_block",
    ),
    "uniqueness": ("doubled_load", "doubled_rows", "duplicated_customers"),
    "consistency": (
        "orphan_keys", "swapped_columns", "unit_change", "recoded_category", "replaced_keys", "currency_mix",
        "contradicting_dates", "balance_break",
    ),
    "timeliness": ("shifted_dates", "clock_shift", "missing_rows", "truncated_file"),
}  # fmt: skip
ABSENT = ("missing_rows", "truncated_file")
FILLED_TO_COUNT = 0.05


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The score of one table and its five parts, each between 0 (nothing in order) and 1."""

    table: str
    rows: int
    completeness: float
    validity: float
    uniqueness: float
    consistency: float
    timeliness: float

    @property
    def score(self) -> float:
        """The mean of the five parts."""
        parts = (self.completeness, self.validity, self.uniqueness, self.consistency, self.timeliness)
        return sum(parts) / len(parts)


def table_quality(profile: TableProfile, findings: Iterable[Finding], read: int) -> Quality:
    """Scores one table; `read` is the number of rows its loads read, refused ones included."""
    own = [finding for finding in findings if finding.table == profile.name and finding.is_defect]
    parts = {}
    for part, kinds in PARTS.items():
        touched = sum(finding.rows for finding in own if finding.kind in kinds)
        absent = sum(finding.rows for finding in own if finding.kind in ABSENT) if part == "timeliness" else 0
        whole = max(profile.rows + absent, read if part == "validity" else 0, 1)
        parts[part] = 1 - min(1.0, touched / whole)
    return Quality(table=profile.name, rows=profile.rows, completeness=_completeness(profile), **parts)


def _completeness(profile: TableProfile) -> float:
    required = {column.name for column in TABLES[profile.name].all_columns if column.required}
    shares = [
        1 - column.missing_share
        for column in profile.columns
        if column.name in required or 1 - column.missing_share >= FILLED_TO_COUNT
    ]
    return sum(shares) / len(shares) if shares else 1.0


def rows_read(warehouse: Warehouse, table: str) -> int:
    """Rows all loads read for the table, refused ones included."""
    return sum(load.tables[table].read for load in warehouse.manifest.loads if table in load.tables)


def bank_score(scores: Sequence[Quality]) -> float:
    """The bank's score: the tables' mean, weighted by the square root of their rows; 1 with no table."""
    weight = sum(sqrt(quality.rows) for quality in scores)
    return sum(quality.score * sqrt(quality.rows) for quality in scores) / weight if weight else 1.0
