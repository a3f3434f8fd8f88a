"""`understand`: reads every table of a warehouse once and says what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bankmine.bank.catalogue import TABLES
from bankmine.bank.warehouse import Warehouse
from bankmine.engine.session import Session
from bankmine.understanding.detectors import DETECTORS
from bankmine.understanding.detectors.keys import key_overlap
from bankmine.understanding.detectors.rejects import rejected
from bankmine.understanding.findings import Finding, count, ordered
from bankmine.understanding.profile import TableProfile, plain, profile_table
from bankmine.understanding.quality import Quality, bank_score, rows_read, table_quality
from bankmine.understanding.scan import Scan, open_scan

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """How far the keys of a column and of the table it references agree, counted in distinct keys.

    `share_here` is the share of this column's keys found there, `share_there` the reverse.
    """

    table: str
    column: str
    references: str
    keys_here: int
    keys_there: int
    keys_both: int
    share_here: float | None
    share_there: float | None
    sql: str


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What is in the data: profiles, key overlaps, findings and quality scores of one warehouse state.

    `statements` are the plain sentences to open with, most important first; `fingerprint` names the
    content, so that equal data give equal understanding.
    """

    fingerprint: str
    time_zone: str
    currency: str
    tables: Sequence[TableProfile]
    overlaps: Sequence[Overlap]
    findings: Sequence[Finding]
    scores: Sequence[Quality]
    score: float
    statements: Sequence[str]

    @property
    def defects(self) -> list[Finding]:
        """The findings that say something is wrong."""
        return [finding for finding in self.findings if finding.is_defect]

    def table(self, name: str) -> TableProfile:
        """The profile of that table; KeyError where the warehouse has no rows of it."""
        return {profile.name: profile for profile in self.tables}[name]

    def to_json(self) -> str:
        """Everything as JSON text: sorted keys, dates in ISO form, keys as hexadecimal tokens."""
        body = asdict(self)
        for score, quality in zip(body["scores"], self.scores, strict=True):
            score["score"] = quality.score
        return json.dumps(body, sort_keys=True, ensure_ascii=False, indent=1, default=_json) + "\n"


def _json(value: Any) -> Any:
    return float(value) if hasattr(value, "__float__") else str(plain(value))


def understand(
    warehouse: Warehouse, *, memory: str = "1GB", threads: int = 2, progress: Progress | None = None
) -> Understanding:
    """Profiles every table that holds rows, looks for defects and scores quality.

    Reads rows as known now (last versions, cancelled ones gone). `progress(what, done, of)` is called
    before each step. An empty warehouse gives an understanding without tables.
    """
    names = warehouse.tables()
    steps = 2 * len(names) + len(DETECTORS)
    told = _Steps(progress, steps)
    with Session(warehouse, memory=memory, threads=threads) as session:
        scans: dict[str, Scan] = {}
        for name in names:
            told.step(f"reading {name}")
            scans[name] = open_scan(session, TABLES[name])
        profiles = []
        for name, scan in scans.items():
            told.step(f"profiling {name}")
            profiles.append(profile_table(scan))
        found = list(rejected(warehouse))
        for detector in DETECTORS:
            told.step(f"looking at {detector.__name__.rsplit('.', 1)[-1]}")
            found += detector.detect(scans)
        overlaps = [Overlap(**row) for row in key_overlap(scans)]  # type: ignore[arg-type]
    findings = ordered(found)
    scores = [table_quality(profile, findings, rows_read(warehouse, profile.name)) for profile in profiles]
    return Understanding(
        fingerprint=warehouse.fingerprint,
        time_zone=warehouse.manifest.time_zone,
        currency=warehouse.currency,
        tables=profiles,
        overlaps=overlaps,
        findings=findings,
        scores=scores,
        score=bank_score(scores),
        statements=_statements(profiles, findings),
    )


class _Steps:
    """Counts steps and tells the progress callback."""

    def __init__(self, progress: Progress | None, steps: int) -> None:
        self.progress, self.steps, self.done = progress, steps, 0

    def step(self, what: str) -> None:
        """Says what comes next."""
        if self.progress:
            self.progress(what, self.done, self.steps)
        self.done += 1


def _statements(profiles: Sequence[TableProfile], findings: Sequence[Finding]) -> list[str]:
    """The opening sentence, then the findings' sentences in their order."""
    rows = sum(profile.rows for profile in profiles)
    defects = sum(finding.is_defect for finding in findings)
    ends = [p.last_day for p in profiles if p.kind == "event" and p.last_day]
    begins = [p.first_day for p in profiles if p.kind == "event" and p.first_day]
    period = f", events from {min(begins)} to {max(ends)}" if begins and ends else ""
    verdict = f"{count(defects, 'defect')} found" if defects else "no defect found"
    opening = f"{count(len(profiles), 'table')} with {count(rows)}{period}; {verdict}."
    return [opening, *(finding.sentence for finding in findings)]
