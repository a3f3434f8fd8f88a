"""The list of a run: its first rows with flags, grades and reasons as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.bank.keys import show_key
from bankmine.customers.conditions import WORDS
from bankmine.lifecycle.reasons import reason_words
from bankmine.lifecycle.run import Run
from bankmine.report.content import Column, Kind, Section, Table

LISTED = 50


def list_of(run: Run) -> Section | None:
    """The first rows of each question's list, with their reasons; None where nothing was scored."""
    import pyarrow.compute as pc

    about = run.about
    questions = {one["name"]: one["title"] for one in about["figures"].get("questions", [])}
    several = len(run.scores.column("question").unique()) > 1
    most = LISTED if not several else max(5, LISTED // len(run.scores.column("question").unique()))
    first = run.scores.filter(pc.less_equal(run.scores.column("rank"), most))
    rows = first.sort_by([("question", "ascending"), ("rank", "ascending")]).to_pylist()
    if not rows:
        return None
    columns = _columns(about)
    features = {one["name"]: one for one in run.features}
    cells = [_cells(one, about, features, questions) for one in rows]
    empty = {
        name for name in ("Question", "Chance", "Flags") if all(row[name] in (None, "") for row in cells)
    }
    shown = [column for column in columns if column.label not in empty]
    table = Table(
        columns=shown,
        rows=[[row[column.label] for column in shown] for row in cells],
        name="list",
        shown=len(rows) if several else 20,
    )
    part = f"The first {most} of each question" if several else f"The first {len(rows)}"
    sentence = f"{part}, of {run.scores.num_rows:,} rows in all; whoever carries a flag shows it."
    return Section(title="The list", sentence=sentence, blocks=[table])


def speaks_of_chances(about: Mapping[str, Any]) -> bool:
    """Whether the run's reasons raise or lower a chance (labelled questions), or say what is typical."""
    figures = about["figures"]
    return "candidates" in figures or bool(figures.get("questions"))


def flag_words(flags: Sequence[str]) -> str:
    """Flags as people say them, one after another."""
    return " · ".join(WORDS.get(flag, flag.replace("_", " ")) for flag in flags)


def _columns(about: Mapping[str, Any]) -> list[Column]:
    unit = str(about["figures"]["decision"]["unit"])
    value = (
        Column(label="Money at stake", kind=Kind.MONEY, unit=about["currency"])
        if unit == "minor units"
        else Column(label=unit.capitalize(), kind=Kind.NUMBER, digits=0)
    )
    return [
        Column(label="Question"),
        Column(label="Rank", kind=Kind.NUMBER, digits=0),
        Column(label=about["subject_kind"].capitalize(), kind=Kind.KEY),
        Column(label="Flags"),
        Column(label="Chance", kind=Kind.SHARE),
        value,
        Column(label="Grade"),
        Column(label="Why"),
    ]


def _cells(
    one: Mapping[str, Any],
    about: Mapping[str, Any],
    features: Mapping[str, Mapping[str, Any]],
    questions: Mapping[str, str],
) -> dict[str, Any]:
    """One row by the labels of its columns."""
    columns = _columns(about)
    money = columns[5].kind is Kind.MONEY
    labelled = speaks_of_chances(about)
    whole = money and one["value"] is not None
    return {
        "Question": questions.get(one["question"], one["question"].replace("_", " ")),
        "Rank": one["rank"],
        columns[2].label: show_key(one["subject_id"]),
        "Flags": flag_words(one["flags"]),
        "Chance": one["probability"],
        columns[5].label: round(one["value"]) if whole else one["value"],
        "Grade": one["grade"],
        "Why": _why(one["reasons"], features, about["currency"], labelled=labelled),
    }


def _why(
    reasons: Sequence[Mapping[str, Any]],
    features: Mapping[str, Mapping[str, Any]],
    currency: str,
    *,
    labelled: bool,
) -> str:
    """The reasons one after another, strongest first."""
    return " · ".join(reason_words(one, features, currency, labelled=labelled) for one in reasons)
