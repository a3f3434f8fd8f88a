"""Money in and out, what is left, and how regularly income comes."""

from __future__ import annotations

from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import MONTHS, Measure, derived, observed, when
from bankmine.customers.themes.activity import paid_in, paid_out

THEME = "money"
CLOSER = Direction.CLOSER
INCOME = ("salary", "pension")
into = paid_in.measure("base_minor")
out = paid_out.measure("base_minor")
income = into.where(category=INCOME)


def _flows() -> list[Feature]:
    made = []
    for source, stem, words in ((into, "in", "payments received"), (out, "out", "payments made")):
        total = Measure("sum", f"{stem}_sum", f"Sum of {words}", CLOSER)
        made += observed(THEME, source, [total], over=(*MONTHS, "all"))
        sizes = [
            Measure("mean", f"{stem}_mean", f"Mean of {words}"),
            Measure("max", f"{stem}_max", f"Largest of {words}"),
            Measure("std", f"{stem}_std", f"Standard deviation of {words}"),
        ]
        made += observed(THEME, source, sizes, over=("3mo", "12mo"))
    mean_of_all = Measure("mean", "out_mean", "Mean of payments made")
    return [*made, *observed(THEME, out, [mean_of_all], over=("all",))]


def _left() -> list[Feature]:
    net = [
        derived(
            THEME, f"net_sum_{span}", "difference", [f"in_sum_{span}", f"out_sum_{span}"],
            unit="minor units", window=span, direction=CLOSER,
            sentence=f"Payments received less payments made {when(span)}.",
        )
        for span in MONTHS
    ]  # fmt: skip
    saved = [
        derived(
            THEME, f"saved_share_{span}", "ratio", [f"net_sum_{span}", f"in_sum_{span}"],
            unit="share", window=span, direction=CLOSER,
            sentence=f"Share of the money received {when(span)} that was not paid out again; negative where "
            "more went out.",
        )
        for span in ("3mo", "12mo")
    ]  # fmt: skip
    change = [
        derived(
            THEME, f"{stem}_change_3mo", "change", [f"{stem}_sum_3mo", f"{stem}_sum_6mo"],
            unit="ratio", window="6mo", direction=CLOSER,
            sentence=f"Payments {words} in the last 3 months less those of the 3 months before, as a "
            "fraction of both: from −1 (stopped) to 1 (begun).",
        )
        for stem, words in (("in", "received"), ("out", "made"))
    ]  # fmt: skip
    return [*net, *saved, *change]


def _regularity() -> list[Feature]:
    gaps = [
        Measure("gap_mean", "in_gap_mean", "Mean days between payments received"),
        Measure("gap_std", "in_gap_std", "Standard deviation of the days between payments received"),
    ]
    paid = [
        Measure("sum", "income_sum", "Sum of salary and pension received", CLOSER),
        Measure("count", "income_count", "Number of payments of salary and pension", CLOSER),
    ]
    wage_gap = [Measure("gap_std", "income_gap_std", "Standard deviation of the days between salaries")]
    return [
        *observed(THEME, into, gaps, over=("6mo", "12mo")),
        *observed(THEME, income, paid, over=("3mo", "12mo")),
        *observed(THEME, income, wage_gap, over=("12mo",)),
        derived(
            THEME, "in_gap_variation_12mo", "ratio", ["in_gap_std_12mo", "in_gap_mean_12mo"],
            unit="ratio", window="12mo", direction=Direction.RISKIER,
            sentence="Irregularity of payments received in the 12 months before the cutoff: standard "
            "deviation of the days between them over their mean; 0 where they come like clockwork.",
        ),
        derived(
            THEME, "in_size_variation_12mo", "ratio", ["in_std_12mo", "in_mean_12mo"],
            unit="ratio", window="12mo", direction=Direction.RISKIER,
            sentence="Unevenness of payments received in the 12 months before the cutoff: standard "
            "deviation of their amounts over their mean.",
        ),
        derived(
            THEME, "income_share_12mo", "ratio", ["income_sum_12mo", "in_sum_12mo"],
            unit="share", window="12mo", direction=CLOSER,
            sentence="Share of salary and pension in the money received in the 12 months before the cutoff.",
        ),
        derived(
            THEME, "in_largest_share_3mo", "ratio", ["in_max_3mo", "in_sum_3mo"], unit="share", window="3mo",
            sentence="Share of the largest payment in the money received in the 3 months before the cutoff.",
        ),
    ]  # fmt: skip


FEATURES = (*_flows(), *_left(), *_regularity())
