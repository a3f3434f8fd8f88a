"""A finding: one plain sentence about the data, with table, columns, rows, period, and what to do.

A defect is something the extract got wrong; a notice is a feature of the data a reader should know.
Detectors yield findings; `ordered` merges those that say the same of several columns and sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bankmine.bank.columns import Type
from bankmine.bank.keys import show_key
from bankmine.engine.duck import quoted
from bankmine.understanding.scan import Scan, day_of


class Severity(StrEnum):
    """How bad it is: `critical` spoils results, `warning` may, `notice` is information, no defect."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


class Certainty(StrEnum):
    """How sure: `certain` is counted fact, `likely` a test passed by far, `possible` worth a look."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding.

    `kind` names the defect; `rows` are the affected rows and `share` their share of the table; `period`
    is [first day, last day], both inclusive, of the affected rows on the table's time axis, or None;
    `where` narrows them in words; `condition` is their SQL condition over the query's `scan`;
    `examples` are primary keys (tokens in hexadecimal).
    """

    kind: str
    table: str
    columns: tuple[str, ...]
    sentence: str
    rows: int
    share: float
    severity: Severity
    certainty: Certainty
    evidence: str
    advice: str
    period: tuple[str, str] | None = None
    where: str = ""
    condition: str = ""
    examples: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    sql: str = ""

    @property
    def is_defect(self) -> bool:
        """Whether the finding says that something is wrong with the data."""
        return self.severity is not Severity.NOTICE


def period_of(first: int, last: int) -> tuple[str, str]:
    """The period of two day numbers, both inclusive."""
    return day_of(first).isoformat(), day_of(last).isoformat()


def said(period: tuple[str, str] | None) -> str:
    """The period in a sentence."""
    if period is None:
        return ""
    return f" on {period[0]}" if period[0] == period[1] else f" from {period[0]} to {period[1]}"


def count(rows: int, one: str = "row") -> str:
    """`1 row`, `12,043 rows`."""
    return f"{rows:,} {one}" if rows == 1 else f"{rows:,} {one}s"


def percent(share: float) -> str:
    """A share as a percentage that never rounds something to nothing or all."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def found(
    scan: Scan, *, kind: str, columns: Sequence[str], condition: str, rows: int, **rest: Any
) -> Finding:
    """A finding about the scan's rows that meet the condition, with examples."""
    return Finding(
        kind=kind,
        table=scan.name,
        columns=tuple(columns),
        rows=rows,
        share=rows / scan.rows if scan.rows else 0.0,
        condition=condition,
        examples=examples(scan, condition),
        sql=scan.shown(f"SELECT * FROM scan WHERE {condition}"),
        **rest,
    )


def examples(scan: Scan, condition: str, limit: int = 5) -> tuple[Mapping[str, Any], ...]:
    """Primary keys of the first rows that meet the condition."""
    names = [name for name in scan.table.primary_key if scan.has(name)]
    if not names:
        return ()
    listed = ", ".join(quoted(name) for name in names)
    rows = scan.ask(
        f"SELECT {listed} FROM scan WHERE {condition} ORDER BY {listed} LIMIT {limit}"
    ).to_pylist()
    return tuple({name: _shown(scan, name, value) for name, value in row.items()} for row in rows)


def _shown(scan: Scan, name: str, value: Any) -> Any:
    if value is not None and scan.table.column(name).type is Type.KEY:
        return show_key(value)
    return value if isinstance(value, int | float | str | bool | None) else value.isoformat()


_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.NOTICE: 2}
# What a finding explains: findings of these kinds about the same columns and days say nothing more.
_EXPLAINS: Mapping[str, tuple[str, ...]] = {
    "swapped_columns": (
        "frozen_column", "recoded_category", "default_value", "unit_change", "currency_mix", "missing_block",
        "replaced_keys",
    ),
    "reversed_direction": ("frozen_column", "recoded_category"),
    "recoded_category": ("frozen_column", "currency_mix"),
    "frozen_column": ("default_value", "unit_change"),
    "unit_change": ("default_value",),
    "doubled_load": ("missing_rows",),
    "missing_block": ("recoded_category",),
    "replaced_keys": ("frozen_column",),
}  # fmt: skip
_CONTEXT_CHANGES = ("swapped_columns", "frozen_column", "recoded_category", "missing_block")


def _touch(one: Finding, other: Finding) -> bool:
    """Whether the periods meet; a finding without period meets all."""
    if one.period is None or other.period is None:
        return True
    return one.period[0] <= other.period[1] and other.period[0] <= one.period[1]


def _explained(finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether another defect of the table already says why this finding is seen."""
    for other in others:
        if other is finding or other.table != finding.table or not other.is_defect:
            continue
        same_columns = bool(set(other.columns) & set(finding.columns))
        if same_columns and _touch(other, finding) and finding.kind in _EXPLAINS.get(other.kind, ()):
            return True
        if (
            finding.kind == "balance_break"
            and other.kind not in ("balance_break", "encoding_damage")
            and _touch(other, finding)
        ):
            return True
        if _follows(finding, other):
            return True
        if (
            finding.kind == "reversed_direction"
            and finding.where == "scattered"
            and other.kind in _CONTEXT_CHANGES
        ):
            return True
    return False


def _follows(finding: Finding, other: Finding) -> bool:
    """Whether this kind of finding is what the other leaves behind in other columns."""
    if finding.where == "copies of other days":
        return other.kind in ("missing_block", "frozen_column") and _touch(other, finding)
    if finding.where == "by the order of keys":
        return other.kind == "doubled_load" and _touch(other, finding)
    if finding.kind == "frozen_column":
        return other.kind == "recoded_category" and bool(set(other.columns) & set(finding.columns))
    if finding.kind == "truncated_file" and finding.where.startswith("after"):
        return other.kind in ("clock_shift", "shifted_dates")
    one_day = finding.period is not None and finding.period[0] == finding.period[1]
    return (
        finding.kind == "clock_shift"
        and one_day
        and other.kind == "truncated_file"
        and _touch(other, finding)
    )


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by severity and share; those of one kind, table and period are said once, and those that
    follow from another are left out."""
    merged: dict[tuple[Any, ...], Finding] = {}
    for finding in findings:
        key = (finding.kind, finding.table, finding.period, finding.where, finding.rows)
        if key in merged and finding.columns != merged[key].columns:
            first = merged[key]
            columns = first.columns + tuple(c for c in finding.columns if c not in first.columns)
            merged[key] = replace(first, columns=columns)
        else:
            merged.setdefault(key, finding)
    everything = list(merged.values())
    kept = [finding for finding in everything if not _explained(finding, everything)]
    return tuple(sorted(kept, key=lambda f: (_ORDER[f.severity], -f.share, f.table, f.kind, f.columns)))
