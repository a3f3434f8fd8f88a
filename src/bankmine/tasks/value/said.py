"""The findings of a value run in sentences, and what may be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bankmine.report.format import money

MOST_BIAS = 0.1
LEAST_RANK = 0.6
MODEL = "study"  # what a run says to use where the model answers
RULES = {"accounts": "last year's profit repeated", "purchases": "the same spend once more"}


def of_accounts(figures: Mapping[str, Any], currency: str) -> list[str]:
    """Key statements, most important first."""
    result, curve = figures["result"], figures["curve"]
    lines = [_earned(result, currency), _concentrated(curve, figures["top_share"], currency)]
    value = figures["value"]
    lines.append(
        f"Over {figures['horizon_months']} months the customers are worth "
        f"{money(round(value['lifetime_minor']), currency)} in today's money; {value['staying']:.0%} are "
        "expected to be customers still in a year."
    )
    if figures["back_test"]:
        lines.append(foreseen(figures["back_test"], "A year ago", rule_of(figures)))
        lines += _golden(figures["back_test"], figures["golden"]["customers"])
    return lines


def rule_of(figures: Mapping[str, Any]) -> str:
    """The plain rule of this basis, in words."""
    return RULES[figures["basis"]]


def foreseen(tested: Mapping[str, Any], when: str, rule_words: str) -> str:
    """How the forecast did against what came, beside the plain rule."""
    model, rule = tested["model"], tested["rule"]
    rates = ""
    if "model at rates" in tested:
        rates = f", at the rates that then came {signed(tested['model at rates']['bias'])}"
    return (
        f"{when} the sum was foreseen with a bias of {signed(model['bias'])}{rates}, the order with a rank "
        f"correlation of {_estimate(model['rank_correlation'])}; {rule_words}: {signed(rule['bias'])} and "
        f"{_estimate(rule['rank_correlation'])}."
    )


def rates_words(rates: Mapping[str, Any]) -> str:
    """What is expected of the bank's rates, and why."""
    market = "The treasury's rates stand still"
    if rates["change"]:
        market = f"The treasury's rates move by {rates['change'] * 100:+.2f} points in a year, as set"
    if rates["error"] is None:
        follow = "customers' rates stand still too, the history being too short to learn how they follow"
    elif rates["delay"] is None:
        follow = (
            f"customers' rates stand still too: a learned delay would have erred by "
            f"{rates['error'] * 100:.2f} points, standing still by {rates['standing'] * 100:.2f}"
        )
    else:
        follow = (
            f"customers' rates follow them {rates['delay']} months later (off by {rates['error'] * 100:.2f} "
            f"points in the past, standing still by {rates['standing'] * 100:.2f})"
        )
    return f"{market}; {follow}.".replace("-", "−")


def verdict(figures: Mapping[str, Any]) -> tuple[str, str]:
    """What to use, and the sentence that says so."""
    tested = figures["back_test"]
    if not tested:
        return MODEL, (
            "The profit of the past year is sound; the forecast could not be checked on a finished year "
            "(that takes three years of history), so use lifetime value with care."
        )
    model, less, rule = tested["model"], tested["less_error_minor"], rule_of(figures)
    off, others = (
        abs(tested.get(f"{name} at rates", tested[name])["bias"]["value"]) for name in ("model", "rule")
    )
    if less["low"] <= 0:
        how = "more than" if less["high"] < 0 else "not distinguishably less than"
        return rule, f"Use the rule, {rule}: in the back-test the model erred {how} it."
    if off > MOST_BIAS and off > others:
        return rule, f"Use the rule, {rule}: in the back-test the model's sum was farther off, by {off:.0%}."
    rank = model["rank_correlation"]["value"]
    weak = (
        "" if rank >= LEAST_RANK else f" Single customers are foreseen weakly (rank correlation {rank:.2f})."
    )
    far = f" Its sum was off by {off:.0%}: do not plan with it." if off > MOST_BIAS else ""
    wide = "" if far else _wide(tested)
    return MODEL, f"Use the model: in the back-test it erred less than the rule, {rule}.{far}{wide}{weak}"


def _wide(tested: Mapping[str, Any]) -> str:
    """What it means where the interval of the bias reaches beyond the limit; else nothing."""
    at_rates = "model at rates" in tested
    bias = tested["model at rates" if at_rates else "model"]["bias"]
    if bias["low"] >= -MOST_BIAS and bias["high"] <= MOST_BIAS:
        return ""
    return (
        f" Its sum was off by {signed(bias)}{' at the rates that came' if at_rates else ''}: the interval "
        f"reaches beyond {MOST_BIAS:.0%}, so take the order of customers from it, and plan the sum for both "
        "ends of the interval."
    )


def _earned(result: Mapping[str, Any], currency: str) -> str:
    proof = result["reconciliation"]
    exact = (
        "to the cent the bank's own result"
        if proof["agrees"]
        else f"which differs from the bank's result by {money(_gap(proof), currency)}: do not use"
    )
    return (
        f"In the past twelve months {result['customers']:,} customers earned "
        f"{money(result['total_minor'], currency)}, {exact}."
    )


def _gap(proof: Mapping[str, Any]) -> int:
    return int(proof["customers_minor"] - proof["bank_minor"])


def _concentrated(curve: Mapping[str, Any], share: float, currency: str) -> str:
    places = curve["customers"]
    nearest = min(range(len(places)), key=lambda at: abs(places[at] - share))
    made = curve["profit"][nearest]
    if made is None:
        return "The customers together made no profit, so shares of it mean nothing."
    return (
        f"The most profitable {share:.0%} of customers made {made:.0%} of it; {curve['losing']:.0%} of "
        f"customers cost more than they earned, {money(round(curve['lost_minor']), currency)} together."
    )


def _golden(tested: Mapping[str, Any], now: int) -> list[str]:
    found = tested["golden"]
    if not found or not found.get("listed"):
        return []
    return [
        f"Of {found['customers']:,} customers called golden to be a year ago "
        f"{_estimate(found['listed'], share=True)} were in the top share a year later (of all outside it "
        f"{tested['golden_everybody']:.0%}; of as many just below it by profit "
        f"{_estimate(found['others'], share=True) if found.get('others') else 'none'}). "
        f"There are {now:,} today."
    ]


def signed(one: Mapping[str, float]) -> str:
    return f"{one['value']:+.1%} ({one['low']:+.1%} to {one['high']:+.1%})".replace("-", "−")


def _estimate(one: Mapping[str, float], *, share: bool = False) -> str:
    if share:
        return f"{one['value']:.0%} ({one['low']:.0%}–{one['high']:.0%})"
    return f"{one['value']:.2f} ({one['low']:.2f}–{one['high']:.2f})"


def of_purchases(figures: Mapping[str, Any], currency: str) -> list[str]:
    """Key statements of a run on purchases."""
    value, tested = figures["value"], figures["back_test"]
    what = "spend" if figures["margin_share"] == 1 else "profit"
    lines = [
        f"In the next twelve months {value['customers']:,} customers are expected to bring "
        f"{money(round(value['year_minor']), currency)} of {what} (spent in the last twelve: "
        f"{money(round(value['past_year_minor']), currency)}); over {figures['horizon_months']} months "
        f"{money(round(value['lifetime_minor']), currency)} in today's money.",
        f"{figures['chosen']} answers; it takes {value['alive']:.0%} of customers for customers still. "
        f"{figures['amounts']}",
        foreseen(tested, f"On {tested['cutoff']}, {tested['days']} days before,", rule_of(figures)),
    ]
    warned = [one for model in figures["models"] for one in model["warnings"] if model["model"] ==
              figures["chosen"]]  # fmt: skip
    if warned:
        lines.append(f"The fit of {figures['chosen']} warns: {'; '.join(warned)}.")
    return lines
