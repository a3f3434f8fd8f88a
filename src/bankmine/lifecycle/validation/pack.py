"""The pack: all chapters of a validation, as a page of a report and as a Word document.

The words are those of supervisors' own papers: conceptual soundness, outcomes analysis and ongoing monitoring
of SR 26-2 (2026), discriminatory power, predictive ability, stability and concentration of the ECB's
instructions for reporting the validation results of internal models (2019), and the EBA's guidelines on loan
origination and monitoring (GL/2020/06), which ask that models be understood, free of bias and watched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bankmine.bank.warehouse import Warehouse
from bankmine.lifecycle.old_runs import readable
from bankmine.lifecycle.pages import how_computed
from bankmine.lifecycle.run import Run
from bankmine.lifecycle.validation.calibrating import concentrated, predictive_ability
from bankmine.lifecycle.validation.discrimination import discrimination
from bankmine.lifecycle.validation.fair import fair
from bankmine.lifecycle.validation.findings import TONES, Chapter, Finding, Verdict
from bankmine.lifecycle.validation.sensitive import sensitive
from bankmine.lifecycle.validation.stability import stability
from bankmine.lifecycle.validation.subject import Subject, subject_of
from bankmine.report.content import Column, Facts, Metric, Page, Report, Reproducibility, Section, Statement
from bankmine.report.content import Table as ReportTable
from bankmine.report.format import day

ANSWERS = (
    ("SR 26-2", "Conceptual soundness", "Sensitivity; Data used; How this was computed"),
    ("SR 26-2", "Outcomes analysis", "Discriminatory power; Predictive ability"),
    ("SR 26-2", "Ongoing monitoring", "Stability; Concentration; AUC by month"),
    ("ECB validation reporting", "Discriminatory power", "AUC, and AUC now against development"),
    ("ECB validation reporting", "Predictive ability", "Jeffreys' test by grade and over all grades"),
    ("ECB validation reporting", "Stability and concentration", "PSI of the score; Herfindahl index"),
    ("EBA GL/2020/06", "Understanding of the model", "Sensitivity; the features listed at the end"),
    ("EBA GL/2020/06", "Detection of bias", "Fairness by group and by proxy"),
    ("EBA GL/2020/06", "Back-testing", "Every figure is of rows that lie after all training"),
)  # fmt: skip


@dataclass(frozen=True)
class Pack:
    """A validation: chapters of findings about one score, its page, and its document."""

    subject: Subject
    chapters: Sequence[Chapter]
    bank: str

    @property
    def run(self) -> Run:
        """The run that was validated."""
        return self.subject.run

    @property
    def findings(self) -> list[Finding]:
        """All findings, chapter by chapter."""
        return [finding for chapter in self.chapters for finding in chapter.findings]

    @property
    def summary(self) -> list[Statement]:
        """What was found, in sentences: the count, then what was not met, then what to watch."""
        found = self.findings
        counts = {one: sum(finding.verdict is one for finding in found) for one in Verdict}
        tested = counts[Verdict.MET] + counts[Verdict.WATCH] + counts[Verdict.NOT_MET]
        worst = (
            Verdict.NOT_MET if counts[Verdict.NOT_MET] else Verdict.WATCH if counts[Verdict.WATCH] else None
        )
        first = f"{counts[Verdict.MET]} of {tested} tests with a threshold are met"
        rest = [f"{counts[one]} {words}" for one, words in (
            (Verdict.NOT_MET, "are not met"), (Verdict.WATCH, "are to be watched"),
            (Verdict.NOT_RUN, "could not be run")) if counts[one]]  # fmt: skip
        lines = [
            Statement(f"{', '.join([first, *rest])}.", tone=TONES[worst] if worst else TONES[Verdict.MET])
        ]
        for verdict in (Verdict.NOT_MET, Verdict.WATCH):
            lines += [
                Statement(f"{one.test}: {one.figure}. {one.meaning}", tone=TONES[verdict],
                          detail=f"{verdict.value}; threshold: {one.threshold}")
                for one in found if one.verdict is verdict
            ]  # fmt: skip
        return lines

    def lines(self) -> list[str]:
        """The pack in lines: the score, the summary, each test."""
        subject = self.subject
        head = (
            f"Validation of {subject.title} at {self.run.cutoff[:10]} · {subject.use} · run {self.run.run_id}"
        )
        body = []
        for chapter in self.chapters:
            body.append(f"{chapter.area}: {chapter.sentence}")
            body += [
                "  " + " · ".join(part for part in (
                    f"{one.verdict.value:8}{one.test}",
                    *((one.meaning,) if one.verdict is Verdict.NOT_RUN else (one.figure, one.interval)),
                ) if part)
                for one in chapter.findings
            ]  # fmt: skip
        return [head, self.summary[0].text, *body]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def page(self) -> Page:
        """The page of the pack."""
        subject, run = self.subject, self.run
        at = date.fromisoformat(run.cutoff[:10])
        return Page(
            slug=slug_of(subject), title=f"Validation: {subject.title}", nav_title="Validation", as_of=at,
            sentence=f"Whether the score of {subject.use} may be relied on, tested on what came after its "
            f"training, as known on {day(at)}.",
            metrics=_metrics(self.chapters), statements=self.summary,
            sections=[self._overview(), *[one.section() for one in self.chapters], self._data(), _answers()],
            how_computed=how_computed(run),
        )  # fmt: skip

    def report(self) -> Report:
        """The page as a report of its own."""
        run, name = self.run, self.subject.name
        asked = f" --question {name}" if name else ""
        facts = [("run", run.run_id), ("data (manifest)", str(run.about["manifest"])),
                 ("code", str(run.about["code"])), ("seed", str(run.about["seed"])),
                 *[(key, str(value)) for key, value in run.about["versions"].items()]]  # fmt: skip
        return Report(
            bank=self.bank, as_of=date.fromisoformat(run.cutoff[:10]), pages=[self.page()],
            reproducibility=Reproducibility(command=f"bankmine validate BANK {run.task}{asked}", facts=facts),
        )  # fmt: skip

    def write(self, folder: Path) -> Path:
        """Writes the page into a folder; the path of its first page."""
        from bankmine.report import build_report

        return build_report(self.report(), folder)

    def word(self, file: Path) -> Path:
        """Writes the same as a Word document; equal packs give equal bytes."""
        from bankmine.report.word import write_word

        return write_word(self.report(), file)

    def _overview(self) -> Section:
        """Every area with its worst verdict."""
        order = [Verdict.NOT_MET, Verdict.WATCH, Verdict.MET, Verdict.STATED, Verdict.NOT_RUN]
        rows: list[list[Any]] = []
        for one in self.chapters:
            verdicts = [finding.verdict for finding in one.findings]
            worst = min(verdicts, key=order.index)
            named = [finding.test for finding in one.findings if finding.verdict is worst]
            rows.append([one.area, worst.value, len(verdicts), "; ".join(named)])
        columns = [Column(label=one) for one in ("Area", "Worst verdict", "Tests", "Which")]
        return Section(title="Summary of findings", blocks=[
            ReportTable(columns=columns, rows=rows, name="areas")],
            sentence="Each area with the worst of its verdicts; a figure without a threshold is stated.",
        )  # fmt: skip

    def _data(self) -> Section:
        run, subject = self.run, self.subject
        months = [when for when, _ in subject.months()]
        facts = [
            ("Score", f"{subject.title}: {subject.use}"),
            ("Question", run.about["goal"]["question"]),
            ("Owner and use", f"{run.about['goal']['owner']}: {run.about['goal']['use']}"),
            ("As known on", run.cutoff),
            ("Test months", f"{len(months)}, from {months[0]} to {months[-1]}"),
            ("Test rows", f"{len(subject.truth):,} of {subject.customers:,} customers"),
            ("Came true", f"{int(subject.truth.sum()):,}"),
            ("Split", subject.figures.get("split") or run.about.get("split", "")),
            ("Data (manifest)", str(run.about["manifest"])),
            ("Run", run.run_id),
            ("Tables", ", ".join([*run.about["needs"]["tables"], *run.about["needs"]["used"]])),
        ]
        return Section(title="Data used", blocks=[Facts(tuple((k, v) for k, v in facts if v))])


def validate(
    run: Run, warehouse: Warehouse, *, question: str | None = None, bank: str = "", memory: str = "1GB",
    threads: int = 2,
) -> Pack:  # fmt: skip
    """Validates the score of a run (of a study: of one of its questions) from the evidence the run kept.

    The bank is read only for the groups of the fairness chapter. UsageError where the run asks no labelled
    question or several and none is named; FeasibilityError where the test rows are too few.
    """
    subject = subject_of(run, question, warehouse.zone)
    with readable(run):
        chapters = [
            discrimination(subject), predictive_ability(subject), stability(subject), concentrated(subject),
            fair(subject, warehouse, memory=memory, threads=threads), sensitive(subject),
        ]  # fmt: skip
    return Pack(subject, chapters, bank or "bank")


def slug_of(subject: Subject) -> str:
    """The address of a pack: the task, and the question where there are several."""
    parts = [subject.run.task, *([subject.name] if subject.name else [])]
    return "-".join(parts).replace("_", "-")


def _metrics(chapters: Sequence[Chapter]) -> list[Metric]:
    """The four figures a reader looks for first."""
    wanted = ("AUC", "Gini (accuracy ratio)", "Kolmogorov–Smirnov", "Herfindahl index of grades")
    found = {one.test: one for chapter in chapters for one in chapter.findings}
    return [
        Metric(label=name, value=_figure(one), digits=3,
               note=one.interval, tone=TONES[one.verdict])
        for name in wanted if (one := found.get(name)) and _figure(one) is not None
    ]  # fmt: skip


def _figure(one: Finding) -> float | None:
    try:
        return float(one.figure)
    except ValueError:
        return None


def _answers() -> Section:
    table = ReportTable(
        columns=[Column(label="Paper"), Column(label="What it asks"), Column(label="Where it is here")],
        rows=[list(one) for one in ANSWERS], name="papers",
    )  # fmt: skip
    return Section(title="What supervisors ask", sentence="Where each question of the papers is answered.",
                   blocks=[table])  # fmt: skip
