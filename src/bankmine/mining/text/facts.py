"""What a text states about its writer, in English or Chinese: income, work, years in the job, employer,
debts, the amount asked for, purposes, whom they live with.

Rules over clauses, not a learnt model: each fact has the words it was read from, and a rule can be read and
corrected. A clause about somebody else (my wife earns …), the past (I used to …), the future or a condition
(I hope to …), or with a negation before the word states nothing. What is said both ways in one text states
nothing either.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from bankmine.mining.text.amounts import Amount, amounts
from bankmine.mining.text.words import HAN, LONGEST, normal

KINDS = INCOME, LEVEL, WORK, TENURE, EMPLOYER, DEBT, AMOUNT, PURPOSE, ALONE, UNAIDED = (
    "income", "income_level", "work", "tenure", "employer", "debt", "amount", "purpose", "alone", "unaided",
)  # fmt: skip
PURPOSES = ("home", "car", "education", "wedding", "medical", "business", "holiday", "debt")
WORKS = ("employed", "self-employed", "not working", "retired", "student")
_CLAUSE = re.compile(
    r"(?<!\d)[.,]+|[.,]+(?!\d)|[;!?…。、~]+|\s[-–]+\s|\bbut\b|\bwhile\b|但是?|不过|而(?!且|已)"
    rf"|(?<=[{HAN}])\s(?=[{HAN}])"
)
LONGEST_CLAUSE = 400  # nobody says one thing at such length, and rules look back over what they read
_NEGATION = re.compile(
    r"(?:\b(?:not|never|no|without|don'?t|doesn'?t|didn'?t|isn'?t|aren'?t|won'?t|nor|hardly)\b(?:\s\w+){0,2}\s?"
    r"|不是|没有|并非|不算|不太|不|没|未|非)$"
)
_PERIODS = {  # of an income: least and most of them that make a month
    "month": (1.0, 1.0), "year": (1 / 12, 1 / 12), "week": (52 / 12, 52 / 12),
    "fortnight": (26 / 12, 26 / 12), "day": (20.0, 26.0), "hour": (120.0, 208.0),
}  # fmt: skip
_BEFORE = re.compile(r"\b(?:before|previously|last year|when|until)\b|以前|之前|去年")
_FIVE_FIGURES = re.compile(r"(?:每个?月|月)[^,。]{0,2}五位数")
_NOT_MONEY = re.compile(r"\s?(?:years?|yrs?|年(?!薪)|am|pm|点|号|th|%|个|岁)")
_YEARS = re.compile(
    r"(?<![\d.])(\d{1,2}|[a-z]+|[一二两三四五六七八九十]{1,3})\s?(?:\+\s?)?(?:years|yrs|year|年)"
)
_YEAR_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_HAN_YEARS = {name: number for number, name in enumerate("零一二三四五六七八九十")} | {"两": 2}
_EMPLOYER = re.compile(
    r"\b(?i:work(?:ing)?|employed|job|staff|engineer|manager|clerk|nurse|teacher|driver) "
    r"(?i:at|for|with|in|by) "
    r"(?:the )?(?P<en>[A-Z][\w&.'’-]*(?: (?:of |and |& )?[A-Z][\w&.'’-]*){0,4})"
    rf"|(?<![现正])在(?P<zh>[{HAN}A-Za-z]{{2,14}}?)(?:上班|任职|工作|做事|当差|服务)"
)
_VAGUE = re.compile(
    r"^没|^(?:大|小|这|本地|外资|国有|私人)?家?(?:公司|单位|企业|政府|银行|医院|学校|工厂)$"
    r"|[同一][家间]|同一|家里|这里|那里|附近|外面|新加坡|本地|大士|裕廊|市区|夜班|白天|现在|目前|一直"
)
_ASKED = re.compile(
    r"\b(?:borrow(?:ing)?|(?:a )?loan (?:of|for)|need(?:ing)?|want(?:ing)?|request(?:ing)?|appl(?:y|ying) for"
    r"|ask(?:ing)? for|looking for|seeking|like)(?: to (?:borrow|loan|get|have|take))?"
    r"(?: a loan of| up| out| a loan for)?(?: about| around| just| only| roughly| over| at least| up to)*\s?$"
    r"|(?:借|贷|申请|需要?|想要|要借|贷款|借款)(?:一笔|个|到|款|贷款|大约|大概|约|差不多|人民币)*\s?$"
)
_ASKED_AFTER = re.compile(
    r"^\s?(?:dollars|sgd|bucks)?\s?(?:loan|personal loan)\b|^(?:元|块|块钱|新币)?的?(?:贷款|借款)"
)


@cache
def _rules() -> dict[str, re.Pattern[str]]:
    """The rules of `facts.toml` by name, those in a table of tables as `work.employed`."""
    raw = tomllib.loads((files("bankmine.mining.text") / "facts.toml").read_text(encoding="utf-8"))
    flat = {}
    for name, rule in raw.items():
        for key, one in (
            {name: rule} if "en" in rule else {f"{name}.{k}": v for k, v in rule.items()}
        ).items():
            flat[key] = _rule(one["en"], one["zh"])
    return flat


def _rule(english: list[str], chinese: list[str]) -> re.Pattern[str]:
    parts = [f"(?<![a-z])(?:{'|'.join(english)})(?![a-z])"] if english else []
    return re.compile("|".join([*parts, *chinese]))


class Fact(NamedTuple):
    """One thing a text states. `low` to `high` for numbers (income a month, amounts, years, level ±1), `word`
    for kinds (of WORKS, PURPOSES, an employer's name); `said`: the words it was read from."""

    kind: str
    low: float
    high: float
    word: str
    said: str


def facts(text: str | None) -> list[Fact]:
    """What a text states, in order of kind; None, empty and unreadable texts state nothing."""
    lines = [normal(line) for line in (text or "")[:LONGEST].splitlines()]
    told = [part.strip() for line in lines for part in _CLAUSE.split(line) if part and part.strip()]
    clauses = [one[at : at + LONGEST_CLAUSE] for one in told for at in range(0, len(one), LONGEST_CLAUSE)]
    found = [fact for before, clause in pairwise(["", *clauses]) for fact in _of_clause(clause, before)]
    found += _employers(text) + _purposes(" ".join(lines))
    return _agreed(found)


def _of_clause(clause: str, before: str) -> list[Fact]:
    """Facts of a clause; one who owes nothing but …, in this clause or the one before, owes something."""
    excepted = any(_rules()["except"].search(one) for one in (before, clause))
    found = [
        Fact(kind, 0.0, 0.0, word, clause)
        for kind, rule, word in (
            (DEBT, "no_debt", "none"),
            (ALONE, "alone", "alone"),
            (UNAIDED, "unaided", "unaided"),
        )
        if _rules()[rule].search(clause) and not (kind == DEBT and excepted)
    ]
    return found + _asked(clause) + _works(clause) + _tenure(clause) + _incomes(clause)


def _own_and_now(clause: str, start: int, end: int) -> bool:
    """Whether what stands at [start, end) is said of the writer, now, and not denied.

    Somebody else counts where no "I" or "my" stands between; words of another time within 25 signs before,
    or 12 after.
    """
    before = clause[max(0, start - 60) : start]
    others = list(_rules()["others"].finditer(before))
    if others and not _rules()["own"].search(clause[max(0, start - 60) + others[-1].end() : end]):
        return False
    if _rules()["not_now"].search(clause[max(0, start - 25) : start]) or _BEFORE.search(
        clause[end : end + 12]
    ):
        return False
    return not _NEGATION.search(clause[:start])


def _incomes(clause: str) -> list[Fact]:
    """Income a month; without a period both a month and a year are thought of, unless one is absurd."""
    none = _rules()["without_income"].search(clause)
    if none and _own_and_now(clause, *none.span()) and not _rules()["except"].search(clause):
        return [Fact(INCOME, 0.0, 0.0, "none", clause)]
    anchor = _rules()["income"].search(clause)
    if anchor and _rules()["no_income"].search(clause):
        anchor = None
    if anchor and not _own_and_now(clause, *anchor.span()):
        return []
    if anchor or _FIVE_FIGURES.search(clause):
        found = [fact for one in amounts(clause) if (fact := _income(clause, one))]
        if found:
            return found[:1]
    for rule, level in (("high_income", 1.0), ("low_income", -1.0)):
        seen = _rules()[rule].search(clause)
        if seen and _own_and_now(clause, *seen.span()):
            return [Fact(LEVEL, level, level, "high" if level > 0 else "low", clause)]
    return []


def _income(clause: str, one: Amount) -> Fact | None:
    if (one.low < 12 and one.high < 100) or _NOT_MONEY.match(clause[one.end :]):
        return None
    period = _period(clause, one)
    if period is None:
        if one.low > 60_000 or (one.low == 0 and one.high > 60_000):
            return Fact(INCOME, one.low / 12, one.high / 12, "year", clause)
        if one.low > 20_000:
            return Fact(INCOME, one.low / 12, one.high, "month or year", clause)
        return Fact(INCOME, one.low, one.high, "month", clause) if one.high >= 300 else None
    name, low, high = period
    return Fact(INCOME, one.low * low, one.high * high, name, clause)


def _period(clause: str, one: Amount) -> tuple[str, float, float] | None:
    """The nearest period to an amount, in the clause."""
    best: tuple[int, str, float, float] | None = None
    for name, (low, high) in _PERIODS.items():
        for found in _rules()[f"period.{name}"].finditer(clause):
            gap = max(found.start() - one.end, one.start - found.end(), 0)
            if best is None or gap < best[0]:
                best = (gap, name, low, high)
    return None if best is None else best[1:]


def _works(clause: str) -> list[Fact]:
    found = []
    for work in WORKS:
        seen = _rules()[f"work.{work}"].search(clause)
        if not seen or not _own_and_now(clause, *seen.span()):
            continue
        if work == "self-employed" and _rules()["side"].search(clause):
            continue
        found.append(Fact(WORK, 0.0, 0.0, work, clause))
    if len(found) > 1 and any(fact.word == "not working" for fact in found):
        return [fact for fact in found if fact.word == "not working"]
    return found


def _tenure(clause: str) -> list[Fact]:
    seen = _rules()["in_job"].search(clause)
    if not seen or not _own_and_now(clause, *seen.span()):
        return []
    for found in _YEARS.finditer(clause):
        years = _years(found.group(1))
        if years:
            return [Fact(TENURE, years, years, "years", clause)]
    return []


def _years(text: str) -> float:
    if text.isdigit():
        return float(text)
    if text in _YEAR_WORDS:
        return float(_YEAR_WORDS[text])
    if text and all(sign in _HAN_YEARS for sign in text):
        if text[0] == "十":
            return 10.0 + (_HAN_YEARS[text[1]] if len(text) > 1 else 0)
        if "十" in text:
            return 10.0 * _HAN_YEARS[text[0]] + (_HAN_YEARS[text[-1]] if text[-1] != "十" else 0)
        return float(_HAN_YEARS[text[0]]) if len(text) == 1 else 0.0
    return 0.0


def _asked(clause: str) -> list[Fact]:
    if _rules()["not_now"].search(clause) and not re.search(r"\bwould like\b", clause):
        return []
    for one in amounts(clause):
        before, after = clause[: one.start], clause[one.end :]
        period = _period(after[:14], Amount(0, 0, 0, 0)) if after else None
        if one.high >= 500 and period is None and (_ASKED.search(before) or _ASKED_AFTER.match(after)):
            return [Fact(AMOUNT, one.low, one.high, "asked", clause)]
    return []


def _employers(text: str | None) -> list[Fact]:
    """Names of employers keep their capitals, so they are read from the text as written."""
    told = " ".join((text or "")[:LONGEST].split())
    found = []
    for seen in _EMPLOYER.finditer(told):
        name = (seen.group("en") or seen.group("zh") or "").strip(" .'’-")
        around = told[max(0, seen.start() - 20) : seen.start()].lower()
        if (
            len(name) >= 2
            and not _VAGUE.search(name)
            and not _rules()["others"].search(around)
            and not _rules()["not_now"].search(around)
        ):
            found.append(Fact(EMPLOYER, 0.0, 0.0, name, seen.group()))
    return found


def _purposes(told: str) -> list[Fact]:
    """What the credit is for; where one works, what one is, and what it is not for are no purposes."""
    found, told = [], _rules()["no_purpose"].sub(" ", told)
    for name in PURPOSES:
        seen = _rules()[f"purpose.{name}"].search(told)
        if seen:
            found.append(Fact(PURPOSE, 0.0, 0.0, name, seen.group()))
    return found


def _agreed(found: list[Fact]) -> list[Fact]:
    """Facts without those the text itself says otherwise: two works, two incomes apart, levels both ways."""
    works = {fact.word for fact in found if fact.kind == WORK}
    levels = {fact.word for fact in found if fact.kind == LEVEL}
    incomes = [fact for fact in found if fact.kind == INCOME]
    apart = any(a.high < b.low / 1.2 for a in incomes for b in incomes)
    kept = []
    for fact in found:
        torn = (fact.kind == WORK and len(works) > 1) or (fact.kind == LEVEL and len(levels) > 1)
        if not torn and not (fact.kind == INCOME and apart):
            kept.append(fact)
    return sorted(dict.fromkeys(kept), key=lambda fact: KINDS.index(fact.kind))
