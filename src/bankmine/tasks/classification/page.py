"""The classification page: the classes with their counts, the families side by side, their rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.mining.classification.families import FAMILIES
from bankmine.report.content import (
    Baseline,
    Block,
    Chart,
    Column,
    Fold,
    Interval,
    Kind,
    Metric,
    Section,
    Statement,
    Table,
)
from bankmine.report.pictures import Bar, Bars, Estimates
from bankmine.report.values import Tone
from bankmine.tasks.contract import Shown


def show(about: Mapping[str, Any]) -> Shown:
    """Figures and sections from what the run says of itself."""
    figures = about["figures"]
    sections = [_classes(figures)]
    sections += [_families(name, one) for name, one in figures["families"].items()]
    sections.append(_confusion(figures["together"]))
    if "form_tested" in figures:
        sections.append(_form(figures["form_tested"]))
    statements = [Statement(figures["no_form"], tone=Tone.WATCH)] if "no_form" in figures else []
    return Shown(metrics=_metrics(figures), statements=statements, sections=sections)


def _metrics(figures: Mapping[str, Any]) -> list[Metric]:
    one, moved = figures["together"], figures["together"]["moved"]
    found = [
        Metric(
            label="Put into the right class",
            value=one["right"]["value"],
            kind=Kind.SHARE,
            interval=Interval(low=one["right"]["low"], high=one["right"]["high"]),
            baseline=Baseline(name="nothing changes", value=one["as_before"]),
            note=f"of {one['rows']:,} test rows",
            tone=Tone.GOOD if one["more_than_before"]["low"] > 0 else Tone.WATCH,
        )
    ]
    if moved["found"] is not None:
        found.append(
            Metric(
                label="Changes foreseen",
                value=moved["found"],
                kind=Kind.SHARE,
                baseline=Baseline(name="nothing changes", value=0.0),
                note=f"of {moved['rows']:,} test rows that changed class, those put into the new one",
            )
        )
    return found


def _classes(figures: Mapping[str, Any]) -> Section:
    about, counts = figures["definition"], figures["classes"]
    largest = max(counts, key=lambda name: float(counts[name]["foreseen"]))
    total = sum(one["foreseen"] for one in counts.values())
    chart = Chart(
        title=f"{counts[largest]['foreseen'] / max(1, total):.0%} of the customers are foreseen {largest}",
        subtitle=f"Customers by most probable class in the next {about['days']} days",
        picture=Bars(
            label=Column(label="Class"),
            measure=Column(label="Customers", kind=Kind.NUMBER, digits=0),
            bars=[Bar(label=name, value=one["foreseen"]) for name, one in counts.items()],
        ),
        table=Table(
            columns=[
                Column(label="Class"), _count("Now"), _count("Foreseen"), _count("Sum of chances"),
            ],
            rows=[
                [name, one["now"], one["foreseen"], round(one["expected"])] for name, one in counts.items()
            ],
        ),
        name="classes",
    )  # fmt: skip
    return Section(title=f"The classes: {about['title']}", sentence=about["sentence"], blocks=[chart])


def _families(wanted: str, one: Mapping[str, Any]) -> Section:
    lines = [line for line in one["lines"] if not line["baseline"]]
    best = max(lines, key=lambda line: float(line["auc"]))
    kept = one["persistence"]
    chart = Chart(
        title=f"{best['family'][0].upper()}{best['family'][1:]} ranks best ({best['auc']:.3f}); "
        f"the class of the period before alone gives {kept['auc']:.3f}",
        subtitle="AUC on test rows that lie after all training, 95 % interval",
        picture=Estimates(
            label=Column(label="Family"),
            measure=Column(label="AUC", kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=line["family"], value=line["auc"], low=line["low"], high=line["high"])
                for line in sorted(lines, key=lambda line: -line["auc"])
            ],
        ),
        table=_table(one),
        name=f"families-{_slug(wanted)}",
    )
    rules: list[Block] = [
        Fold(title=f"Rules: {name}", blocks=[_rules(name, wanted, texts)])
        for name, texts in one["texts"].items()
        if texts
    ]
    sentence = (
        f"Answered by {one['use']}. Rules are those of a fit on {_rows(one):,} training rows; for "
        "families without rules of their own a small tree speaks, and fidelity says on how many rows not "
        "used it agrees with the model."
    )
    warned = [
        Statement(f"{name[0].upper()}{name[1:]}. {FAMILIES[name].do_not_use}", tone=Tone.WATCH)
        for name in one["texts"]
        if FAMILIES[name].do_not_use
    ]
    return Section(
        title=f"Families side by side: {wanted}", sentence=sentence, blocks=[chart, *warned, *rules]
    )


def _table(one: Mapping[str, Any]) -> Table:
    columns = [
        Column(label="Family"), Column(label="What it is"), _figure("AUC"), _figure("Low"), _figure("High"),
        Column(label="Calibration error", kind=Kind.SHARE), _figure("Brier score"), _count("Rules"),
        Column(label="Conditions a rule", kind=Kind.NUMBER, digits=1),
        Column(label="Fidelity", kind=Kind.SHARE),
    ]  # fmt: skip
    rows: list[list[Any]] = [
        [
            line["family"] + (" (baseline)" if line["baseline"] else " (bar)" if line["bar"] else ""),
            line["words"], line["auc"], line["low"], line["high"], line["calibration_error"], line["brier"],
            line["rules"], line["conditions"], line["fidelity"],
        ]
        for line in one["lines"]
    ]  # fmt: skip
    kept = one["persistence"]
    rows.append(
        ["as before (baseline)", "the class of the period just ended", kept["auc"], kept["low"],
         kept["high"], None, None, None, None, None]
    )  # fmt: skip
    return Table(columns=columns, rows=rows)


def _rules(name: str, wanted: str, texts: list[str]) -> Table:
    return Table(
        columns=[Column(label="Rule")],
        rows=[[text] for text in texts],
        name=f"rules-{_slug(wanted)}-{_slug(name)}",
    )


def _confusion(one: Mapping[str, Any]) -> Section:
    names = list(dict.fromkeys(cell["class"] for cell in one["table"]))
    found = {(cell["class"], cell["foreseen"]): cell["rows"] for cell in one["table"]}
    table = Table(
        columns=[Column(label="Turned out to be"), *(_count(f"Foreseen {name}") for name in names)],
        rows=[[name, *(found[name, other] for other in names)] for name in names],
        name="together",
        caption="Test rows by the class they were in and the class foreseen",
    )
    return Section(
        title="All classes together",
        sentence="Each customer is put into the class of highest chance; here on the test rows.",
        blocks=[table],
    )


def _form(one: Mapping[str, Any]) -> Section:
    table = Table(
        columns=[Column(label="Class"), _figure("AUC")],
        rows=[[name, value] for name, value in one["auc"].items()],
        name="form",
        caption=f"Ranking of forms not learnt from, with all of {', '.join(one['fields'])} filled in",
    )
    return Section(
        title="Strangers, from the form alone",
        sentence="The form answers with the class of somebody who is no customer yet; an AUC of .5 "
        "says nothing.",
        blocks=[table],
    )


def _rows(one: Mapping[str, Any]) -> int:
    return max((line["rows"] or 0 for line in one["lines"]), default=0)


def _slug(text: str) -> str:
    return "-".join("".join(one if one.isalnum() else " " for one in text.lower()).split())


def _count(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=0)


def _figure(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=3)
