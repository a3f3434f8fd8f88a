"""One test of a validation as a row: figure, interval, threshold, verdict, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bankmine.report.content import Block, Column, Section, Table, Tone

LEVEL = 0.05


class Verdict(StrEnum):
    """How a test came out; a figure without a threshold is stated."""

    MET = "met"
    WATCH = "watch"
    NOT_MET = "not met"
    STATED = "stated"
    NOT_RUN = "not run"


TONES = {
    Verdict.MET: Tone.GOOD, Verdict.WATCH: Tone.WATCH, Verdict.NOT_MET: Tone.BAD,
    Verdict.STATED: Tone.NEUTRAL, Verdict.NOT_RUN: Tone.NEUTRAL,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A test; `interval` is an interval or a p-value in words, `meaning` one sentence for a reader."""

    test: str
    figure: str
    verdict: Verdict
    meaning: str
    interval: str = ""
    threshold: str = ""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One area of validation: its findings, and blocks (charts, tables) below them."""

    area: str
    sentence: str
    findings: Sequence[Finding]
    blocks: Sequence[Block] = field(default_factory=tuple)

    def section(self) -> Section:
        """The chapter as a section of the page."""
        slug = self.area.lower().replace(" ", "-")
        return Section(
            title=self.area, sentence=self.sentence,
            blocks=[findings_table(self.findings, name=f"tests-{slug}"), *self.blocks],
        )  # fmt: skip


def findings_table(findings: Sequence[Finding], *, name: str) -> Table:
    """The findings as rows."""
    heads = ("Test", "Figure", "Interval or p-value", "Threshold", "Verdict", "What it means")
    rows = [[f.test, f.figure, f.interval, f.threshold, f.verdict.value, f.meaning] for f in findings]
    return Table(columns=[Column(label=one) for one in heads], rows=rows, name=name)


def not_run(test: str, why: str) -> Finding:
    """A test that could not be run, and why."""
    return Finding(test=test, figure="–", verdict=Verdict.NOT_RUN, meaning=why)


def passed(p_value: float) -> Verdict:
    """A test's verdict by its p-value at 5 %."""
    return Verdict.MET if p_value >= LEVEL else Verdict.NOT_MET


def p_words(p_value: float) -> str:
    """A p-value as it is read."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
