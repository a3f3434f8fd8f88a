"""Contradictions between what a text says and what is known otherwise: by form, accounts, bureau, network.

Each check compares one kind of fact with one field and says nothing where either is missing: 1 contradicts,
0 agrees, null unknown. Evidence is a sentence with both sides ("The text says 8,000 a month, the form 20,000
a month.").
A contradiction is a reason to ask, no proof: people round, mean before tax, or change jobs in between.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf, isfinite, isnan
from numbers import Real
from typing import Any, NamedTuple

import pyarrow as pa

from bankmine.errors import UsageError
from bankmine.mining.text.facts import (
    ALONE,
    AMOUNT,
    DEBT,
    EMPLOYER,
    INCOME,
    LEVEL,
    PURPOSE,
    PURPOSES,
    TENURE,
    UNAIDED,
    WORK,
    WORKS,
    Fact,
    facts,
)
from bankmine.mining.text.masking import mask
from bankmine.mining.text.sentences import in_chinese
from bankmine.mining.text.words import normal, texts_of

FIELDS = {
    "stated_income": "income a month on the form, major units",
    "paid_income": "income a month seen on accounts or at the bureau, major units",
    "usual_income": "income a month usual in the population at the time: half earn less",
    "work": f"one of {', '.join(WORKS)}",
    "months_in_job": "months since the last known change of employer",
    "employer": "name of the employer on the form",
    "open_loans": "loans running elsewhere by the bureau",
    "amount": "amount on the form, major units",
    "purpose": f"what the credit is for by the form or product: one of {', '.join(PURPOSES)}",
    "household": "others known in the same household",
    "device_sharers": "other applicants outside the household on the same device or phone",
}
_TEXTS = ("work", "employer", "purpose")  # the other fields are numbers
INCOME_TOLERANCE = 1.35  # before and after tax and contributions differ by less
AMOUNT_TOLERANCE = 1.5
SAME_EMPLOYER = 0.5  # of the shorter name's pairs of letters


class Contradiction(NamedTuple):
    """A check that failed: its name, what the text says, what the field says, and the words of the text."""

    check: str
    text_says: str
    field_says: str
    said: str

    def sentence(self, language: str = "en") -> str:
        """One sentence with both sides, in `en` or `zh`."""
        where = _WHERE[self.check]
        if language == "zh":
            return f"文字说：{in_chinese(self.text_says)}；{where[1]}：{in_chinese(self.field_says)}。"
        return f"The text says {self.text_says}, {where[0]} {self.field_says}."


_WHERE = {
    "income_form": ("the form", "申请表"), "income_paid": ("the accounts", "账户"),
    "income_level": ("the known income is", "已知收入"), "work": ("the records", "记录"),
    "tenure": ("the bureau", "征信"), "employer": ("the form", "申请表"), "debt": ("the bureau", "征信"),
    "amount": ("the form", "申请表"), "purpose": ("the form", "申请表"), "alone": ("the network", "关系网"),
    "unaided": ("the network", "关系网"),
}  # fmt: skip
CHECKS = tuple(_WHERE)
_Found = tuple[bool, str, str] | None  # contradicts, text says, field says


def contradictions(texts: Any, fields: pa.Table) -> pa.Table:
    """One row for each text: every check of CHECKS as 1, 0 or null, `contradictions` their sum, and
    `evidence`, a list of (check, text_says, field_says, said).

    `fields` has as many rows and any of FIELDS as columns; a null says nothing. UsageError for other columns,
    another number of rows, and values that are not of their field's kind. Texts are masked first, so `said`
    quotes no personal data a rule knows.
    """
    given = texts_of(texts)
    wrong = [name for name in fields.column_names if name not in FIELDS]
    if wrong or fields.num_rows != len(given):
        raise UsageError(
            f"{fields.num_rows} rows of fields for {len(given)} texts, {len(wrong)} unknown columns",
            hint=f"Give one row for each text, with columns of {', '.join(FIELDS)}.",
        )
    rows = [_checked(text, row) for text, row in zip(given, fields.to_pylist(), strict=True)]
    columns: dict[str, Any] = {
        check: pa.array([row[0].get(check) for row in rows], pa.int8()) for check in CHECKS
    }
    columns["contradictions"] = pa.array([len(found) for _, found in rows], pa.int64())
    struct = pa.struct([(name, pa.string()) for name in Contradiction._fields])
    columns["evidence"] = pa.array([[one._asdict() for one in found] for _, found in rows], pa.list_(struct))
    return pa.table(columns)


def contradictions_of(text: str | None, **fields: Any) -> list[Contradiction]:
    """The contradictions of one text, in order of CHECKS."""
    wrong = [name for name in fields if name not in FIELDS]
    if wrong:
        raise UsageError(f"There is no field {wrong[0]!r}", hint=f"There are {', '.join(FIELDS)}.")
    return _checked(text, fields)[1]


def _checked(text: str | None, row: dict[str, Any]) -> tuple[dict[str, int], list[Contradiction]]:
    stated: dict[str, list[Fact]] = {}
    for fact in facts(mask(text)):
        stated.setdefault(fact.kind, []).append(fact)
    known = {name: _right(name, value) for name, value in row.items() if not _missing(value)}
    results: dict[str, int] = {}
    found = []
    for check, (kind, compare) in _COMPARED.items():
        mine = stated.get(kind)
        told = compare(mine, known) if mine else None
        if mine and told is not None:
            results[check] = int(told[0])
            if told[0]:
                found.append(Contradiction(check, told[1], told[2], mine[0].said))
    return results, found


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and isnan(value))


def _right(name: str, value: Any) -> Any:
    """The value of a field; UsageError where it is no text, or no finite number, as the field asks."""
    wrong = isinstance(value, bool) or not isinstance(value, str if name in _TEXTS else Real | Decimal)
    if wrong or (name not in _TEXTS and not isfinite(value)):
        told = "an infinite number" if isinstance(value, float) else type(value).__name__
        kind = "a text" if name in _TEXTS else "a finite number"
        raise UsageError(f"The field {name!r} holds {told}", hint=f"Give {kind}, or nothing.")
    return value if name in _TEXTS else float(value)


def _apart(fact: Fact, value: float, tolerance: float) -> bool:
    """Whether a value lies outside the fact's range, widened by the tolerance on both sides."""
    return bool(value * tolerance < fact.low or value > fact.high * tolerance)


def _income_against(field: str) -> Callable[[list[Fact], dict[str, Any]], _Found]:
    def compare(mine: list[Fact], known: dict[str, Any]) -> _Found:
        if field not in known or known[field] <= 0:
            return None
        value = float(known[field])
        wrong = all(_apart(fact, value, INCOME_TOLERANCE) for fact in mine)
        return wrong, f"{_range(mine[0])} a month", f"{value:,.0f} a month"

    return compare


def _level(mine: list[Fact], known: dict[str, Any]) -> _Found:
    incomes = [float(known[name]) for name in ("stated_income", "paid_income") if name in known]
    if not incomes or "usual_income" not in known:
        return None
    usual = float(known["usual_income"])
    wrong = max(incomes) < usual if mine[0].low > 0 else min(incomes) > 2 * usual
    return wrong, f"a {mine[0].word} income", f"{max(incomes):,.0f} where {usual:,.0f} is usual"


def _work(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if known.get("work") not in WORKS:
        return None
    said, work = mine[0].word, known["work"]
    both = {frozenset(("employed", "student")), frozenset(("not working", "student")),
            frozenset(("not working", "retired"))}  # fmt: skip
    return said != work and frozenset((said, work)) not in both, said, work


def _tenure(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "months_in_job" not in known:
        return None
    years, months = mine[0].low, float(known["months_in_job"])
    wrong = years * 12 > 1.5 * months + 12
    return wrong, f"{years:.0f} years in the job", f"a change of employer {months:.0f} months ago"


def _employer(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "employer" not in known:
        return None
    name = str(known["employer"])
    alike = max(likeness(one.word, name) for one in mine)
    return alike < SAME_EMPLOYER, mine[0].word, name


def likeness(one: str, other: str) -> float:
    """Share of the shorter name's pairs of neighbouring letters that stand in the other, 0 to 1."""
    pairs = []
    for name in (one, other):
        signs = "".join(sign for sign in normal(name) if sign.isalnum())
        pairs.append({signs[at : at + 2] for at in range(max(1, len(signs) - 1))})
    return len(pairs[0] & pairs[1]) / min(len(pairs[0]), len(pairs[1]))


def _debt(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "open_loans" not in known:
        return None
    return known["open_loans"] > 0, "no other loans", f"{known['open_loans']:.0f} running"


def _amount(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "amount" not in known or known["amount"] <= 0:
        return None
    value = float(known["amount"])
    wrong = all(_apart(fact, value, AMOUNT_TOLERANCE) for fact in mine)
    return wrong, f"{_range(mine[0])} is needed", f"{value:,.0f}"


def _purpose(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if known.get("purpose") not in PURPOSES:
        return None
    said = [fact.word for fact in mine]
    return known["purpose"] not in said, f"it is for {' and '.join(said)}", f"{known['purpose']}"


def _alone(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "household" not in known:
        return None
    return known["household"] > 0, "living alone", f"{known['household']:.0f} others in the household"


def _unaided(mine: list[Fact], known: dict[str, Any]) -> _Found:
    if "device_sharers" not in known:
        return None
    others = known["device_sharers"]
    return others > 1, "filled in without help", f"{others:.0f} other applicants on the same device"


def _range(fact: Fact) -> str:
    if fact.high == inf:
        return f"{fact.low:,.0f} or more"
    if fact.low == fact.high:
        return f"{fact.low:,.0f}"
    return f"at most {fact.high:,.0f}" if fact.low == 0 else f"{fact.low:,.0f} to {fact.high:,.0f}"


_COMPARED: dict[str, tuple[str, Callable[[list[Fact], dict[str, Any]], _Found]]] = {
    "income_form": (INCOME, _income_against("stated_income")),
    "income_paid": (INCOME, _income_against("paid_income")),
    "income_level": (LEVEL, _level),
    "work": (WORK, _work),
    "tenure": (TENURE, _tenure),
    "employer": (EMPLOYER, _employer),
    "debt": (DEBT, _debt),
    "amount": (AMOUNT, _amount),
    "purpose": (PURPOSE, _purpose),
    "alone": (ALONE, _alone),
    "unaided": (UNAIDED, _unaided),
}
