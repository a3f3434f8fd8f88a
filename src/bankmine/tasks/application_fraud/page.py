"""The application fraud page's own part: the list and what it saves, what each evidence adds, rings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bankmine.report.content import (
    Baseline,
    Chart,
    Column,
    Drawing,
    Interval,
    Kind,
    Metric,
    Section,
    Statement,
    Statements,
    Table,
    Tone,
)
from bankmine.report.pictures import Bar, Bars, Estimates, Lines, Series
from bankmine.tasks.contract import Shown, exponent_of


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    made = [_list(figures, currency), _worth(figures), _rings(figures, currency)]
    return Shown(
        metrics=_metrics(figures, currency),
        statements=[Statement(one) for one in key_statements(figures, currency)],
        sections=[one for one in made if one is not None],
    )


def key_statements(figures: Mapping[str, Any], currency: str) -> list[str]:
    """A few sentences with their numbers, most important first."""
    main, found = figures["questions"][0], figures["list"]
    name, base = main["use"], main["best_baseline"]
    area = main["candidates"][name]["metrics"]["auc"]
    own, other = found["lists"][name], found["lists"][base]
    made = [
        f"AUC {area['value']:.3f} ({area['low']:.3f}–{area['high']:.3f}) with {name}; {base} "
        f"{main['candidates'][base]['metrics']['auc']['value']:.3f}.",
        f"Checking {found['capacity']['words']} finds {own['found']} of {found['frauds']} false "
        f"applications in "
        f"{found['days']:,} days: precision {own['precision']:.1%} ({own['precision_low']:.1%}–"
        f"{own['precision_high']:.1%}), {base} {other['precision']:.1%}, at random "
        f"{main['test_positives'] / max(main['test_rows'], 1):.1%}.",
        _saved_words(found, name, base, currency),
    ]
    if not main["beats_baseline"]:
        made.append(
            f"On {main['test_positives']} false applications of {main['test_rows']:,} the model cannot be "
            f"told from "
            f"{base}: use the rule, or wait for more verdicts."
        )
    rings = figures["rings"]
    made.append(
        f"{rings['count']} rings of {rings['customers']} customers were seen in the last year, "
        f"{rings['confirmed']} with a confirmed false application; {rings['grow']} still grow: "
        f"{rings['members_30']} {'customer' if rings['members_30'] == 1 else 'customers'} joined them in the "
        f"last 30 days, {rings['members_90']} in the last 90."
        if rings["count"]
        else "No ring was seen in the last year."
    )
    return [*made, _waited_words(figures["delays"]), *figures["left_out"]]


def _waited_words(delays: Mapping[str, Any]) -> str:
    if not delays["measured"]:
        return (
            f"An application without a verdict counts as honest after {delays['assumed']} days; "
            f"{delays['verdicts']} confirmed verdicts are too few to say how long verdicts take."
        )
    return (
        f"Half of the verdicts on false applications come within {delays['median']:,} days, nine of ten "
        f"within {delays['most']:,} (from {delays['verdicts']:,} verdicts, young applications allowed for). "
        f"An application without a verdict counts as honest after {delays['assumed']:,} days"
        f"{', as set' if delays['set'] else ''}."
    )


def _money(minor: float, currency: str) -> str:
    return f"{currency} {minor / 10 ** exponent_of(currency):,.0f}"


def _saved_words(found: Mapping[str, Any], name: str, base: str, currency: str) -> str:
    own, other = (found["lists"][one]["saved_minor"] for one in (name, base))
    more = found["more_than_baseline"]
    said = (
        f"Less the cost of the checks the list saves {_money(own, currency)} of the "
        f"{_money(found['at_stake_minor'], currency)} lost on false applications that are granted; {base} "
        f"{_money(other, currency)}"
    )
    if name == base:
        return f"{said}."
    told = "" if more["low"] > 0 or more["high"] < 0 else ", which chance may explain"
    return (
        f"{said}. The difference is {_money(more['saved_minor'], currency)} "
        f"({_money(more['low'], currency)} to {_money(more['high'], currency)}){told}."
    )


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    main, found = figures["questions"][0], figures["list"]
    name, base = main["use"], main["best_baseline"]
    area, own = main["candidates"][name]["metrics"]["auc"], found["lists"][name]
    decided = main["decision"]["summary"]
    return [
        Metric(label="AUC", value=area["value"], digits=3, note=f"with {name}",
               interval=Interval(low=area["low"], high=area["high"]),
               baseline=Baseline(name=base, value=main["candidates"][base]["metrics"]["auc"]["value"])),
        Metric(label="Precision of the list", value=own["precision"], kind=Kind.SHARE,
               interval=Interval(low=own["precision_low"], high=own["precision_high"]),
               baseline=Baseline(name=base, value=found["lists"][base]["precision"]),
               note=found["capacity"]["words"]),
        Metric(label="Saved by the list", value=round(own["saved_minor"]), kind=Kind.MONEY, unit=currency,
               baseline=Baseline(name=base, value=found["lists"][base]["saved_minor"]),
               note=f"in {found['days']:,} test days, less the cost of the checks",
               tone=_tone(own["saved_minor"], found["lists"][base]["saved_minor"])),
        Metric(label="To check now", value=decided["by_grade"]["check"], digits=0,
               note=f"of {decided['applications']:,} applications whose verdicts are open"),
        Metric(label="Rings", value=figures["rings"]["count"], digits=0,
               note=f"of {figures['rings']['customers']} customers, in the last year"),
    ]  # fmt: skip


def _tone(saved: float, without: float) -> Tone:
    """Good where the list saves money, and no less than the baseline's."""
    return Tone.GOOD if saved > 0 and saved >= without else Tone.WATCH


def _list(figures: Mapping[str, Any], currency: str) -> Section:
    found, main = figures["list"], figures["questions"][0]
    shown = [name for name, one in main["candidates"].items() if not name.startswith("without ")]
    name, base = main["use"], main["best_baseline"]
    own, other = (found["lists"][one]["precision"] for one in (name, base))
    precision = Chart(
        title=f"Of those checked with {name} {own:.1%} are false"
        + ("" if name == base else f", with {base} {other:.1%}"),
        subtitle=f"Share of checked applications that were false, {found['capacity']['words']}, 95 % "
                 f"interval",
        picture=Estimates(
            label=Column(label="Ranked by"), measure=Column(label="Precision", kind=Kind.SHARE),
            bars=[
                Bar(label=name, value=one["precision"], low=one["precision_low"], high=one["precision_high"])
                for name, one in found["lists"].items()
                if name in shown
            ],
            baselines=[
                Baseline(name="at random", value=main["test_positives"] / max(main["test_rows"], 1)),
            ],
        ),
        name="list-precision", wide=False,
    )  # fmt: skip
    money = Chart(
        title=f"Checking costs less than it saves with "
        f"{sum(found['lists'][name]['saved_minor'] > 0 for name in shown)} of {len(shown)} rankings",
        subtitle="Loss on granted false applications found, less the cost of the checks",
        picture=Bars(
            label=Column(label="Ranked by"),
            measure=Column(label="Saved", kind=Kind.MONEY, unit=currency),
            bars=[Bar(label=name, value=round(found["lists"][name]["saved_minor"])) for name in shown],
        ),
        name="list-money", wide=False,
    )  # fmt: skip
    return Section(title="What the list finds", blocks=[precision, money])


def _worth(figures: Mapping[str, Any]) -> Section | None:
    found = figures["worth"]
    if not found:
        return None
    paying = sum(one["pays"] for one in found)
    gains = Chart(
        title=f"{paying} of {len(found)} groups of evidence add more than chance to the others",
        subtitle="AUC of all groups together less that without the group, 95 % interval over customers",
        picture=Estimates(
            label=Column(label="Group"), measure=Column(label="AUC gained", kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=one["part"], value=one["gain"], low=one["low"], high=one["high"]) for one in found
            ],
            baselines=[Baseline(name="nothing", value=0.0)],
        ),
        name="groups-gain",
    )  # fmt: skip
    return Section(
        title="What each kind of evidence adds",
        blocks=[gains, Statements([Statement(one["sentence"]) for one in found])],
    )


def _rings(figures: Mapping[str, Any], currency: str) -> Section | None:
    """The first rings as drawings; all of them are a table of the run."""
    drawn = figures["drawings"]
    if not drawn:
        return None
    return Section(
        title="The first rings, drawn",
        sentence="Customers of several households who gave the same phone, device or address within 60 days. "
        "Most have an innocent reason, a shop's telephone or a helper's device; those that grow stand first, "
        "and of them the riskiest.",
        blocks=[
            _curves(drawn),
            *(_drawing(number, one, currency) for number, one in enumerate(drawn, 1)),
        ],
    )


def _curves(drawn: Sequence[Mapping[str, Any]]) -> Chart:
    """How many had joined each of the rings drawn, week by week up to the cutoff."""
    most = max(range(len(drawn)), key=lambda place: (drawn[place]["joined"]["90"], -place))
    gained = drawn[most]["joined"]["90"]
    return Chart(
        title=f"Ring {most + 1} gained {gained} customer{'' if gained == 1 else 's'} in the last 90 days"
        if gained
        else "None of these rings gained a customer in the last 90 days",
        subtitle="Customers who had joined by the end of each week, up to the cutoff",
        picture=Lines(
            x=Column(label="Week up to", kind=Kind.DATE),
            y=Column(label="Customers", kind=Kind.NUMBER, digits=0),
            at=[date.fromisoformat(day[:10]) for day in drawn[0]["weeks"]],
            series=[
                Series(name=f"Ring {number}", values=one["curve"]) for number, one in enumerate(drawn, 1)
            ],
            from_zero=True,
        ),
        name="ring-growth",
    )  # fmt: skip


def _drawing(number: int, one: Mapping[str, Any], currency: str) -> Drawing:
    more = f", {len(one['newcomers'])} more since" if one["newcomers"] else ""
    joined, linked = one["joined"], one["linked"]
    return Drawing(
        title=f"Ring {number}{', which grows' if joined['90'] else ''}: {one['customers']} customers of "
        f"{one['households']} households{more}",
        subtitle=f"{one['applications']} applications in {one['days']:.0f} days for "
        f"{_money(one['amount_minor'], currency)}; shared: {one['shared']}; "
        f"confirmed false: {one['confirmed']}; joined in the last 30 days {joined['30']}, in the last 90 "
        f"{joined['90']}; new links {linked['30']} and {linked['90']}",
        svg=one["svg"],
        table=Table(
            columns=[Column(label="Customer"), Column(label="Joined")],
            rows=[
                *([member, "by the time it was largest"] for member in one["members"]),
                *([member, "since then"] for member in one["newcomers"]),
            ],
            name=f"ring-{number}",
        ),
        name=f"ring-{number}",
        note="As it stood when it was largest: circles are customers, red squares those known to be bad by "
        "then, small circles what two or more of them gave.",
    )  # fmt: skip
