"""How numbers, money, shares, intervals, dates and durations are written, in English and Chinese.

Pages, tables, sentences and pictures all come through here (`static/format.js` says the same for
axes and tooltips), so a figure looks the same wherever it stands. Missing values are a dash.
"""

import math
import re
from dataclasses import replace
from datetime import date, datetime, time

from bankmine.report.values import Column, Interval, Kind, Value, plain

MISSING = "–"
MINUS = "−"
SCALES = {
    "en": ((10**9, " bn"), (10**6, " m"), (10**3, " k")),
    "zh": ((10**8, " 亿"), (10**4, " 万")),
}
EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "TND": 3,
    "OMR": 3,
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
UNITS_OF_TIME = {"en": ("ms", "s", "min", "h", "d"), "zh": ("毫秒", "秒", "分", "小时", "天")}


def number(value: Value, *, digits: int | None = None) -> str:
    """A number with thousands grouped by commas; reals without `digits` get three significant figures."""
    value = plain(value)
    if value is None:
        return MISSING
    if digits is None:
        digits = 0 if isinstance(value, int) else significant_digits(float(value))
    return sign(value, f"{abs(value):,.{digits}f}")


def significant_digits(value: float, figures: int = 3) -> int:
    """Decimals that leave `figures` significant figures; never negative, at most six."""
    size = abs(float(f"{value:.{figures - 1}e}"))
    if size == 0:
        return 0
    return max(0, min(6, figures - 1 - math.floor(math.log10(size))))


def sign(value: float, text: str) -> str:
    """The text of a magnitude with a true minus sign where the value is negative and not shown as zero."""
    return f"{MINUS}{text}" if value < 0 and any(ch in "123456789" for ch in text) else text


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217); two where it is not listed."""
    return EXPONENTS.get(currency, 2)


def money(minor: Value, currency: str, *, language: str = "en", bare: bool = False) -> str:
    """Minor units, shortened: `CNY 1.24 m`; below ten thousand in whole major units.

    `bare` leaves the currency out, for columns that name it in their heading.
    """
    minor = plain(minor)
    if minor is None:
        return MISSING
    major = abs(minor) / 10 ** exponent(currency)
    text = shortened(major, language=language)
    if bare:
        return sign(minor, text)
    if language == "zh" and currency == "CNY":
        return f"{sign(minor, text)}{'' if text[-1] in '万亿' else ' '}元"
    return f"{currency} {sign(minor, text)}".strip()


def shortened(size: float, *, language: str = "en") -> str:
    """A magnitude with three significant figures and its scale: 1.24 m, 124 万; whole below 10,000."""
    if size < 10_000:
        return number(size, digits=0 if size >= 100 or size == int(size) else 2)
    for factor, suffix in SCALES[language]:
        scaled = size / factor
        if scaled >= 0.9995:
            digits = max(0, significant_digits(scaled)) if scaled < 999.5 else 0
            return number(scaled, digits=digits) + suffix
    return number(size, digits=0)


def exact_money(minor: Value, currency: str, *, language: str = "en") -> str:
    """Minor units in full: `CNY 1,240,000.00`; integers are never put through a float."""
    minor = plain(minor)
    if minor is None:
        return MISSING
    digits = exponent(currency)
    whole, part = divmod(abs(round(minor)), 10**digits)
    text = f"{whole:,}" + (f".{part:0{digits}d}" if digits else "")
    return f"{currency} {sign(minor, text)}".strip()


def share(value: Value, *, digits: int | None = None) -> str:
    """A share of one as a percentage: 12.4%; one decimal, more for small ones."""
    value = plain(value)
    if value is None:
        return MISSING
    percent = abs(value) * 100
    if digits is None:
        digits = 0 if percent in (0, 100) else 1 if percent >= 1 else min(3, significant_digits(percent, 2))
    text = f"{percent:.{digits}f}%"
    if percent > 0 and not any(ch in "123456789" for ch in text):
        return f"{MINUS if value < 0 else ''}<{10**-digits:.{digits}f}%"
    return sign(value, text)


def day(value: Value, *, language: str = "en") -> str:
    """31 May 2026; 2026年5月31日."""
    value = plain(value)
    if value is None:
        return MISSING
    if language == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def short_day(value: Value) -> str:
    """2026-05-31, for tables."""
    value = plain(value)
    return MISSING if value is None else f"{value:%Y-%m-%d}" if value.year >= 1000 else value.isoformat()[:10]


def month(value: Value, *, language: str = "en") -> str:
    """May 2026; 2026年5月."""
    value = plain(value)
    if value is None:
        return MISSING
    if language == "zh":
        return f"{value.year}年{value.month}月"
    return f"{MONTHS[value.month - 1][:3]} {value.year}"


def instant(value: Value) -> str:
    """2026-05-31 14:05, for tables; seconds only where there are any, midnight as the day alone."""
    value = plain(value)
    if value is None:
        return MISSING
    if not isinstance(value, datetime) or value.time() == time():
        return short_day(value)
    return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")


def duration(seconds: Value, *, language: str = "en") -> str:
    """45 ms, 1.2 s, 3 min 12 s, 2 h 5 min, 47 d."""
    seconds = plain(seconds)
    if seconds is None:
        return MISSING
    words = UNITS_OF_TIME[language]
    size = abs(seconds)
    if size < 0.9995:
        return sign(seconds, f"{size * 1000:.0f} {words[0]}")
    for step, below, upper, lower in ((86400, 3600, 4, 3), (3600, 60, 3, 2), (60, 1, 2, 1)):
        whole, rest = divmod(round(size / below), step // below)
        if whole:
            text = f"{number(whole)} {words[upper]}"
            return sign(seconds, f"{text} {rest} {words[lower]}" if rest and whole < 10 else text)
    return sign(seconds, f"{size:.1f}".removesuffix(".0") + f" {words[1]}")


def amount(value: Value, column: Column, *, language: str = "en", unit: bool = False) -> str:
    """A value as its column says; `unit` appends the unit of plain numbers (money carries its own)."""
    value = plain(value)
    if value is None:
        return MISSING
    match column.kind:
        case Kind.NUMBER if not isinstance(value, str):
            text = number(value, digits=column.digits)
            return f"{text} {unit_for(text, column.unit)}" if unit and column.unit else text
        case Kind.MONEY:
            return money(value, column.unit, language=language)
        case Kind.SHARE:
            return share(value, digits=column.digits)
        case Kind.DATE:
            return short_day(value)
        case Kind.MONTH:
            return month(value, language=language)
        case Kind.INSTANT:
            return instant(value)
        case Kind.DURATION:
            return duration(value, language=language)
        case _:
            return text_of(value, language=language)


def unit_for(text: str, unit: str) -> str:
    """The unit as it stands after a figure: `1 day`, `1 event in 30 days`, but `1.0 days` and `1 ms`."""
    if text != "1":
        return unit
    head, *rest = re.split(r"(?= (?:per|in|of|a|an) |/)", unit, maxsplit=1)
    return singular(head) + "".join(rest)


def singular(noun: str) -> str:
    """The noun without its plural s; words of up to three letters (`ms`, `pcs`) and in -ss stay."""
    if len(noun) < 4 or not noun.endswith("s") or noun.endswith("ss"):
        return noun
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun[:-1]


def text_of(value: Value, *, language: str = "en") -> str:
    """Text as it is; booleans as words; numbers that stand among text are not rounded."""
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是")}[language][value]
    return instant(value) if isinstance(value, date) else str(value)


def interval(value: Interval, column: Column, *, language: str = "en") -> str:
    """0.794–0.829; the unit of money and shares is written once, at the end that carries it."""
    if column.kind == Kind.NUMBER:
        digits = column.digits
        if digits is None:
            digits = significant_digits(max(abs(value.low), abs(value.high)))
        low, high = (number(v, digits=digits) for v in (value.low, value.high))
    else:
        low, high = (amount(v, column, language=language) for v in (value.low, value.high))
    if column.kind == Kind.SHARE:
        low = low.removesuffix("%")
    if column.kind == Kind.MONEY:
        high = high.removeprefix(f"{column.unit} ")
    bare = low.removeprefix(f"{column.unit} ") + high
    dash = " – " if MINUS in bare or " " in bare else "–"
    return f"{low}{dash}{high}"


def estimate(value: Value, between: Interval | None, column: Column, *, language: str = "en") -> str:
    """0.812 (0.794–0.829), with the unit of plain numbers after the figure: 47 days (39–55)."""
    text = amount(value, column, language=language, unit=True)
    if between is None:
        return text
    return f"{text} ({interval(between, pinned(column, value), language=language)})"


def pinned(column: Column, value: Value) -> Column:
    """The column with the decimals that its value is written with, so that an interval matches it."""
    value = plain(value)
    if column.kind != Kind.NUMBER or column.digits is not None or not isinstance(value, int | float):
        return column
    digits = 0 if isinstance(value, int) else significant_digits(value)
    return replace(column, digits=digits)


def difference(value: float, column: Column, *, language: str = "en") -> str:
    """A change with its sign; a change of a share is in percentage points."""
    if column.kind == Kind.SHARE:
        points = {"en": " pp", "zh": " 个百分点"}[language]
        text = number(abs(value) * 100, digits=1 if column.digits is None else column.digits) + points
    else:
        text = amount(abs(value), column, language=language, unit=True)
    return f"{'+' if value > 0 else MINUS if value < 0 else '±'}{text}"
