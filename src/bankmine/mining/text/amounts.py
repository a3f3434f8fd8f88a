"""Amounts of money as people write them: 12k, 8,500, 4-5k, five thousand, 一万二, 1.5万, 八千多, 五位数.

An amount is a closed range [low, high]: a plain one is a range of no width, "about" widens it by 15 %, "over"
and "under" leave one side open, "five figures" is 10,000 to 99,999. What it is of, the caller decides.
"""

from __future__ import annotations

import re
from math import inf
from typing import NamedTuple

ABOUT = 0.15
_TIMES = {"k": 1e3, "thousand": 1e3, "grand": 1e3, "m": 1e6, "mil": 1e6, "million": 1e6, "w": 1e4}
_ONES = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SPOKEN = "|".join(sorted((*_ONES, *_TENS), key=len, reverse=True))
_MONEY = r"(?:s\$|us\$|sgd|usd|rmb|cny|nt\$|hk\$|[$¥€£])\s?"
_DIGITS = r"\d{1,3}(?:[ ,'’]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNIT = r"(?:\s?(?:k|thousand|grand|mil|million|m|w)(?![a-z]))"
_PLAIN = re.compile(
    rf"(?<![a-z\d.#/])(?:{_MONEY})?(?P<one>{_DIGITS})(?P<unit1>{_UNIT})?"
    rf"(?:\s?(?:-|–|~|to|or|and)\s?(?:{_MONEY})?(?P<two>{_DIGITS})(?P<unit2>{_UNIT})?)?"
    rf"(?P<plus>\+|\splus\b)?(?![\d万千])"
)
_WORDS = re.compile(
    rf"\b(?:(?:{_SPOKEN}|a)(?:[ -](?:{_SPOKEN})){{0,2}}(?: hundred(?: and)?)?(?:[ -](?:{_SPOKEN})){{0,2}})"
    rf" (?:thousand|hundred|grand|k)\b(?:(?: and)?(?: (?:{_SPOKEN}|hundred)){{1,5}})?"
)
_FIGURES = re.compile(r"\b(four|five|six|4|5|6)[ -]?(?:figures?|digits?)\b|([四五六456])位数")
_HAN_DIGITS = "零一二三四五六七八九"
_HAN_NUMBER = re.compile(
    r"(?<![\d.第])(?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千零]+)?"
    r"(?:[万千百](?:\d+(?:\.\d+)?|[一二两三四五六七八九十百千零])*)+"
)
_BETWEEN = re.compile(rf"^\s?(?:元|块|块钱|新币)?\s?(?:到|至|-|~|–)\s?(?={_HAN_NUMBER.pattern})")
_ABOUT = re.compile(
    r"(?:about|around|roughly|abt|approx(?:imately)?|nearly|almost|close to|some"
    r"|大约|大概|差不多|约|将近|接近|近)\s?$"
)
_OVER = re.compile(
    r"(?:over|above|more than|at least|exceed(?:s|ing)?|upwards of|minimum"
    r"|超过|高于|大于|不少于|至少|不止|过)\s?$"
)
_UNDER = re.compile(
    r"(?:under|below|less than|not more than|no more than|at most|up to|maximum"
    r"|少于|低于|不到|不足|最多|不超过)\s?$"
)
_OVER_AFTER = re.compile(r"^\s?(?:元|块|块钱)?\s?(?:or more|and above|and up|以上)")
_MORE_AFTER = re.compile(r"^\s?(?:多|出头|几)")
_UNDER_AFTER = re.compile(r"^\s?(?:元|块|块钱)?\s?(?:or less|and below|以下|以内)")
_ABOUT_AFTER = re.compile(r"^\s?(?:元|块|块钱)?\s?(?:or so|左右|上下|ish\b)")


class Amount(NamedTuple):
    """A range of money in major units and the half-open span it stands at."""

    low: float
    high: float
    start: int
    end: int


def amounts(text: str) -> list[Amount]:
    """The amounts of a normal text in order; times, dates and counts of years are the caller's to leave."""
    found = _figures(text) + _chinese(text) + _spoken(text) + _plain(text)
    kept: list[Amount] = []
    for one in found:  # the first way to read a place wins
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return sorted((_widened(text, one) for one in kept), key=lambda one: one.start)


def _figures(text: str) -> list[Amount]:
    sizes = {"four": 4, "five": 5, "six": 6, "四": 4, "五": 5, "六": 6}
    result = []
    for found in _FIGURES.finditer(text):
        name = found.group(1) or found.group(2)
        size = sizes.get(name) or int(name)
        result.append(Amount(10.0 ** (size - 1), 10.0**size - 1, *found.span()))
    return result


def _plain(text: str) -> list[Amount]:
    result = []
    for found in _PLAIN.finditer(text):
        one, two = (_number(found.group(name)) for name in ("one", "two"))
        unit1, unit2 = ((found.group(name) or "").strip() for name in ("unit1", "unit2"))
        if two is None:
            value = one * _TIMES.get(unit1, 1.0) if one is not None else 0.0
            high = inf if found.group("plus") else value
            result.append(Amount(value, high, *found.span()))
            continue
        assert one is not None
        low, high = one * _TIMES.get(unit1 or unit2, 1.0), two * _TIMES.get(unit2, 1.0)
        if low < high <= 10 * low:
            result.append(Amount(low, high, *found.span()))
        else:
            first = one * _TIMES.get(unit1, 1.0)
            result.append(Amount(first, first, found.start(), found.end("unit1" if unit1 else "one")))
            result.append(Amount(high, high, found.start("two"), found.end()))
    return result


def _number(text: str | None) -> float | None:
    return None if text is None else float(re.sub("[ ,'’]", "", text))


def _spoken(text: str) -> list[Amount]:
    result = []
    for found in _WORDS.finditer(text):
        total, part = 0, 0
        for word in re.split(r"[ -]", found.group()):
            part += _ONES.get(word, 0) + _TENS.get(word, 0) + (word == "a")
            if word == "hundred":
                part = max(part, 1) * 100
            elif word in ("thousand", "grand", "k"):
                total, part = total + max(part, 1) * 1000, 0
        value = float(total + part)
        result.append(Amount(value, value, *found.span()))
    return result


def _chinese(text: str) -> list[Amount]:
    result: list[Amount] = []
    for found in _HAN_NUMBER.finditer(text):
        low, high = han_number(found.group())
        before = result[-1] if result else None
        if before and _BETWEEN.match(text[before.end : found.end()]) and before.end + 4 >= found.start():
            scaled = before.low if before.low * 10 >= high else before.low * 1e4
            if scaled < high:
                result[-1] = Amount(scaled, high, before.start, found.end())
                continue
        result.append(Amount(low, high, *found.span()))
    return result


def han_number(text: str) -> tuple[float, float]:
    """A Chinese number with 万, 千 or 百: 一万二 is 12,000, 八千五 8,500, 四五千 4,000 to 5,000."""
    text = text.replace("两", "二")
    twin = re.match(r"^([一二三四五六七八])([二三四五六七八九])([十百千万].*)$", text)
    if twin and _HAN_DIGITS.index(twin.group(2)) == _HAN_DIGITS.index(twin.group(1)) + 1:
        low, high = (han_number(twin.group(place) + twin.group(3))[0] for place in (1, 2))
        return low, high
    if "万" in text:
        left, right = text.split("万", 1)
        above = _section(left) if left else 1.0
        value = above * 10_000 + (_section(right) * (1000 if _bare(right) else 1) if right else 0)
        return value, value
    value = _section(text)
    return value, value


def _bare(text: str) -> bool:
    return bool(re.fullmatch(r"\d|[一二三四五六七八九]", text))


def _section(text: str) -> float:
    """A number below ten thousand; a bare digit after a unit counts the next smaller unit."""
    total, part, unit = 0.0, 0.0, 1.0
    for token in re.findall(r"\d+(?:\.\d+)?|[零一二三四五六七八九十百千]", text):
        if token in "十百千":
            unit = {"十": 10.0, "百": 100.0, "千": 1000.0}[token]
            total, part = total + (part or 1.0) * unit, 0.0
        elif token == "零":
            unit = 1.0
        else:
            part = float(token) if token[0].isdigit() else float(_HAN_DIGITS.index(token))
    return total + part * (unit / 10 if unit >= 100 and part < 10 else 1.0)


def _widened(text: str, one: Amount) -> Amount:
    before, after = text[max(0, one.start - 16) : one.start], text[one.end : one.end + 10]
    if _UNDER.search(before) or _UNDER_AFTER.match(after):
        return one._replace(low=0.0)
    if _OVER.search(before) or _OVER_AFTER.match(after):
        return one._replace(high=inf if one.low == one.high else one.high)
    if _MORE_AFTER.match(after):
        return one._replace(high=one.low * 1.25)
    if _ABOUT.search(before) or _ABOUT_AFTER.match(after):
        return one._replace(low=one.low * (1 - ABOUT), high=one.high * (1 + ABOUT))
    return one
