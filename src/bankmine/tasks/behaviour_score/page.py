"""The behaviour score's own part of its page: money, vintages, roll rates, scores after actions, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bankmine.bank.keys import show_key
from bankmine.report.content import (
    Baseline,
    Chart,
    Column,
    Interval,
    Kind,
    Metric,
    Section,
    Statement,
    Statements,
    Table,
    Tone,
)
from bankmine.report.pictures import Bar, Bars, Estimates, HeatMap, Lines, Series, SmallMultiples
from bankmine.tasks.behaviour_score.vintage import LEAST_LOANS
from bankmine.tasks.contract import Shown, exponent_of

QUARTERS = 8
FORMS = {"loans": "loans with instalments", "lines": "lines of credit"}


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures = about["figures"]
    made = [
        _money(figures), _actions(figures["actions"]), _roll(figures["roll"]),
        *(_vintages(name, one) for name, one in figures["vintages"].items()),
        _evidence(figures), _schedules(figures["schedules"]),
    ]  # fmt: skip
    return Shown(
        metrics=_metrics(figures, about["currency"]),
        statements=[Statement(one) for one in key_statements(figures, about["currency"])],
        sections=[one for one in made if one is not None],
    )


def key_statements(figures: Mapping[str, Any], currency: str) -> list[str]:
    """A few sentences with their numbers, most important first."""
    unit = 10 ** exponent_of(currency)
    made = []
    for one in figures["now"]:
        what = "loans and lines" if one["question"].startswith("loan") else "overdrafts in use"
        within = "a year" if one["question"].startswith("loan") else "half a year"
        made.append(
            f"{one['expected_defaults']:,.0f} of {one['subjects']:,} {what} are expected to go bad within "
            f"{within}; {currency} {one['owed_minor'] / unit:,.0f} is owed, {currency} "
            f"{one['expected_loss_minor'] / unit:,.0f} of it is expected to be lost "
            f"(at a stated {one['loss_share']:.0%} of what is owed)."
        )
    acted = figures["actions"]
    if acted.get("compared"):
        made.append(
            f"The newest action put {acted['worse']:,} of {acted['compared']:,} loans into a worse grade "
            f"than a month ago and {acted['better']:,} into a better one."
        )
    rolled = figures["roll"].get("worse", [None] * 3)[2]
    if rolled:
        made.append(
            f"Of loans 30–59 days past due, {rolled['share']:.0%} ({rolled['low']:.0%}–{rolled['high']:.0%}) "
            "are in a worse bucket or written off a month later."
        )
    task = _question(figures).get("task") or {}
    made += [_sentence(one["sentence"]) for one in task.get("worth", ())]
    made += [_without_sequence(task["no_sequence"])] if task.get("no_sequence") else []
    return made  # why overdrafts are not scored is said by the verdict


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _question(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures of the loans' question."""
    asked = figures.get("questions", {})
    found = asked.values() if isinstance(asked, Mapping) else asked
    for one in found:
        if str(one.get("name", "loan_default")).startswith("loan_default"):
            return dict(one.get("figures", one))
    return {}


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    made = []
    for one in figures["now"]:
        loans = one["question"].startswith("loan")
        words = "loans and lines, within a year" if loans else "overdrafts in use, within half a year"
        made.append(
            Metric(label="Expected defaults" if loans else "Expected malignant overdrafts",
                   value=round(one["expected_defaults"]), digits=0, tone=Tone.WATCH,
                   note=f"of {one['subjects']:,} {words}")
        )  # fmt: skip
        made.append(
            Metric(label="Expected loss" if loans else "Expected loss, overdrafts", kind=Kind.MONEY,
                   value=round(one["expected_loss_minor"]), unit=currency, tone=Tone.WATCH,
                   note=f"at a stated {one['loss_share']:.0%} of what is owed",
                   baseline=Baseline(name="owed", value=float(one["owed_minor"])))
        )  # fmt: skip
    money = _question(figures).get("task", {}).get("money")
    if money:
        gain = money["gain"]
        made.append(
            Metric(label="More defaulted principal found", value=gain["value"], kind=Kind.SHARE,
                   interval=Interval(low=gain["low"], high=gain["high"]),
                   note=f"in the first {money['top']:.0%} of the list, against {money['against']}",
                   tone=Tone.GOOD if gain["low"] > 0 else Tone.WATCH)
        )  # fmt: skip
    return made


def _money(figures: Mapping[str, Any]) -> Section | None:
    money = _question(figures).get("task", {}).get("money")
    if not money:
        return None
    best = max(money["share"].items(), key=lambda one: float(one[1]["value"]))
    chart = Chart(
        title=f"The first {money['top']:.0%} of the list by {best[0]} hold {best[1]['value']:.0%} of the "
        "principal that then defaulted",
        subtitle="Share of defaulted principal in the first tenth of each test month's list, chance × "
        "principal, 95 % interval",
        picture=Estimates(
            label=Column(label="List"), measure=Column(label="Share found", kind=Kind.SHARE),
            bars=[Bar(label=name, **one) for name, one in money["share"].items()],
        ),
        name="money-found",
    )  # fmt: skip
    return Section(title="What the list is worth", blocks=[chart])


def _actions(found: Mapping[str, Any]) -> Section | None:
    if not found or not found["by_kind"]:
        return None
    most = max(found["by_kind"], key=lambda one: abs(float(one["change"])))
    way = "raises" if most["change"] > 0 else "lowers"
    moved = Chart(
        title=f"The newest action moves the score: \u201c{most['action']}\u201d {way} it by "
        f"{abs(most['change']) * 100:.1f} percentage points on average",
        subtitle="Mean change of the chance of default from a month ago to just after the newest action",
        picture=Bars(
            label=Column(label="Newest action"),
            measure=Column(label="Change of the chance", kind=Kind.SHARE),
            bars=[Bar(label=f"{one['action']} ({one['loans']:,})", value=one["change"])
                  for one in found["by_kind"]],
        ),
        name="by-action", wide=False,
    )  # fmt: skip
    blocks = [moved]
    if found["paths"]["series"]:
        blocks.append(_paths(found["paths"]))
    return Section(
        title="After each action",
        sentence="The same model asked anew for the instant after an action; the month's score stands beside "
        "it in the table.",
        blocks=blocks,
    )


def _paths(paths: Mapping[str, Any]) -> Chart:
    from datetime import date

    return Chart(
        title="How the score of late loans moved, action by action",
        subtitle="Chance of default after the last action so far; the loans whose score moved most",
        picture=SmallMultiples(
            x=Column(label="Week", kind=Kind.DATE), y=Column(label="Chance of default", kind=Kind.SHARE),
            at=[date.fromisoformat(one) for one in paths["weeks"]],
            series=[
                Series(name=f"loan {show_key(one['loan_id'])}", values=one["values"])
                for one in paths["series"]
            ],
        ),
        name="paths", wide=False,
    )  # fmt: skip


def _roll(found: Mapping[str, Any]) -> Section | None:
    if not found:
        return None
    rolled = found["worse"][2]
    title = "Where loans roll to within a month"
    if rolled:
        title = f"{rolled['share']:.0%} of loans 30–59 days past due are worse off a month later"
    chart = Chart(
        title=title,
        subtitle=f"Share of each bucket (rows) by where it is a month later, {found['months']} months "
        "together, as known at both ends",
        picture=HeatMap(
            measure=Column(label="Share", kind=Kind.SHARE), row=Column(label="Days past due"),
            columns=found["ends"], rows=_counted(found), values=found["shares"],
        ),
        name="roll-rates", wide=False,
    )  # fmt: skip
    line = Chart(
        title="Loans that fell behind, month by month",
        subtitle="Share of a bucket that is in a worse one, or written off, a month later",
        picture=Lines(
            x=Column(label="Month ending", kind=Kind.MONTH), y=Column(label="Rolled on", kind=Kind.SHARE),
            at=_months(found), from_zero=True,
            series=[
                Series(name=found["buckets"][place], values=[
                    one["worse"][place]["share"] if one["worse"][place] else None for one in found["by_month"]
                ])
                for place in (0, 1, 2)
            ],
        ),
        name="roll-by-month", wide=False,
    )  # fmt: skip
    return Section(title="Roll rates", blocks=[chart, line])


def _counted(found: Mapping[str, Any]) -> list[str]:
    sums = [sum(row) for row in found["counts"]]
    return [f"{name} ({count:,})" for name, count in zip(found["buckets"], sums, strict=True)]


def _months(found: Mapping[str, Any]) -> list[Any]:
    from datetime import date

    return [date.fromisoformat(one["month"][:10]) for one in found["by_month"]]


def _vintages(form: str, found: Mapping[str, Any]) -> Section | None:
    places = [at for at, loans in enumerate(found["loans"]) if loans >= LEAST_LOANS and found["reached"][at]]
    if not places:
        return None
    shown = places[-QUARTERS:]
    longest = max(found["reached"][at] for at in shown)
    late = "90"
    chart = Chart(
        title=_vintage_title(form, found),
        subtitle="Share of the loans granted in a quarter ever 90 days past due, by months on book; a line "
        "ends where the quarter has not been on book so long",
        picture=Lines(
            x=Column(label="Months on book", kind=Kind.NUMBER, digits=0),
            y=Column(label="Ever 90 days past due", kind=Kind.SHARE), at=list(range(1, longest + 1)),
            series=[
                Series(name=_quarter(found, at), values=found["shares"][late][at][:longest]) for at in shown
            ],
            from_zero=True,
        ),
        name=f"vintages-{form}",
    )  # fmt: skip
    return Section(
        title=f"Vintages: {FORMS[form]}",
        blocks=[chart, _at_a_year(form, found), Statements([Statement(one) for one in _said(found)])],
    )


def _quarter(found: Mapping[str, Any], place: int) -> str:
    return f"{_quarter_name(found, place)} ({found['loans'][place]})"


def _quarter_name(found: Mapping[str, Any], place: int) -> str:
    day = found["quarters"][place]
    return f"{day[:4]} Q{(int(day[5:7]) + 2) // 3}"


def _vintage_title(form: str, found: Mapping[str, Any]) -> str:
    known = [one for one in found["at_year"] if one]
    if not known:
        return "No quarter has been on book for a year yet"
    bad, loans = sum(one["bad"] for one in known), sum(one["loans"] for one in known)
    return f"{bad / loans:.1%} of {FORMS[form]} are ever 90 days past due within a year on book"


def _at_a_year(form: str, found: Mapping[str, Any]) -> Table:
    """Each quarter that has been on book for a year, with its interval."""
    columns = [
        Column(label="Granted in"), Column(label="Granted", kind=Kind.NUMBER, digits=0),
        Column(label="90 days past due within a year", kind=Kind.NUMBER, digits=0),
        *(Column(label=label, kind=Kind.SHARE) for label in ("Share", "Low", "High")),
    ]  # fmt: skip
    rows = [
        [_quarter_name(found, at), one["loans"], one["bad"], one["share"], one["low"], one["high"]]
        for at, one in enumerate(found["at_year"]) if one
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name=f"vintages-at-a-year-{form}")


def _said(found: Mapping[str, Any]) -> list[str]:
    young = sum(one is None for one in found["at_year"])
    if not young:
        return ["Every quarter has been on book for a year."]
    return [f"{young} younger quarters have not been on book for a year: open, not zero."]


def _evidence(figures: Mapping[str, Any]) -> Section | None:
    question = _question(figures)
    task = question.get("task") or {}
    if not task.get("kinds"):
        return None
    rows = [one for one in task["kinds"] if one["model"]]
    chart = Chart(
        title=f"How well {question['model']} ranks, by kind",
        subtitle="AUC on the test months, 95 % interval by customer",
        picture=Estimates(
            label=Column(label="Kind"), measure=Column(label="AUC", kind=Kind.NUMBER, digits=3),
            bars=[bar for one in rows for bar in (
                Bar(label=f"{one['kind']}, {one['defaults']} defaults", **one["model"]),
                Bar(label=f"{one['kind']}: {question['best_baseline']}", **one["baseline"]),
            )],
            ordered=True,
        ),
        name="by-kind",
    )  # fmt: skip
    sentences: Sequence[str] = [_sentence(one["sentence"]) for one in task.get("worth", ())]
    if task.get("no_sequence"):
        sentences = [*sentences, _without_sequence(task["no_sequence"])]
    few = [one["kind"] for one in task["kinds"] if not one["model"]]
    if few:
        sentences = [*sentences, f"Too few defaults for a figure of {', '.join(few)}."]
    return Section(
        title="Which evidence, for whom", blocks=[chart, Statements([Statement(one) for one in sentences])]
    )


def _without_sequence(why: str) -> str:
    return f"The network that reads loans action by action was not tried: {why}."


def _schedules(found: Mapping[str, Any]) -> Section:
    if not found["contradictory"]:
        said = [f"None of {found['loans']:,} loans has a schedule that contradicts itself."]
        return Section(title="Schedules", blocks=[Statements([Statement(said[0], tone=Tone.GOOD)])])
    said = [f"{count:,} loans: {rule}." for rule, count in found["by_rule"].items() if count]
    lead = (
        f"{found['contradictory']:,} of {found['loans']:,} loans have a schedule that contradicts itself; "
        "they are neither learnt from nor scored from then on."
    )
    return Section(
        title="Schedules", sentence=lead,
        blocks=[Statements([Statement(one, tone=Tone.WATCH) for one in said])],
    )  # fmt: skip
