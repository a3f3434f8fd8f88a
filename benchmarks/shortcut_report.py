"""The report of row R2: for each label both ceilings, boosting, the linear model, the best single feature."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bankmine.report import (
    Chart,
    Column,
    HowComputed,
    Kind,
    Metric,
    Page,
    Report,
    Reproducibility,
    Section,
    Table,
    Tone,
    build_report,
)
from bankmine.report.pictures import Bar, Bars, Baseline

if TYPE_CHECKING:
    from benchmarks.simulated_shortcuts import Found

LABEL = Column(label="label")
SHARE = Column(label="share of the way", kind=Kind.SHARE)


def write_report(folder: Path, found: list[Found], *, single: float, linear: float, command: str) -> Path:
    """Writes the report and returns the path of its first page."""
    within = sum(one.share(one.single) <= single and one.share(one.linear) <= linear for one in found)
    page = Page(
        slug="shortcuts",
        title="Is there a shortcut to the simulated bank's labels?",
        sentence="How much of the way from ½ to the observable ceiling the best single feature and a linear "
        "model go, for each label.",
        metrics=[
            Metric(
                label="Labels without a shortcut", value=f"{within} of {len(found)}", kind=Kind.TEXT,
                note=f"single feature at most {single:.0%}, linear model at most {linear:.0%}",
                tone=Tone.GOOD if within == len(found) else Tone.WATCH,
            )
        ],
        sections=[
            Section(
                title="Share of the way",
                blocks=[_ways(found, "single", single), _ways(found, "linear", linear)],
            ),
            Section(title="Ceilings", blocks=[_ceilings(found)]),
        ],
        how_computed=HowComputed(
            goal=f"No single feature above {single:.0%}, no linear model above {linear:.0%} of the way.",
            population="All true rows of a label and as many others, up to a limit, from all cutoffs.",
            method="Features: the whole catalogue at the cutoff, and the numbers of the subject's own row. "
            "The best single feature is chosen on half of the customers and measured on the other. Models "
            "are cross-fitted over customers. Ceilings: truth/ceilings.json.",
        ),
    )  # fmt: skip
    report = Report(
        bank="Simulated bank", as_of=date(2026, 1, 1), pages=[page],
        reproducibility=Reproducibility(command=command),
    )  # fmt: skip
    return build_report(report, folder)


def _ways(found: list[Found], way: str, bar: float) -> Chart:
    """One bar a label: how much of the way `single` or `linear` goes, with the allowed share."""
    words = {"single": "The best single feature", "linear": "A linear model"}[way]
    order = sorted(found, key=lambda one: -one.share(getattr(one, way)))
    worst = order[0]
    return Chart(
        title=f"{words} goes at most {worst.share(getattr(worst, way)):.0%} of the way ({worst.label})",
        subtitle="share of the way from ½ to the observable ceiling",
        picture=Bars(
            label=LABEL, measure=SHARE,
            bars=[Bar(label=one.label, value=max(0.0, one.share(getattr(one, way)))) for one in order],
            baselines=[Baseline(name="allowed", value=bar)],
        ),
        table=Table(
            columns=[LABEL, Column(label="best feature"), *map(_share, ("single", "linear", "boosting"))],
            rows=[
                [one.label, one.feature, *map(one.share, (one.single, one.linear, one.boosting))]
                for one in order
            ],
            name=way,
        ),
        name=way,
    )  # fmt: skip


def _ceilings(found: list[Found]) -> Chart:
    order = sorted(found, key=lambda one: -one.observable)
    return Chart(
        title="What anybody could know from tables, and what only the truth knows",
        subtitle="AUC of the observable ceiling; the oracle stands in the table",
        picture=Bars(
            label=LABEL, measure=_auc("AUC"),
            bars=[Bar(label=one.label, value=one.observable) for one in order],
            baselines=[Baseline(name="chance", value=0.5)],
        ),
        table=Table(
            columns=[
                LABEL, *(Column(label=name, kind=Kind.NUMBER, digits=0) for name in ("rows", "true")),
                *map(_auc, ("observable", "oracle", "boosting", "linear", "single")),
            ],
            rows=[
                [one.label, one.rows, one.positives, one.observable, one.oracle, one.boosting, one.linear,
                 one.single]
                for one in order
            ],
            name="ceilings",
        ),
        name="ceilings", wide=True,
    )  # fmt: skip


def _auc(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=3)


def _share(label: str) -> Column:
    return Column(label=label, kind=Kind.SHARE)
