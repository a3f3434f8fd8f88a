"""What the page of a study shows beside the task's own sections: its questions, and the tables it kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.bank.keys import show_key
from bankmine.lifecycle.run import Run
from bankmine.report.content import Block, Chart, Column, Fold, Kind, Section, Table
from bankmine.report.pictures import Bar, Estimates

METRIC_WORDS = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "log_loss": "Log loss",
}
MOST_SHOWN = 1_000
KINDS = {
    "text": Kind.TEXT, "number": Kind.NUMBER, "share": Kind.SHARE, "money": Kind.MONEY, "day": Kind.DATE,
    "key": Kind.KEY,
}  # fmt: skip


def is_study(about: Mapping[str, Any]) -> bool:
    """Whether a run is one of a study."""
    return "questions" in about["figures"]


def study_sections(run: Run) -> list[Section]:
    """The questions against their baselines, those refused, and the kept tables."""
    figures = run.about["figures"]
    sections = [_questions(figures["questions"])] if figures["questions"] else []
    if figures["refused"]:
        sections.append(_refused(figures["refused"]))
    kept = [_kept(run, name, how) for name, how in run.about["tables"].items()]
    return [*sections, *kept]


def _questions(questions: Sequence[Mapping[str, Any]]) -> Section:
    better = sum(one["beats_baseline"] for one in questions)
    name = questions[0]["metric"]
    words = METRIC_WORDS.get(name, name)
    same = [one for one in questions if one["metric"] == name]
    chart = Chart(
        title=f"{better} of {len(questions)} questions are answered better than by their baseline",
        subtitle=f"{words} of the model on test rows that lie after all training, 95 % interval",
        picture=Estimates(
            label=Column(label="Question"),
            measure=Column(label=words, kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=one["title"], value=own["value"], low=own["low"], high=own["high"])
                for one in same
                if (own := one["candidates"][one["model"]]["metrics"][name])
            ],
        ),
        name="questions",
        table=_figures_table(questions),
    )
    folds: list[Block] = [
        Fold(
            title=f"{one['title']}: all candidates",
            blocks=[candidates_table(one, name=f"candidates-{one['name'].replace('_', '-')}")],
        )
        for one in questions
    ]
    sentence = "Each question was asked of the past, tested on what followed, and fitted anew to answer now."
    return Section(title="The questions against their baselines", sentence=sentence, blocks=[chart, *folds])


def _figures_table(questions: Sequence[Mapping[str, Any]]) -> Table:
    columns = [
        Column(label="Question"), Column(label="Answered by"), Column(label="Metric"),
        _number("Model"), _number("Low"), _number("High"), Column(label="Best baseline"), _number("Baseline"),
        Column(label="Test rows", kind=Kind.NUMBER, digits=0),
        Column(label="True among them", kind=Kind.NUMBER, digits=0),
        Column(label="Calibration error", kind=Kind.SHARE),
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for one in questions:
        metric, base = one["metric"], one["best_baseline"]
        own = one["candidates"][one["model"]]["metrics"][metric]
        rows.append(
            [
                one["title"], one["use"], METRIC_WORDS.get(metric, metric), own["value"], own["low"],
                own["high"], base, one["candidates"][base]["metrics"][metric]["value"], one["test_rows"],
                one["test_positives"], one["calibration"]["expected_calibration_error"],
            ]
        )  # fmt: skip
    return Table(columns=columns, rows=rows, name="questions")


def candidates_table(question: Mapping[str, Any], *, name: str = "candidates") -> Table:
    """Every candidate of a labelled question with its figures and intervals."""
    names = list(next(iter(question["candidates"].values()))["metrics"])
    columns = [Column(label="Candidate"), Column(label="What it is")]
    for metric in names:
        words = METRIC_WORDS.get(metric, metric)
        columns += [_number(words), _number(f"{words}, low"), _number(f"{words}, high")]
    rows = []
    for key, one in question["candidates"].items():
        row: list[Any] = [f"{key} (baseline)" if one["baseline"] else key, one["words"]]
        for metric in names:
            row += [one["metrics"][metric][part] for part in ("value", "low", "high")]
        rows.append(row)
    return Table(columns=columns, rows=rows, name=name)


def _refused(refused: Sequence[Mapping[str, Any]]) -> Section:
    table = Table(
        columns=[Column(label="Question"), Column(label="Why it could not be asked")],
        rows=[[one["title"], one["reason"]] for one in refused],
        name="refused",
    )
    return Section(title="What could not be asked", blocks=[table])


def _kept(run: Run, name: str, how: Mapping[str, Any]) -> Section:
    found = run.table(name)
    shapes: Mapping[str, Mapping[str, Any]] = how["columns"]
    columns = [column_of(shape, run.about["currency"]) for shape in shapes.values()]
    rows = [
        [cell(row[key], shape["kind"]) for key, shape in shapes.items()]
        for row in found.select(list(shapes)).slice(0, MOST_SHOWN).to_pylist()
    ]
    more = f" The first {MOST_SHOWN:,} of {how['rows']:,} rows." if how["rows"] > MOST_SHOWN else ""
    table = Table(
        columns=columns,
        rows=rows,
        name=name.replace("_", "-"),
        shown=how["shown"],
        empty="Nothing was found.",
    )
    return Section(title=how["title"], sentence=f"{how['sentence']}{more}".strip(), blocks=[table])


def column_of(shape: Mapping[str, Any], currency: str) -> Column:
    """How a kept table's column is shown."""
    kind = KINDS[shape["kind"]]
    unit = currency if kind is Kind.MONEY else ""
    return Column(label=shape["label"], kind=kind, unit=unit, digits=shape["digits"])


def cell(value: Any, kind: str) -> Any:
    """A value of a kept table as the page takes it."""
    if value is None:
        return None
    if kind == "key":
        return show_key(value)
    if kind == "money":
        return round(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _number(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=3)
