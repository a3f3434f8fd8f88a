"""The application score's own part of its page: figures first, then what each evidence is worth, and to whom
the score does not speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from bankmine.report.pictures import Bar, Bars, Estimates
from bankmine.tasks.application_score.evidence import PARTS, SUB_SCORES, TABLE
from bankmine.tasks.application_score.page_money import money_section, saved_words
from bankmine.tasks.application_score.question import auc_words
from bankmine.tasks.contract import Shown

WORTH = "Parts of the evidence"


def show(about: Mapping[str, Any]) -> Shown:
    """Figures, findings and sections from what the run says of itself."""
    figures, currency = about["figures"], about["currency"]
    made = [
        _worth(figures["worth"], figures["left_out"]),
        money_section(figures, currency),
        _sub_scores(figures["sub_scores"], figures["evidence"]),
        _elsewhere(figures["elsewhere"]),
        _use(figures["use_of_credit"]),
        _coverage(figures["coverage"], figures["kinds"]),
        _decisions(figures["decisions"]),
    ]
    return Shown(
        metrics=_metrics(figures, currency),
        statements=[Statement(one) for one in key_statements(figures, currency)],
        sections=[one for one in made if one is not None],
    )


def key_statements(figures: Mapping[str, Any], currency: str) -> list[str]:
    """A few sentences with their numbers, most important first."""
    main = figures["questions"][0]
    made = auc_words(main)
    if not main["beats_baseline"]:
        made.append(
            f"On {main['test_positives']} bads of {main['test_rows']:,} tested applications the model "
            "cannot be "
            f"told from its baseline, which answers: do not decide by it."
        )
    if figures["worth"]:
        paying = [one["part"] for one in figures["worth"] if one["pays"]]
        rest = [one["part"] for one in figures["worth"] if not one["pays"]]
        made.append(
            (f"Worth their cost beside the others: {', '.join(paying)}. " if paying else "")
            + (f"Not shown to be worth their cost: {', '.join(rest)}." if rest else "")
        )
    return [*made, *saved_words(figures, currency)]


def _metrics(figures: Mapping[str, Any], currency: str) -> list[Metric]:
    main = figures["questions"][0]
    own = main["candidates"][main["use"]]["metrics"]["auc"]
    best = main["best_baseline"]
    base = main["candidates"][best]["metrics"]["auc"]["value"]
    found = main["decision"]["summary"]
    made = [
        Metric(label="AUC", value=own["value"], digits=3, note=f"with {main['use']}",
               interval=Interval(low=own["low"], high=own["high"]), baseline=Baseline(name=best, value=base)),
        Metric(label="Applications scored", value=found["applications"], digits=0,
               note=", ".join(f"{count:,} {word}" for word, count in found["by_decision"].items())),
        Metric(label="Expected to go bad", value=round(found["expected_bad"]), digits=0, tone=Tone.WATCH,
               note="of all scored, were all of them granted"),
    ]  # fmt: skip
    swap = figures["money"]
    if swap:
        made.append(
            Metric(label="Expected loss avoided", value=round(swap["avoided_minor"]), kind=Kind.MONEY,
                   unit=currency, note=f"at today's approval rate of {swap['approval_rate']:.0%}",
                   baseline=Baseline(name="expected loss today", value=swap["today"]["expected_loss_minor"]))
        )  # fmt: skip
    return made


def _worth(found: Sequence[Mapping[str, Any]], left_out: Mapping[str, str]) -> Section | None:
    missing = [Statement(one) for one in left_out.values()]
    if not found:
        blocks: list[Block] = [Statements(missing)] if missing else []
        return Section(title=WORTH, blocks=blocks) if blocks else None
    paying = sum(one["pays"] for one in found)
    auc = Column(label="AUC", kind=Kind.NUMBER, digits=3)
    part = Column(label="Part")
    gains = Chart(
        title=f"{paying} of {len(found)} parts add more than chance to the others",
        subtitle="AUC of all parts together less that without the part, 95 % interval over customers",
        picture=Estimates(
            label=part, measure=Column(label="AUC gained", kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=one["part"], value=one["gain"], low=one["low"], high=one["high"]) for one in found
            ],
            baselines=[Baseline(name="nothing", value=0.0)],
        ),
        name="parts-gain", wide=False,
    )  # fmt: skip
    single = [one for one in found if one["alone"] is not None]
    best = max(single, key=lambda one: one["alone"])
    alone = Chart(
        title=f"Alone, {best['part']} says most: AUC {best['alone']:.3f}",
        subtitle="AUC of each part by itself on the same applications, 95 % interval; chance is 0.5",
        picture=Estimates(
            label=part, measure=auc,
            bars=[
                Bar(label=one["part"], value=one["alone"], low=one["alone_low"], high=one["alone_high"])
                for one in single
            ],
            baselines=[Baseline(name="chance", value=0.5)],
        ),
        name="parts-alone", wide=False,
    )  # fmt: skip
    lines = Statements([*(Statement(_capital(one["sentence"])) for one in found), *missing])
    return Section(
        title=WORTH,
        sentence="Each kind of evidence is learnt by its own miner; a stack combines what they say. A part "
        "costs "
        "money to collect and to keep: one whose interval spans zero is not worth it.",
        blocks=[gains, alone, lines],
    )


def _sub_scores(found: Mapping[str, Any] | None, counts: Mapping[str, Mapping[str, int]]) -> Section | None:
    feeds = _feeds(counts)
    if not found:
        return Section(title="Need, willingness, ability", blocks=[feeds])
    scores = found["scores"]
    best = max(scores, key=lambda one: one["value"])
    chart = Chart(
        title=f"{_capital(best['name'])} alone ranks with an AUC of {best['value']:.3f}",
        subtitle="AUC of each small model on its own evidence, 95 % interval; chance is 0.5",
        picture=Estimates(
            label=Column(label="Sub-score"), measure=Column(label="AUC", kind=Kind.NUMBER, digits=3),
            bars=[
                Bar(label=one["name"], value=one["value"], low=one["low"], high=one["high"]) for one in scores
            ],
            baselines=[Baseline(name="chance", value=0.5)],
        ),
        name="sub-scores",
    )  # fmt: skip
    names = found["names"]
    table = Table(
        columns=[Column(label=""), *(Column(label=one, kind=Kind.NUMBER, digits=2) for one in names)],
        rows=[[name, *row] for name, row in zip(names, found["correlation"], strict=True)],
        caption="Rank correlation of the scores on the applications scored", name="sub-score-correlation",
    )  # fmt: skip
    weak = [one["name"] for one in scores if not one["beats_baseline"]]
    note = f" {_capital(', '.join(weak))}: not better than chance here; all get the same." if weak else ""
    return Section(
        title="Need, willingness, ability",
        sentence="Is the money needed too badly, is there the will to pay, is there the ability: a small "
        "model "
        f"each, beside the whole.{note}",
        blocks=[chart, table, feeds],
    )


def _feeds(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Which evidence feeds which sub-score: the declared lines, and how many columns this bank has."""
    return Table(
        columns=[Column(label="Part"), *(Column(label=one.capitalize()) for one in SUB_SCORES)],
        rows=[
            [part, *(_patterns(part, sub, counts[part][sub]) for sub in SUB_SCORES)]
            for part in PARTS
            if sum(counts[part].values())
        ],
        caption="What feeds what (columns by name; the number is what this bank's tables allow)",
        name="sub-score-evidence",
    )


def _patterns(part: str, sub: str, count: int) -> str:
    named = [one.pattern for one in TABLE if one.part == part and one.sub_score == sub]
    return f"{count}: {', '.join(named)}" if count else ""


def _elsewhere(found: Mapping[str, Any] | None) -> Section | None:
    if not found:
        return None
    groups = [one for one in found["groups"] if one["rate"] is not None]
    if not groups:
        return None
    chart = Chart(
        title=_elsewhere_title(found),
        subtitle="Share of granted credits that went bad, by enquiries of the last 12 months that no loan "
        "followed",
        picture=Estimates(
            label=Column(label="Enquiries without a loan"), measure=Column(label="Went bad", kind=Kind.SHARE),
            bars=[
                Bar(label=one["group"], value=one["rate"], low=one["low"], high=one["high"]) for one in groups
            ],
            ordered=True,
        ),
        name="refused-elsewhere",
    )  # fmt: skip
    followed = found["followed_share"]
    more = (
        "" if followed is None else f" On average {followed:.0%} of an applicant's enquiries were followed."
    )
    return Section(
        title="Refused elsewhere",
        sentence="An enquiry at the bureau that no loan followed was most likely refused: "
        f"{found['refused_share']:.0%} "
        f"of the {found['known']:,} granted applicants with a report had at least one in 12 months.{more}",
        blocks=[chart],
    )


def _elsewhere_title(found: Mapping[str, Any]) -> str:
    refused, others = found["refused"]["rate"], found["others"]["rate"]
    if refused is None or others is None:
        return "Too few of either kind to compare"
    return f"{refused:.1%} of those refused elsewhere went bad, {others:.1%} of the others"


def _use(found: Sequence[Mapping[str, Any]] | None) -> Section | None:
    if not found:
        return None
    columns = [
        Column(label="Purpose stated"), Column(label="Credits", kind=Kind.NUMBER, digits=0),
        Column(label="Then paid for it", kind=Kind.SHARE), Column(label="Of other purposes", kind=Kind.SHARE),
        Column(label="Went bad, paid for it"), Column(label="Went bad, did not"),
    ]  # fmt: skip
    rows = [
        [one["purpose"], one["applications"], one["used_share"], one["others_share"], _rate(one["used"]),
         _rate(one["not_used"])]
        for one in found
    ]  # fmt: skip
    higher = [one["purpose"] for one in found if one["p_value"] < 0.05 / len(found)]
    said = (
        f"Payments show the purpose for {', '.join(higher)}."
        if higher
        else "Payments do not tell the purposes apart in this bank: what was said cannot be checked by them."
    )
    return Section(
        title="Stated need against use",
        sentence="Of the credits whose purpose the text states, how many were followed by more payments of "
        "that "
        f"kind (by a tenth of the amount, 90 days after against 90 before)? {said}",
        blocks=[Table(columns=columns, rows=rows, name="stated-need")],
    )


def _rate(one: Mapping[str, Any]) -> str:
    """A share of bads with its interval; few rows are said to be few."""
    if one["low"] is None:
        return f"too few ({one['applications']})"
    return f"{one['rate']:.1%} ({one['low']:.1%}–{one['high']:.1%})"


def _coverage(patterns: Sequence[Mapping[str, Any]], kinds: Sequence[Mapping[str, Any]]) -> Section:
    area = [Column(label=one, kind=Kind.NUMBER, digits=3) for one in ("AUC", "Low", "High")]
    count = Column(label="Applications", kind=Kind.NUMBER, digits=0)
    bad = Column(label="Bad", kind=Kind.NUMBER, digits=0)
    evidence = Table(
        columns=[Column(label="Evidence"), count, Column(label="Share", kind=Kind.SHARE),
                 Column(label="Can be scored", kind=Kind.SHARE), bad, *area],
        rows=[
            [one["pattern"], one["rows"], one["share"], one["scorable"], one["positives"], one["auc"],
             one["low"], one["high"]]
            for one in patterns
        ],
        caption="By evidence (patterns overlap; no AUC below ten of either kind)", name="coverage",
    )  # fmt: skip
    who = Table(
        columns=[Column(label="Applicants"), count, bad, Column(label="Mean chance", kind=Kind.SHARE), *area],
        rows=[
            [one["kind"], one["applications"], one["bad"], one["mean_chance"], one["value"], one["low"],
             one["high"]]
            for one in kinds
        ],
        caption="Persons and companies", name="kinds",
    )  # fmt: skip
    few = [one["kind"].lower() for one in kinds if one["value"] is None]
    said = f" Too few bads among {' and '.join(few)} to say how well the score ranks them." if few else ""
    return Section(
        title="For whom it speaks",
        sentence=f"How many tested applications can be scored, and how well, by what is known of them.{said}",
        blocks=[evidence, who],
    )


def _decisions(found: Sequence[Mapping[str, Any]]) -> Section | None:
    if not found:
        return None
    words = ("applications", "approved", "declined", "withdrawn", "undecided", "known", "bad")
    total = {name: sum(one[name] for one in found) for name in words}
    judged = total["approved"] + total["declined"]
    share = total["declined"] / judged if judged else 0.0
    chart = Chart(
        title=f"{share:.0%} of decided applications were declined: their outcome nobody knows",
        subtitle="Applications by what was decided",
        picture=Bars(
            label=Column(label="Decision"), measure=Column(label="Applications", kind=Kind.NUMBER, digits=0),
            bars=[Bar(label=name, value=total[name]) for name in words[1:5]], ordered=True,
        ),
        name="decisions",
        table=Table(
            columns=[Column(label="Year"),
                     *(Column(label=one.capitalize(), kind=Kind.NUMBER, digits=0) for one in words)],
            rows=[[str(one["year"]), *(one[name] for name in words)] for one in found], name="decisions",
        ),
    )  # fmt: skip
    return Section(
        title="What was decided",
        sentence="The score has learnt from granted credits alone. Of declined applicants it says how "
        "granted ones "
        "who look like them went, which may be too kind.",
        blocks=[chart],
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
