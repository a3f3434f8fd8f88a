"""The early-warning page's own part: how early, one case, hits for the work, the signals, steadiness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from bankmine.bank.keys import show_key
from bankmine.report.content import (
    Baseline,
    Block,
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
from bankmine.report.pictures import Bar, Estimates, Lines, Mark, Moment, Series, Timeline
from bankmine.tasks.contract import Shown
from bankmine.tasks.early_warning.judge import PAST_DUE, RANDOM, REGISTER, WHY_GONE
from bankmine.tasks.early_warning.signals import ORIGINS, Origin
from bankmine.tasks.early_warning.words import early_title, how_level_was_set, key_statements, trade_sentence
from bankmine.tasks.early_warning.worth import WORTH

_NUMBER, _SHARE = Kind.NUMBER, Kind.SHARE
COUNTS = ("entries", "stayed", "new", "gone")


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    made = [
        _lead(figures["lead"]), _case(figures.get("case")), _hits(figures, currency),
        _signals(figures["signals"]), _likelihood(figures), _stability(figures["stability"]),
        _control(figures, currency),
    ]  # fmt: skip
    return Shown(
        metrics=_metrics(figures, currency),
        statements=[Statement(one) for one in key_statements(figures, currency)],
        sections=[one for one in made if one is not None],
    )


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    made = [
        Metric(label="On the register", value=figures["entries"], digits=0, tone=Tone.WATCH,
               note=f"of {figures['borrowers']:,} borrowers; {figures['today']} to work on the first day"),
        Metric(label="Expected loss on it", value=round(figures["expected_minor"]), kind=Kind.MONEY,
               unit=currency, tone=Tone.WATCH, note="chance within twelve months times the stated loss",
               baseline=Baseline(name="of all borrowers", value=float(figures["expected_all_minor"]))),
        Metric(label="Expected saving", value=round(figures["saving_minor"]), kind=Kind.MONEY, unit=currency,
               note="by the stated effect of the actions",
               baseline=Baseline(name="cost of the actions", value=float(figures["cost_minor"]))),
    ]  # fmt: skip
    early = figures["early"]
    if not isinstance(early, Mapping):
        rows = {one["list"]: one for one in early}
        own, late = rows[REGISTER], rows[PAST_DUE]
        made.append(
            Metric(label="Seen 90 to 270 days before", value=own["share"], kind=_SHARE, digits=0,
                   interval=Interval(low=own["low"], high=own["high"]),
                   tone=Tone.GOOD if figures["works"] else Tone.WATCH,
                   baseline=Baseline(name=PAST_DUE, value=late["share"]))
        )  # fmt: skip
    return made


def _refusal(title: str, found: Any) -> Section | None:
    if isinstance(found, Mapping):
        return Section(title=title, blocks=[Statements([Statement(found["refused"])])])
    return None


def _lead(lead: Any) -> Section:
    title = "How early it shows"
    refused = _refusal(title, lead)
    if refused:
        return refused
    names = list(dict.fromkeys(one["list"] for one in lead))
    days = sorted({one["days"] for one in lead}, reverse=True)
    rows = {(one["list"], one["days"]): one for one in lead}
    first = rows[(REGISTER, days[-1])]
    own = rows.get((REGISTER, 180), first)
    other = rows.get((PAST_DUE, 180), rows[(PAST_DUE, days[-1])])
    chart = Chart(
        title=f"{own['days']} days before default the register shows {own['share']:.0%} of those who will, "
        f"days past due alone {other['share']:.0%}",
        subtitle="Share of later defaulters on the list so many days before default, 95 % interval",
        picture=Lines(
            x=Column(label="Days before default", kind=_NUMBER, digits=0),
            y=Column(label="Share on the list", kind=_SHARE),
            at=[-one for one in days],
            series=[
                Series(
                    name=name, quiet=name == RANDOM,
                    values=[rows[(name, one)]["share"] for one in days],
                    low=[] if name == RANDOM else [rows[(name, one)]["low"] for one in days],
                    high=[] if name == RANDOM else [rows[(name, one)]["high"] for one in days],
                )
                for name in names
            ],
            from_zero=True,
        ),
        table=_lead_table(lead),
        name="lead-time",
    )  # fmt: skip
    return Section(
        title=title,
        sentence="Measured backwards from the first default of each borrower in the test period; all lists "
        "hold the same share of borrowers at every look. The missed instalment that makes a default lies "
        "some ninety days before it, so that days past due see it from then on.",
        blocks=[chart],
    )


def _lead_table(lead: Sequence[Mapping[str, Any]]) -> Table:
    return Table(
        columns=[
            Column(label="Days before", kind=_NUMBER, digits=0), Column(label="List"),
            Column(label="Defaulters", kind=_NUMBER, digits=0), *_three("On it", _SHARE),
            *_three("The register shows more by", _SHARE),
        ],
        rows=[
            [one["days"], one["list"], one["defaulters"], one["share"], one["low"], one["high"],
             *((None,) * 3 if one["list"] == REGISTER else (one["less"], one["less_low"], one["less_high"]))]
            for one in lead
        ],
        name="lead-time",
    )  # fmt: skip


def _three(label: str, kind: Kind, digits: int | None = None) -> list[Column]:
    return [Column(label=label, kind=kind, digits=digits), Column(label="Low", kind=kind, digits=digits),
            Column(label="High", kind=kind, digits=digits)]  # fmt: skip


def _case(case: Mapping[str, Any] | None) -> Section | None:
    if not case or not case["runs"]:
        return None
    lanes = list(dict.fromkeys(one["signal"].replace("_", " ") for one in case["runs"]))
    listed = [
        Moment(lane="on the register", at=_day(one["from"]), until=_day(one["until"]), text="",
               tone=Tone.WATCH)
        for one in case["on_register"]
    ]  # fmt: skip
    runs = [
        Moment(lane=one["signal"].replace("_", " "), at=_day(one["from"]), until=_day(one["until"]),
               text=one["words"])
        for one in case["runs"]
    ]  # fmt: skip
    mark = Mark(at=_day(case["default"]), text="default", tone=Tone.BAD)
    room = _day(case["default"]) + timedelta(days=60)  # so that the mark's text is not cut
    line = Chart(
        title=f"One case: customer {show_key(case['customer_id'])}, in default on {case['default']}",
        subtitle="Chance of default within twelve months at each look",
        picture=Lines(
            x=Column(label="Look", kind=Kind.DATE), y=Column(label="Chance", kind=_SHARE),
            at=[*(_day(one) for one in case["looks"]), _day(case["default"]), room],
            series=[Series(name="chance", values=[*case["chance"], None, None])], marks=[mark],
            from_zero=True,
        ),
        name="case-chance",
    )  # fmt: skip
    lanes_chart = Chart(
        title="What was seen when", subtitle="Each signal from the month it came on until it went",
        picture=Timeline(
            x=Column(label="Day", kind=Kind.DATE), lanes=["on the register", *lanes],
            moments=[*listed, *runs], marks=[mark],
        ),
        name="case-timeline",
    )  # fmt: skip
    return Section(
        title="A case in full",
        sentence="Of the defaulters the register showed, the one who was on it for the median time before.",
        blocks=[line, lanes_chart],
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _hits(figures: Mapping[str, Any], currency: str) -> Section:
    title, hits = "Hits for the work", figures["hits"]
    refused = _refusal(title, hits)
    if refused:
        return refused
    week = [one for one in hits if one["days"] == 5]
    chart = Chart(
        title=early_title({one["list"]: one for one in week}),
        subtitle=f"Of the first {week[0]['cases']} cases (at most five days' work) those who default 90 to "
        "365 days later, an analyst-day, 95 % interval",
        picture=Estimates(
            label=Column(label="List worked"),
            measure=Column(label="Early hits an analyst-day", kind=_NUMBER, digits=2),
            bars=[
                Bar(label=one["list"], value=one["early_hits"], low=one["early_low"], high=one["early_high"])
                for one in week
            ],
        ),
        table=Table(
            columns=[
                Column(label="Days of work", kind=_NUMBER, digits=1), Column(label="List worked"),
                Column(label="Cases", kind=_NUMBER, digits=0), *_three("Hits an analyst-day", _NUMBER, 2),
                *_three("With 90 days to go", _NUMBER, 2),
                Column(label="Owed by them, an analyst-day", kind=Kind.MONEY, unit=currency),
            ],
            rows=[
                [one.get("worked", one["days"]), one["list"], one["cases"],
                 one["hits"], one["low"], one["high"],
                 one["early_hits"], one["early_low"], one["early_high"], round(one["owed_minor"])]
                for one in hits
            ],
            name="hits",
        ),
        name="hits",
    )  # fmt: skip
    return Section(
        title=title,
        sentence="The same number of cases from the top of each list at every test look whose year is over. "
        "Who defaults within 90 days has missed an instalment already: collections knows them. The register "
        "is worked by expected saving less cost for each hour, which is money and not numbers.",
        blocks=[Statements([Statement(trade_sentence(figures, currency))]), chart],
    )


def _signals(signals: Sequence[Mapping[str, Any]]) -> Section:
    told = [one for one in signals if one["low"] is not None]
    worth = sum(one["verdict"] == WORTH for one in signals)
    blocks: list[Block] = []
    if told:
        blocks.append(
            Chart(
                title=f"{worth} of {len(signals)} signals are worth watching",
                subtitle="Lift: share that defaults within half a year where it is on over that of all, "
                "95 % interval over borrowers; one that reaches 1 is not worth watching",
                picture=Estimates(
                    label=Column(label="Signal"), measure=Column(label="Lift", kind=_NUMBER, digits=2),
                    bars=[Bar(label=one["signal"].replace("_", " "), value=one["lift"], low=one["low"],
                              high=one["high"]) for one in told],
                    baselines=[Baseline(name="all borrowers", value=1.0)],
                ),
                table=_signal_table(signals),
                name="signals",
            )
        )  # fmt: skip
    else:
        blocks.append(_signal_table(signals))
    return Section(
        title="Which signals are worth watching",
        sentence="Each on its own, at looks after all learning. Seen: of the later defaulters, the share who "
        "had the signal in the year before; days: median from its earliest such look to the default.",
        blocks=blocks,
    )


def _signal_table(signals: Sequence[Mapping[str, Any]]) -> Table:
    columns = [
        Column(label="Signal"), Column(label="What it is"), Column(label="Where from"),
        Column(label="Known of", kind=_SHARE, digits=0), Column(label="On", kind=_SHARE, digits=1),
        Column(label="Defaulters with it", kind=_NUMBER, digits=0), *_three("Lift", _NUMBER, 2),
        *_three("Lift, not late yet", _NUMBER, 2), Column(label="Seen", kind=_SHARE, digits=0),
        *_three("Days before", _NUMBER, 0), Column(label="Verdict"),
    ]  # fmt: skip
    rows = [
        [one["signal"].replace("_", " "), one["sentence"], ORIGINS[Origin(one["origin"])], one["known"],
         one["on"], one["defaulters"], one["lift"], one["low"], one["high"], one["early_lift"],
         one["early_low"], one["early_high"], one["seen"], one["days"], one["days_low"], one["days_high"],
         one["verdict"]]
        for one in sorted(signals, key=lambda one: -(one["lift"] or 0.0))
    ]  # fmt: skip
    return Table(columns=columns, rows=rows, name="signals", shown=40)


def _likelihood(figures: Mapping[str, Any]) -> Section:
    rows = figures["likelihood"]
    months, empty = Column(label="Months", kind=_NUMBER, digits=0), "No horizon is over at any test look."
    level = Table(
        columns=[
            months, Column(label="Looks × borrowers", kind=_NUMBER),
            Column(label="Defaults", kind=_NUMBER, digits=0),
            Column(label="Predicted", kind=_SHARE, digits=2), *_three("Observed", _SHARE, 2),
        ],
        rows=[[one[name] for name in ("months", "rows", "defaults", "predicted", "observed", "observed_low",
                                      "observed_high")] for one in rows],
        caption="Predicted beside observed, at test looks whose horizon is over", name="level", empty=empty,
    )  # fmt: skip
    table = Table(
        columns=[
            months, *_three("AUC", _NUMBER, 3), Column(label="Days past due alone", kind=_NUMBER, digits=3),
            *_three("More", _NUMBER, 3),
        ],
        rows=[[one[name] for name in ("months", "auc", "auc_low", "auc_high", "past_due_auc", "more",
                                      "more_low", "more_high")] for one in rows],
        caption="How well the chances rank, on the same rows", name="likelihood", empty=empty,
    )  # fmt: skip
    beside = figures.get("behaviour") or {}
    said = []
    if "refused" in beside:
        said.append(Statement(f"The behaviour score could not be held beside it: {beside['refused']}"))
    elif beside:
        said.append(
            Statement(
                f"On {beside['rows']:,} looks both tested, the AUC of a year is {beside['auc']:.3f}, that "
                f"of the behaviour score {beside['behaviour_auc']:.3f} (difference {beside['more']:+.3f}, "
                f"{beside['more_low']:+.3f} to {beside['more_high']:+.3f})."
            )
        )
    return Section(
        title="How likely",
        sentence=f"Learnt from {figures['learnt']:,} looks at borrowers before {figures['test_from']}, "
        f"{figures['learnt_defaults']:,} months of default among what followed; tested from then on. "
        f"{how_level_was_set(figures)}",
        blocks=[level, table, *([Statements(said)] if said else [])],
    )


def _stability(found: Sequence[Mapping[str, Any]]) -> Section | None:
    if not found:
        return None
    entries = sum(one["entries"] for one in found)
    stayed = sum(one["stayed"] for one in found) / max(entries, 1)
    chart = Chart(
        title=f"{stayed:.0%} of entries were on the register a month before",
        subtitle="Entries by look: stayed, new, gone",
        picture=Lines(
            x=Column(label="Look", kind=Kind.MONTH), y=Column(label="Entries", kind=_NUMBER, digits=0),
            at=[_day(one["cutoff"]) for one in found],
            series=[Series(name=name, values=[one[name] for one in found]) for name in COUNTS[1:]],
            from_zero=True,
        ),
        table=Table(
            columns=[Column(label="Look", kind=Kind.MONTH), *(
                Column(label=name.capitalize(), kind=_NUMBER, digits=0)
                for name in (*COUNTS, *WHY_GONE)
            )],
            rows=[[_day(one["cutoff"]), *(one[name] for name in (*COUNTS, *WHY_GONE))]
                  for one in found],
            name="stability",
        ),
        name="stability",
    )  # fmt: skip
    return Section(
        title="How steady it is",
        sentence="Who is gone defaulted, owes nothing any more, had a signal end, or was overtaken.",
        blocks=[chart],
    )


def _control(figures: Mapping[str, Any], currency: str) -> Section:
    table = Table(
        columns=[
            Column(label="Action"), Column(label="Hours", kind=_NUMBER, digits=1),
            Column(label=f"Outlay, {currency}", kind=_NUMBER, digits=0),
            Column(label="Saves", kind=_SHARE, digits=0), Column(label="Of"), Column(label="Answers"),
            Column(label="Days past due up to", kind=_NUMBER, digits=0),
            Column(label="Entries", kind=_NUMBER, digits=0),
        ],
        rows=[
            [*(one[name] for name in ("words", "hours", "outlay", "saves", "of", "answers")),
             one.get("most_late"), one["entries"]]
            for one in figures["actions"]
        ],
        name="actions",
    )  # fmt: skip
    gaps = figures["missing"]
    more = [Statement(f"This bank has no {', '.join(gaps)}: what needs them is not known.")] if gaps else []
    return Section(
        title="What controlling it costs",
        sentence="Stated by the bank, not measured: try actions on a random half of the entries to measure "
        "what they save. An entry gets an action that answers its first cause, is not too late for it and "
        "saves more than it costs.",
        blocks=[table, *([Statements(more)] if more else [])],
    )
