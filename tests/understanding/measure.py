"""Measures `understand` against planted defects, one at a time and twelve together."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from banks import Extract, write
from defects import PLANTERS, Planted, Planter, Truth, consequence, named

from bankmine.understanding import Understanding, understand

# Files first, then time, then columns: each later defect is planted in what the earlier ones delivered.
TWELVE = (
    "truncated_file", "shifted_dates", "clock_shift", "unit_change", "reversed_direction", "frozen_column",
    "missing_block", "swapped_columns", "default_value", "currency_mix", "orphan_keys",
    "duplicated_customers",
    "encoding_damage", "recoded_category",
)  # fmt: skip


@dataclass
class Score:
    """What was planted and named, and the findings that nothing planted explains."""

    planted: list[Truth] = field(default_factory=list)
    missed: list[Truth] = field(default_factory=list)
    false: list[Any] = field(default_factory=list)

    @property
    def named(self) -> int:
        """How many of the planted defects were named with table, column and rows."""
        return len(self.planted) - len(self.missed)


def look(extract: Extract) -> Understanding:
    """The understanding of a warehouse written from the extract."""
    with tempfile.TemporaryDirectory() as folder:
        return understand(write(extract, Path(folder) / "warehouse"))


def judge(truths: Sequence[Truth], findings: Sequence[Any], known: Sequence[Any]) -> Score:
    """Which truths are named, and which findings are neither theirs nor in the undamaged data."""
    usual = {(finding.kind, finding.table, finding.columns) for finding in known}
    score = Score(planted=list(truths))
    score.missed = [truth for truth in truths if not any(named(truth, finding) for finding in findings)]
    score.false = [
        finding
        for finding in findings
        if (finding.kind, finding.table, finding.columns) not in usual
        and not any(named(truth, finding) or consequence(truth, finding) for truth in truths)
    ]
    return score


def one_by_one(
    extract: Extract, seed: int, known: Sequence[Any], planters: Sequence[Planter] = PLANTERS
) -> Score:
    """Each defect that the bank can have, alone."""
    total = Score()
    for planter in planters:
        planted = planter(extract, np.random.default_rng(1000 + seed))
        if planted is None:
            continue
        score = judge([planted.truth], look(planted.extract).defects, known)
        total.planted += score.planted
        total.missed += score.missed
        total.false += score.false
    return total


def twelve(extract: Extract, seed: int) -> tuple[Extract, list[Truth]]:
    """The extract with up to twelve defects at once, in columns of their own."""
    by_name = {planter.__name__: planter for planter in PLANTERS}
    rng = np.random.default_rng(5000 + seed)
    truths: list[Truth] = []
    for name in TWELVE:
        planted = _apart(by_name[name], extract, rng, truths)
        if planted and len(truths) < 12:
            extract = planted.extract
            truths.append(planted.truth)
    return extract, truths


def _apart(planter: Planter, extract: Extract, rng: Any, truths: Sequence[Truth]) -> Planted | None:
    """The defect in columns no other touches; None after twenty tries."""
    used = {(truth.tables[0], column) for truth in truths for column in truth.columns}
    for _ in range(20):
        planted = planter(extract, rng)
        if planted is None:
            return None
        if planted.truth.name == "truncated_file" and planted.truth.tables[0] == "customer":
            continue  # the orphans it makes could not be told from those planted
        if not {(planted.truth.tables[0], column) for column in planted.truth.columns} & used:
            return planted
    return None


def all_together(extract: Extract, seed: int, known: Sequence[Any]) -> Score:
    """Up to twelve defects at once."""
    damaged, truths = twelve(extract, seed)
    return judge(truths, look(damaged).defects, known)
