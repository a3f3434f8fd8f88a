"""Turns figures into plain sentences: findings come as sentences with the number and its interval.

Each helper returns text; the caller chooses the tone. Chinese sentences are written, not translated.
"""

from collections.abc import Sequence

from bankmine.report import format as fmt
from bankmine.report.values import Baseline, Column, Interval, Kind, Value, plain


def count(n: int, one: str, many: str = "", *, language: str = "en") -> str:
    """`1 customer`, `1,204 customers`, `no customers`; Chinese takes the noun with its measure word.

    `many` is the irregular plural; regular ones add s, es or ies.
    """
    if language == "zh":
        return f"{fmt.number(n)}{one}"
    noun = one if n == 1 else (many or plural(one))
    return f"{'no' if n == 0 else fmt.number(n)} {noun}"


def plural(noun: str) -> str:
    """The regular English plural of a noun or of the last word of a phrase."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def listed(items: Sequence[str], *, language: str = "en") -> str:
    """`a, b and c`; `a、b和c`."""
    if language == "zh":
        return "、".join(items[:-1]) + (f"和{items[-1]}" if len(items) > 1 else "".join(items[-1:]))
    return ", ".join(items[:-1]) + (f" and {items[-1]}" if len(items) > 1 else "".join(items[-1:]))


def figure(
    what: str, value: Value, column: Column, *, between: Interval | None = None, language: str = "en"
) -> str:
    """`AUC is 0.812 (0.794–0.829).` — a figure with its interval."""
    text = fmt.estimate(value, between, column, language=language)
    return f"{what}为 {text}。" if language == "zh" else f"{what} is {text}."


def change(
    what: str, before: Value, after: Value, column: Column, *, since: str = "", language: str = "en"
) -> str:
    """`Active customers rose by 120 (5.3%) to 2,400 since April.` A missing side is said, not guessed."""
    before, after = plain(before), plain(after)
    if before is None or after is None:
        return _no_change(what, language)
    now = fmt.amount(after, column, language=language, unit=True)
    if before == after:
        return f"{what}保持 {now} 不变。" if language == "zh" else f"{what} stayed at {now}{_since(since)}."
    size = fmt.difference(abs(after - before), column, language=language).lstrip("+")
    relative = _relative(before, after, column)
    if language == "zh":
        verb = "上升" if after > before else "下降"
        return (
            f"{since + '以来，' if since else ''}{what}{verb} {size}{_bracket(relative, zh=True)}，至 {now}。"
        )
    verb = "rose" if after > before else "fell"
    return f"{what} {verb} by {size}{_bracket(relative)} to {now}{_since(since)}."


def comparison(
    what: str,
    value: Value,
    baseline: Baseline,
    column: Column,
    *,
    between: Interval | None = None,
    more_is_better: bool = True,
    language: str = "en",
) -> str:
    """A figure beside its baseline, and whether the interval leaves the baseline outside.

    `AUC is 0.812 (0.794–0.829), above the baseline "recency rule" at 0.731.` Where the interval holds
    the baseline: `… not distinguishable from …`; where the figure is worse, `… use the baseline`.
    """
    text = fmt.estimate(value, between, column, language=language)
    base = fmt.amount(baseline.value, column, language=language, unit=True)
    inside = between is not None and between.low <= baseline.value <= between.high
    better = (plain(value) > baseline.value) == more_is_better and plain(value) != baseline.value
    if language == "zh":
        return _comparison_zh(what, text, baseline.name, base, inside=inside, better=better)
    if inside:
        verdict = f"not distinguishable from the {baseline.name} at {base}: use the {baseline.name}"
        return f"{what} is {text}, {verdict}."
    side = "above" if plain(value) > baseline.value else "below"
    verdict = "" if better else f": use the {baseline.name}"
    return f"{what} is {text}, {side} the {baseline.name} at {base}{verdict}."


def _comparison_zh(what: str, text: str, name: str, base: str, *, inside: bool, better: bool) -> str:
    if inside:
        return f"{what}为 {text}，与{name}（{base}）没有可分辨的差别：请用{name}。"
    verdict = f"优于{name}（{base}）" if better else f"不如{name}（{base}）：请用{name}"
    return f"{what}为 {text}，{verdict}。"


def part_of(part: int, whole: int, one: str, many: str = "", *, language: str = "en") -> str:
    """`312 of 4,990 customers (6.3%)`; with nothing to divide by, only the count."""
    of = count(whole, one, many, language=language)
    if whole == 0:
        return of
    share = fmt.share(part / whole)
    if language == "zh":
        return f"{of}中的 {fmt.number(part)}（{share}）"
    return f"{fmt.number(part)} of {of} ({share})"


def reason(feature: str, value: Value, column: Column, *, contribution: float, language: str = "en") -> str:
    """One reason of a score: `days since last purchase: 214 days, raises the score`.

    `contribution` is signed; zero says that the feature leaves the score as it is.
    """
    text = fmt.amount(value, column, language=language, unit=True)
    if plain(value) is None:
        text = "缺失" if language == "zh" else "missing"
    if language == "zh":
        effect = "提高得分" if contribution > 0 else "降低得分" if contribution < 0 else "不影响得分"
        return f"{feature}：{text}，{effect}"
    effect = "raises" if contribution > 0 else "lowers" if contribution < 0 else "does not move"
    return f"{feature}: {text}, {effect} the score"


def _since(since: str) -> str:
    return f" since {since}" if since else ""


def _bracket(text: str, *, zh: bool = False) -> str:
    return "" if not text else f"（{text}）" if zh else f" ({text})"


def _relative(before: float, after: float, column: Column) -> str:
    """The relative change; none for shares, and none from zero or across it."""
    if column.kind == Kind.SHARE or before == 0 or (before < 0) != (after < 0):
        return ""
    return fmt.share(abs(after - before) / abs(before))


def _no_change(what: str, language: str) -> str:
    return (
        f"{what}缺少可比的数值。" if language == "zh" else f"{what} cannot be compared: a value is missing."
    )
