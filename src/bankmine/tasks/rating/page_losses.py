"""The page's parts on what is expected of which loans, and on loans' chances against what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.content import Block, Chart, Column, Kind, Section, Statement, Statements, Table, Tone
from bankmine.report.pictures import Bar, Estimates
from bankmine.tasks.rating.back_test import BESIDE, IN_DEFAULT
from bankmine.tasks.rating.saying import PLURAL, tested_chances

RUNNING = "loans that run"
_PARTS = (
    (RUNNING, "running", "expected"),
    (IN_DEFAULT, "in_default", "in_default"),
    (BESIDE, "beside", "beside"),
)


def line_blocks(figures: Mapping[str, Any], currency: str) -> list[Block]:
    """A table of the three lines of expected loss, with how each did a year ago."""
    expected, past = figures["expected"], figures["tested_loss"]
    then = {RUNNING: past, **{one["line"]: one for one in past["lines"]}} if past else {}
    columns = [
        Column(label="Loans"), _count("Number"), _money("Owed", currency), _money("Expected", currency),
        _money("A year ago", currency), _money("Came", currency), _money("Low", currency),
        _money("High", currency),
    ]  # fmt: skip
    rows = [
        [name.capitalize(), expected[f"{key}_loans"], round(expected[f"{key}_owed_minor"]),
         round(expected[f"{loss}_minor"]), *_came(then.get(name))]
        for name, key, loss in _PARTS if expected[f"{key}_loans"] or name in then
    ]  # fmt: skip
    return [Table(columns=columns, rows=rows, name="expected-lines"), Statements(_line_words(then))]


def _came(then: Mapping[str, Any] | None) -> list[int | None]:
    if then is None:
        return [None] * 4
    came = then["lost_minor"] + then["open_minor"]
    return [round(one) for one in (then["expected_minor"], came, then["lost_low"], then["lost_high"])]


def _line_words(then: Mapping[str, Any]) -> list[Statement]:
    made = [
        Statement(
            "Number, owed and expected are today's; a year ago so much was expected, and so much came, with "
            "its 95 % interval. What is in default is lost by the share alone, over its work-out. "
            "Other loans of customers in default or written off have no grade: by their own chances."
        )
    ]
    if BESIDE in then:
        one = then[BESIDE]
        made.append(
            Statement(
                f"Of these others, {one['defaulted_loans']} of {one['loans']:,} defaulted within the year."
            )
        )
    return made


def chances_section(figures: Mapping[str, Any], currency: str) -> Section | None:
    """Said against came by count and money, and by how much chances were moved; None where not tested."""
    past = figures["tested_loss"]
    if not past:
        return None
    rows = past["said_and_came"]
    judged = rows[0]["by_count"]
    title = {
        "fits": "As many loans defaulted as was said", "too few": "Too few loans defaulted to judge",
        "too high": "Fewer loans defaulted than was said", "too low": "More loans defaulted than was said",
    }[judged]  # fmt: skip
    chart = Chart(
        title=title,
        subtitle=f"Loans of customers graded at {past['cutoff']} by a scale that did not see them: defaults "
        "of the year after, 95 % interval",
        picture=Estimates(
            label=Column(label="Loans"), measure=Column(label="Defaults", kind=Kind.NUMBER, digits=0),
            bars=[bar for one in rows for bar in _bars(one)], ordered=True,
        ),
        table=_said_table(rows, currency), name="chances-tested",
    )  # fmt: skip
    tone = Tone.GOOD if judged == "fits" else Tone.WATCH
    words = [Statement(tested_chances(past, currency), tone=tone), *_level_words(figures["levels"])]
    return Section(
        title="Are loans' chances right?",
        sentence="A grade's chance is a customer's; loans' chances are moved to the rate at which loans "
        "default, and tested on loans that did not move them.",
        blocks=[chart, Statements(words)],
    )


def _bars(one: Mapping[str, Any]) -> list[Bar]:
    off = one["by_count"] in ("too low", "too high")
    return [
        Bar(label=f"{one['group']}: came", value=one["came"], low=one["low"], high=one["high"],
            tone=Tone.WATCH if off else Tone.NEUTRAL),
        Bar(label=f"{one['group']}: said", value=one["said"]),
    ]  # fmt: skip


def _said_table(rows: Any, currency: str) -> Table:
    columns = [
        Column(label="Loans"), _count("Number"), Column(label="Defaults said", kind=Kind.NUMBER, digits=1),
        _count("Came"), Column(label="Low", kind=Kind.NUMBER, digits=1),
        Column(label="High", kind=Kind.NUMBER, digits=1), _money("Owed at default, said", currency),
        _money("Came", currency), _money("Low", currency), _money("High", currency), Column(label="Chances"),
        Column(label="Chances by money"),
    ]  # fmt: skip
    cells = [
        [one["group"].capitalize(), one["loans"], one["said"], one["came"], one["low"], one["high"],
         *(round(one[f"{name}_minor"]) for name in ("said", "came", "low", "high")), one["by_count"],
         one["by_money"]]
        for one in rows
    ]  # fmt: skip
    return Table(columns=columns, rows=cells, name="chances-tested")


def _level_words(levels: Any) -> list[Statement]:
    return [
        Statement(
            f"{one['form'].capitalize()} of {PLURAL[one['kind']]}: {one['said']:.0f} defaults said by grade, "
            f"{one['defaults']} came on {one['rows']:,} rows of the tested cutoffs; moved to "
            f"{one['after']:.0f}."
        )
        for one in levels
        if one["rows"]
    ]


def _count(label: str) -> Column:
    return Column(label=label, kind=Kind.NUMBER, digits=0)


def _money(label: str, currency: str) -> Column:
    return Column(label=label, kind=Kind.MONEY, unit=currency)
