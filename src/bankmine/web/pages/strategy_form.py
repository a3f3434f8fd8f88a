"""A credit strategy as a form: each row of the policy with its conditions, outcome, limit and price.

Fields are named by place: `r0_name`, `r0_outcome`, `r0_low` and `r0_high` (the limit, major units), `r0_rate`
(percent a year), `r0_drop`, and `r0_w_FIELD` for a condition as the policy's file writes it. A row past the
last one is new; `r9_before` says before which row it stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bankmine.errors import UsageError

MOST_ROWS = 60
LONGEST = 200


@dataclass(frozen=True)
class Shown:
    """One row as the form shows it; texts are as they were typed."""

    place: int
    name: str
    outcome: str
    low: str
    high: str
    rate: str
    when: Mapping[str, str]


def shown(content: Mapping[str, Any], exponent: int) -> list[Shown]:
    """The rows of a policy's content as a form holds them."""
    return [_shown(place, row, content["fields"], exponent) for place, row in enumerate(content["rows"])]


def _shown(place: int, row: Mapping[str, Any], fields: Sequence[str], exponent: int) -> Shown:
    limit = row.get("limit")
    low, high = ("", "") if limit is None else limit if isinstance(limit, list) else (0, limit)
    when = row.get("when", {})
    return Shown(
        place, str(row.get("name", place + 1)), str(row.get("outcome", "")), _major(low, exponent),
        _major(high, exponent), "" if row.get("rate") is None else _plain(Decimal(str(row["rate"])) * 100),
        {name: _said(when.get(name, "")) for name in fields},
    )  # fmt: skip


def _said(condition: Any) -> str:
    return " | ".join(map(str, condition)) if isinstance(condition, list) else str(condition)


def _major(minor: Any, exponent: int) -> str:
    return "" if minor == "" else _plain(Decimal(int(minor)).scaleb(-exponent))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def read(form: Mapping[str, str], content: Mapping[str, Any], exponent: int) -> dict[str, Any]:
    """The policy's content with the rows of a form. UsageError, in one line, for figures that are none."""
    rows: list[dict[str, Any]] = []
    new: tuple[dict[str, Any], str] | None = None
    before = {str(row.get("name", place + 1)): row for place, row in enumerate(content["rows"])}
    for place in range(MOST_ROWS):
        name = form.get(f"r{place}_name", "").strip()[:LONGEST]
        if not name or form.get(f"r{place}_drop"):
            continue
        row = _row(form, place, name, content["fields"], exponent)
        row["reason"] = str(before.get(name, {}).get("reason", name))
        if form.get(f"r{place}_before"):
            new = row, form[f"r{place}_before"]
        else:
            rows.append(row)
    if new is not None:
        names = [one["name"] for one in rows]
        rows.insert(names.index(new[1]) if new[1] in names else len(rows), new[0])
    return {**content, "rows": rows}


def _row(
    form: Mapping[str, str], place: int, name: str, fields: Sequence[str], exponent: int
) -> dict[str, Any]:
    front = f"r{place}_"
    row: dict[str, Any] = {"name": name, "outcome": form.get(f"{front}outcome", "")}
    when = {one: form.get(f"{front}w_{one}", "").strip()[:LONGEST] for one in fields}
    if said := {one: text for one, text in when.items() if text}:
        row["when"] = said
    low, high, rate = (form.get(f"{front}{one}", "").strip() for one in ("low", "high", "rate"))
    if high or low:
        if not high:
            raise UsageError(f"the row {name} has a least and no most", hint="Give both, or the most alone.")
        row["limit"] = [_minor(low or "0", name, exponent), _minor(high, name, exponent)]
    if rate:
        row["rate"] = float(_number(rate, name) / 100)
    return row


def _minor(text: str, name: str, exponent: int) -> int:
    value = _number(text, name).scaleb(exponent)
    if value != value.to_integral_value():
        raise UsageError(f"the limit {text[:40]} of {name} is too fine", hint="Use the currency's decimals.")
    return int(value)


def _number(text: str, name: str) -> Decimal:
    try:
        value = Decimal(text.replace("_", "").replace(" ", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= 10**12:
        raise UsageError(f"{text[:40]!r} in the row {name} is no number", hint="Write 8.9 or 40000.")
    return value
