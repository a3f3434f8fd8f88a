"""The churn page's own part: figures first, then lead times, how long relations last, the months to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    Tone,
)
from bankmine.report.pictures import Bar, Bars, Calibration, Estimates, Lines, Series
from bankmine.tasks.churn.lead_page import beside_chance, headline, lead_section, models_of
from bankmine.tasks.churn.lead_time import ABOVE
from bankmine.tasks.churn.timing import WEAK
from bankmine.tasks.contract import Shown, exponent_of

_YEARS_SHOWN = 30


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures = about["figures"]
    made = [
        lead_section(figures["lead_time"]),
        _lasting(figures.get("lasting")),
        _coming(figures.get("coming")),
        _at_risk(figures["at_risk"], about["currency"]),
        _banks(figures["banks"], about["currency"]),
        _sensitivity(figures.get("sensitivity")),
        _before(figures["before"], figures["before_about"]),
    ]
    return Shown(
        metrics=_metrics(figures, about["currency"]),
        statements=[Statement(one) for one in key_statements(figures, about["currency"])],
        sections=[one for one in made if one is not None],
    )


def key_statements(figures: Mapping[str, Any], currency: str) -> list[str]:
    """A few sentences with their numbers, most important first."""
    main, unit, days = figures["at_risk"][0], 10 ** exponent_of(currency), figures["horizon_days"]
    made = [
        f"{main['expected']:,.0f} of {main['customers']:,} customers are expected to leave within {days} "
        f"days ({main['title'].lower()}); {currency} {main['at_risk_minor'] / unit:,.0f} of "
        f"{main['stake_minor'] / unit:,.0f} at stake is at risk."
    ]
    lead = models_of(figures["lead_time"])
    if lead:
        made.append(
            f"{headline(lead[0])}, at {lead[0]['false_alarms']:.0%} false alarms and {lead[0]['closures']} "
            f"closures: {lead[0]['early_verdict']}."
        )
    if lead[1:]:
        made.append(f"The other lists, {lead[0]['early_days']} days before: {beside_chance(lead[1:])}.")
    coming = figures.get("coming") or {}
    if "expected_leavers_year" in coming:
        made.append(
            f"Within a year {coming['expected_leavers_year']:,.0f} customers are expected to have left; the "
            f"test of a year ago foretold {coming['predicted']:.1%} and saw {coming['observed']:.1%}."
        )
    return made


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    main = figures["at_risk"][0]
    made = [
        Metric(label="Expected to leave", value=round(main["expected"]), digits=0, tone=Tone.WATCH,
               note=f"of {main['customers']:,} customers, within {figures['horizon_days']} days"),
        Metric(label="Money at risk", value=round(main["at_risk_minor"]), kind=Kind.MONEY, unit=currency,
               note="chance times what is at stake", tone=Tone.WATCH,
               baseline=Baseline(name="at stake", value=float(main["stake_minor"]))),
    ]  # fmt: skip
    lead = models_of(figures["lead_time"])
    if lead:
        one = lead[0]
        made.append(
            Metric(
                label=f"Seen {one['early_days']} days before", value=one["early"], kind=Kind.SHARE,
                interval=Interval(low=one["early_low"], high=one["early_high"]),
                baseline=Baseline(name="random list", value=one["early_chance"]),
                tone=Tone.GOOD if one["early_verdict"] == ABOVE else Tone.WATCH,
                note=f"of {one['closures']} closures; {one['early_verdict']}",
            )
        )  # fmt: skip
    return made


def _lasting(lasting: Mapping[str, Any] | None) -> Section | None:
    if not lasting or not lasting["curves"]:
        return None
    curves = [one for one in lasting["curves"][1:] if one["closures"] >= 5][:6] or lasting["curves"][:1]
    steps = min(2 * _YEARS_SHOWN + 1, *(len(one["years"]) for one in curves))
    chart = Chart(
        title=_lasting_title(lasting),
        subtitle="Share of relations that last so many years (Kaplan–Meier, late entry), by segment",
        picture=Lines(
            x=Column(label="Years since the relation began", kind=Kind.NUMBER, digits=1),
            y=Column(label="Still customers", kind=Kind.SHARE),
            at=[number / 2 for number in range(steps)],
            series=[
                Series(name=one["segment"], values=[_number(v) for v in one["survival"][:steps]])
                for one in curves
            ],
            from_zero=True,
        ),
        name="lasting",
    )
    return Section(
        title="How long relations last",
        sentence="All customers the bank has watched; who joined before the watch began enters late.",
        blocks=[chart, Statements([_median_line(one) for one in lasting["curves"]])],
    )


def _lasting_title(lasting: Mapping[str, Any]) -> str:
    median = lasting["curves"][0]["median"]["value"]
    words = "More than half of relations last beyond what was watched"
    if median is not None:
        words = f"Half of relations last {median:.1f} years"
    test = lasting["log_rank"]
    if test is None:
        return words
    differ = "differ" if test["p_value"] < 0.05 else "do not differ"
    return f"{words}; segments {differ} (log-rank p {test['p_value']:.2g})"


def _median_line(one: Mapping[str, Any]) -> Statement:
    median = one["median"]
    if median["value"] is None:
        said = "more than half are still there at the end of what was watched"
    else:
        high = "open" if median["high"] is None else f"{median['high']:.1f}"
        low = "open" if median["low"] is None else f"{median['low']:.1f}"
        said = f"half leave within {median['value']:.1f} years ({low}–{high})"
    return Statement(
        f"{one['segment']}: {one['customers']:,} customers, {one['closures']:,} closures; {said}."
    )


def _coming(coming: Mapping[str, Any] | None) -> Section | None:
    if not coming:
        return None
    if "refused" in coming:
        return Section(title="The months to come", blocks=[Statements([Statement(coming["refused"])])])
    mean = coming["mean_survival"]
    chart = Chart(
        title=f"{1 - mean[-1]:.1%} of today's customers are expected to have left in a year",
        subtitle="Mean chance to be there still after so many months (discrete hazard of landmarks)",
        picture=Lines(
            x=Column(label="Months from now", kind=Kind.NUMBER, digits=0),
            y=Column(label="Still customers", kind=Kind.SHARE),
            at=list(range(len(mean))),
            series=[Series(name="expected", values=list(mean))],
        ),
        name="coming",
        wide=False,
    )
    groups = coming["calibration"]
    tested = Chart(
        title=f"A year ago {coming['predicted']:.1%} were foretold to leave, {coming['observed']:.1%} did",
        subtitle="Share gone within a year in groups of equal size, foretold and seen, 95 % interval",
        picture=Calibration(
            predicted=[1 - one["predicted"] for one in groups],
            observed=[1 - one["observed"] for one in groups],
            counts=[one["rows"] for one in groups],
            low=[1 - one["high"] for one in groups],
            high=[1 - one["low"] for one in groups],
        ),
        name="coming-tested",
        wide=False,
    )
    return Section(
        title="The months to come",
        sentence=f"Tested on {coming['test_customers']:,} customers of a year ago: concordance "
        f"{coming['concordance']:.3f} ({coming['concordance_low']:.3f}–{coming['concordance_high']:.3f}), "
        f"where chance is 0.500. {_fit_for(coming['concordance'])} It is a model of its own for "
        "sums over the year; how many leave within the horizon of the list is told at the top.",
        blocks=[chart, tested],
    )


def _fit_for(concordance: float) -> str:
    """What the months to come may be used for, by how well they rank."""
    if concordance < WEAK:
        return (
            "That is weak for ranking persons: use the months to come for sums, not to choose whom to call."
        )
    return "That ranks persons well enough to choose by, and serves for sums."


def _at_risk(found: Sequence[Mapping[str, Any]], currency: str) -> Section:
    chart = Chart(
        title="Money at risk by the way it leaves",
        subtitle="Chance times what is at stake, each question by its own; they overlap, do not add them",
        picture=Bars(
            label=Column(label="Question"),
            measure=Column(label="At risk", kind=Kind.MONEY, unit=currency),
            bars=[Bar(label=one["title"], value=round(one["at_risk_minor"])) for one in found],
        ),
        name="at-risk",
    )
    return Section(
        title="What is at risk",
        sentence="At stake: for closure the balances stated, for inactivity last year's payments, for the "
        "other signs what their population says.",
        blocks=[chart],
    )


def _banks(found: Sequence[Mapping[str, Any]], currency: str) -> Section | None:
    if not found:
        return None
    named = [one["bank"] for one in found if one["competitor"]]
    only = f" Competitors by your settings: {', '.join(named)}." if named else ""
    first = max(found, key=lambda one: one["by_leavers_minor"])
    total = sum(one["by_leavers_minor"] for one in found)
    share = first["by_leavers_minor"] / total if total else 0.0
    bars = {
        "sent": [Bar(label=one["bank"], value=one["now_minor"]) for one in found],
        "by those who left": [Bar(label=one["bank"], value=one["by_leavers_minor"]) for one in found],
    }
    charts = [
        Chart(
            title=title,
            subtitle="Transfers by hand in the last 365 days",
            picture=Bars(
                label=Column(label="Bank"),
                measure=Column(label="Sent", kind=Kind.MONEY, unit=currency),
                bars=bars[name],
            ),
            name=f"banks-{'leavers' if 'left' in name else 'all'}",
            wide=False,
        )
        for name, title in (
            ("sent", f"{found[0]['bank']} receives more of what all customers send than any other bank"),
            ("by those who left", f"{first['bank']} receives {share:.0%} of what leavers sent"),
        )
    ]
    return Section(
        title="Where the money goes",
        sentence=f"Money sent to other banks by name; where leavers went is where others go next.{only}",
        blocks=charts,
    )


def _sensitivity(found: Sequence[Mapping[str, Any]] | None) -> Section | None:
    if not found:
        return None
    chart = Chart(
        title=_sensitivity_title(found),
        subtitle="AUC on the same test months, 95 % interval over customers, one miner for all horizons",
        picture=Estimates(
            label=Column(label="Leaves within"),
            measure=Column(label="AUC", kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=f"{one['horizon_days']} days", value=one["auc"], low=one["auc_low"],
                    high=one["auc_high"])
                for one in found
            ],
            ordered=True,
        ),
        name="sensitivity",
    )  # fmt: skip
    lines = [
        Statement(
            f"{one['horizon_days']} days: in the test months {one['base_rate']:.2%} left"
            + ("" if one["list_in_common"] is None else
               f"; {one['list_in_common']:.0%} of the first twentieth of the list is that of 90 days, rank "
               f"correlation {one['rank_correlation']:.2f}") + "."
        )
        for one in found
    ]  # fmt: skip
    return Section(
        title="60, 90 or 120 days",
        sentence="What changes where leaving is foretold over a shorter or longer time: all three by one "
        "miner, so that the horizon alone differs. How many are expected to leave is told at the top, by the "
        "model chosen for the list.",
        blocks=[chart, Statements(lines)],
    )


def _sensitivity_title(found: Sequence[Mapping[str, Any]]) -> str:
    areas = [one["auc"] for one in found]
    return f"Closure is foretold with an AUC of {min(areas):.3f} to {max(areas):.3f} over the three horizons"


def _before(found: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> Section | None:
    told = ("ratio", "low", "high")
    finite = [one for one in found if all(_number(one[name]) is not None for name in told)]
    if not finite:
        return None
    first = next((one for one in finite if one["ratio"] > 1), finite[0])
    chart = Chart(
        title=f"{first['kind'].capitalize()}: {first['ratio']:.1f} times as often by those who left",
        subtitle="Ratio of times done in the 90 days before, leavers over others, 95 % interval; 1 is alike",
        picture=Estimates(
            label=Column(label="What they did"),
            measure=Column(label="Ratio", kind=Kind.NUMBER, digits=2),
            bars=[
                Bar(label=one["kind"], value=one["ratio"], low=one["low"], high=one["high"])
                for one in finite[:12]
            ],
            baselines=[Baseline(name="alike", value=1.0)],
        ),
        name="before-leaving",
    )
    return Section(
        title="What those who left did before",
        sentence=f"{about['leavers']:,} who left in the last year against {about['others']:,} who stayed.",
        blocks=[chart],
    )


def _number(value: Any) -> float | None:
    """A number, or None where it is missing or without end."""
    return None if value is None or value != value or abs(value) == float("inf") else float(value)
