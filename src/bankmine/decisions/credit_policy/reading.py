"""Reads a policy from the bank's own files: TOML, and CSV for the rows where a table is easier to keep.

Whatever cannot be meant is refused in one line that names the file, the row and the words: a policy that is
half understood would decide wrongly about people.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bankmine.decisions.credit_policy.conditions import (
    ANY,
    CATEGORY,
    LARGEST,
    MISSING,
    NUMBER,
    OTHERS,
    WHOLE,
    Change,
    Field,
    everything,
    parse_condition,
)  # fmt: skip
from bankmine.decisions.credit_policy.deciding import INVALID, NO_ROW, SEVERAL_ROWS
from bankmine.decisions.credit_policy.policy import FIRST, OUTCOMES, UNIQUE, Policy, Row
from bankmine.errors import ConfigurationError, UsageError

CHANGEABLE = frozenset(
    {"app_amount", "app_term_months", "app_product", "down_payment_minor", "co_borrower", "guarantor",
     "collateral_minor", "payment_protection"}
)  # fmt: skip
_ROW_KEYS = frozenset({"name", "when", "outcome", "reason", "limit", "rate"})
_CSV_OWN = ("name", "outcome", "reason", "limit_low", "limit_high", "rate")
_FIELD_KEYS = frozenset({"kind", "low", "high", "levels", "others", "missing", "unit", "change"})
_LARGEST_WHOLE = float(2**53)
_MOST_MINOR = 2**53
_WORDS = frozenset({MISSING, ANY, OTHERS, "", "-"})


def read_policy(path: Path) -> Policy:
    """The policy of a TOML file; ConfigurationError in one line where it cannot be meant."""
    return policy_of(read_content(path), path)


def read_content(path: Path) -> dict[str, Any]:
    """What a policy's file says, with the rows of its CSV file in their place; rows are not judged yet."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(
            f"there is no policy file {path}", hint="Give a .toml file; docs/credit-policy.md shows one."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no TOML: {error}", hint="Mend that line.") from None
    if "table" in content and "rows" not in content:
        fields = _fields(content.get("fields"), str(path))
        content["rows"] = _table(path, content.pop("table"), fields)
    return content


def policy_of(content: Mapping[str, Any], path: Path) -> Policy:
    """The policy of such content; `path` is how errors name it."""
    _only(content, frozenset({"name", "hit", "fields", "rows", "table"}), str(path))
    fields = _fields(content.get("fields"), str(path))
    hit = content.get("hit", FIRST)
    if hit not in (FIRST, UNIQUE):
        raise ConfigurationError(f"{path}: hit is {hit!r}", hint="Write first or unique.")
    if "rows" not in content or "table" in content:
        raise ConfigurationError(
            f"{path} needs either [[rows]] or table = a CSV file", hint="Give one of them."
        )
    raw = content["rows"]
    if not isinstance(raw, list):
        raise ConfigurationError(f"{path}: rows is no list of rows", hint="Write [[rows]] for each row.")
    rows = tuple(_row(one, fields, f"{path.name}, row {place}") for place, one in enumerate(raw, 1))
    _refuse_faults(path, rows)
    return Policy(str(content.get("name", path.stem)), hit, fields, rows)


def _table(path: Path, said: Any, fields: Sequence[Field]) -> list[dict[str, Any]]:
    if not isinstance(said, str):
        raise ConfigurationError(f"{path}: table is {said!r}", hint='Write table = "rows.csv".')
    return list(_csv_rows(path.parent / said, fields))


def _refuse_faults(path: Path, rows: Sequence[Row]) -> None:
    names = [row.name for row in rows]
    if not rows:
        raise ConfigurationError(f"{path} has no rows", hint="Add at least one.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"{path}: two rows are named {twice!r}", hint="Name each row once.")
    taken = next((name for name in names if name in ("", NO_ROW, SEVERAL_ROWS) or _is_fault(name)), None)
    if taken is not None:
        raise ConfigurationError(
            f"{path}: a row is named {taken!r}", hint="That is what is said where no row decides."
        )


def _is_fault(name: str) -> bool:
    return name.startswith(f"{INVALID}_")


def _only(content: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
    unknown = sorted(set(content) - set(allowed))
    if unknown:
        raise ConfigurationError(
            f"{where} says {unknown[0]!r}, which means nothing here",
            hint=f"Allowed: {', '.join(sorted(allowed))}.",
        )


def _fields(content: Any, where: str) -> tuple[Field, ...]:
    if not isinstance(content, dict) or not content:
        raise ConfigurationError(f"{where} declares no fields", hint="Add a [fields.NAME] for each fact.")
    return tuple(_field(name, said, f"{where}, fields.{name}") for name, said in content.items())


def _field(name: str, said: Any, where: str) -> Field:
    if not isinstance(said, dict) or name in _CSV_OWN:
        raise ConfigurationError(f"{where} is no field", hint='Write [fields.NAME] with kind = "number".')
    _only(said, _FIELD_KEYS, where)
    kind = said.get("kind")
    if kind not in (NUMBER, WHOLE, CATEGORY):
        raise ConfigurationError(f"{where}: kind is {kind!r}", hint="Write number, whole or category.")
    levels = _levels(said.get("levels", []), where)
    if (kind == CATEGORY) != bool(levels) or len(set(levels)) < len(levels):
        raise ConfigurationError(
            f"{where}: levels are {list(levels)}", hint="A category has each level once; a number none."
        )
    largest = _LARGEST_WHOLE if kind == WHOLE else LARGEST
    low, high = _real(said.get("low", -largest), where), _real(said.get("high", largest), where)
    if not low <= high or (kind == WHOLE and not (low.is_integer() and high.is_integer())):
        raise ConfigurationError(
            f"{where}: low {low:g} and high {high:g} make no range",
            hint="Give low ≤ high, whole for whole numbers.",
        )
    return Field(
        name=name, kind=kind, low=low, high=high, levels=levels, others=_yes(said, "others", where),
        missing=_yes(said, "missing", where), unit=str(said.get("unit", "")),
        change=_change(name, kind, said.get("change"), levels, (low, high), where),
    )  # fmt: skip


def _levels(said: Any, where: str) -> tuple[str, ...]:
    """Levels as texts; none of them may be a word of the conditions, which could then not be told apart."""
    if not isinstance(said, list):
        raise ConfigurationError(f"{where}: levels is {said!r}", hint='Give a list: levels = ["A", "B"].')
    levels = tuple(str(level) for level in said)
    for level in levels:
        if level in _WORDS or level != level.strip() or "|" in level or level.startswith("not "):
            raise ConfigurationError(
                f"{where}: {level!r} cannot be the name of a level",
                hint="Conditions use missing, any, others, -, not and |; declare others = true for the rest.",
            )
    return levels


def _yes(said: Mapping[str, Any], key: str, where: str) -> bool:
    value = said.get(key, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}: {key} is {value!r}", hint="Write true or false.")
    return value


def _real(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        raise ConfigurationError(
            f"{where}: {value!r} is no finite number", hint="Give a plain number, or leave it out."
        )
    return float(value)


def _change(
    name: str, kind: str, said: Any, levels: tuple[str, ...], bounds: tuple[float, float], where: str
) -> Change | None:
    """How a person can change the field; refused for anything but facts of the request itself."""
    if said is None:
        return None
    if name not in CHANGEABLE:
        raise ConfigurationError(
            f"{where} cannot be changed by the applicant",
            hint=f"Only facts of the request may be declared so: {', '.join(sorted(CHANGEABLE))}.",
        )
    if not isinstance(said, dict):
        raise ConfigurationError(f"{where}: change is {said!r}", hint="Write change = { cost = 1.0 }.")
    _only(said, frozenset({"low", "high", "step", "cost", "levels"}), where)
    cost = _real(said.get("cost", 1.0), where)
    allowed = _levels(said.get("levels", list(levels)), where)
    low, high = (
        _real(said.get(end, bound), where) for end, bound in zip(("low", "high"), bounds, strict=True)
    )
    step = _real(said.get("step", 1), where)
    inside = bounds[0] <= low <= high <= bounds[1] and set(allowed) <= set(levels)
    if cost <= 0 or step <= 0 or not inside:
        raise ConfigurationError(
            f"{where}: change has cost {cost:g}, step {step:g}, from {low:g} to {high:g}",
            hint="Give cost and step above 0, bounds within the field's own, and levels of the field.",
        )
    return Change(cost, low, high, step, ()) if kind != CATEGORY else Change(cost, levels=allowed)


def _row(said: Any, fields: Sequence[Field], where: str) -> Row:
    if not isinstance(said, dict):
        raise ConfigurationError(
            f"{where} is no row", hint="Write [[rows]] with name, when, outcome, reason."
        )
    _only(said, _ROW_KEYS, where)
    by_name, when = {field.name: field for field in fields}, said.get("when", {})
    if not isinstance(when, dict):
        raise ConfigurationError(f"{where}: when is {when!r}", hint='Write when = { FIELD = "CONDITION" }.')
    unknown = sorted(set(when) - set(by_name))
    if unknown:
        raise ConfigurationError(
            f"{where} looks at {unknown[0]!r}, which is no declared field",
            hint=f"Declared: {', '.join(by_name)}.",
        )
    parsed = {name: parse_condition(by_name[name], text, where=where) for name, text in when.items()}
    kept = {name: one for name, one in parsed.items() if one != everything(by_name[name])}
    if said.get("outcome") not in OUTCOMES:
        raise ConfigurationError(
            f"{where}: outcome is {said.get('outcome')!r}", hint=f"Write {', '.join(OUTCOMES)}."
        )
    rate = None if said.get("rate") is None else _real(said["rate"], where)
    if rate is not None and not 0 <= rate <= 1:
        raise ConfigurationError(
            f"{where}: rate is {rate:g}", hint="A yearly rate as a share: 0.089 is 8.9 %."
        )
    name = str(said.get("name", where.rsplit(" ", 1)[-1]))
    return Row(
        name, kept, said["outcome"], str(said.get("reason", name)), _limit(said.get("limit"), where), rate
    )


def _limit(said: Any, where: str) -> tuple[int, int] | None:
    if said is None:
        return None
    band = said if isinstance(said, list) else [0, said]
    whole = all(isinstance(end, int) and not isinstance(end, bool) for end in band)
    if len(band) != 2 or not whole or not 0 <= band[0] <= band[1] <= _MOST_MINOR:
        raise ConfigurationError(
            f"{where}: limit is {said!r}", hint="Give minor units: the most, or [least, most]."
        )
    return band[0], band[1]


def _csv_rows(path: Path, fields: Sequence[Field]) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file as TOML would hold them."""
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), strict=True)
        header = reader.fieldnames or []
        twice = next((name for name in header if header.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError(f"{path} has two columns {twice!r}", hint="Keep one of them.")
        _only(
            dict.fromkeys(header),
            frozenset({*_CSV_OWN, *(field.name for field in fields)}),
            f"{path}, its header",
        )
        for place, line in enumerate(reader, 1):
            if None in line or None in line.values():
                raise ConfigurationError(
                    f"{path}, row {place} has another number of cells than the header", hint="Mend that line."
                )
            yield _from_csv(line, f"{path.name}, row {place}")
    except OSError:
        raise ConfigurationError(
            f"the CSV file {path} cannot be opened", hint="Name a file beside the policy's own."
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(
            f"{path} cannot be read as CSV: {error}", hint="Give a UTF-8 CSV file with a header."
        ) from None


def _from_csv(line: Mapping[str, str], where: str) -> dict[str, Any]:
    row: dict[str, Any] = {"when": {name: cell for name, cell in line.items() if name not in _CSV_OWN}}
    row |= {name: line[name] for name in ("name", "outcome", "reason") if line.get(name)}
    try:
        if line.get("rate"):
            row["rate"] = float(line["rate"])
        if line.get("limit_high"):
            row["limit"] = [int(line.get("limit_low") or 0), int(line["limit_high"])]
        elif line.get("limit_low"):
            raise ConfigurationError(
                f"{where} has a limit_low and no limit_high", hint="Give both, or limit_high alone."
            )
    except ValueError:
        raise ConfigurationError(
            f"{where}: rate or limit is no number", hint="Write 0.089 and whole minor units."
        ) from None
    return row
