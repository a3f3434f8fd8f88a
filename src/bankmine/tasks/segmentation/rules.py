"""Segments the bank defines itself: one SQL statement each, editable, explained condition by condition.

A rule is a file `<name>.sql`: a first comment line with its title, a second with a sentence, then one SELECT
whose first column is `customer_id`, over the bank tables as known at the cutoff. `$cutoff` and `$since` (12
months earlier) are microseconds for `make_timestamptz`; `customer_condition` (customer_id, condition) holds
what restrains dealing with customers. A bank's own files lie in `segments/` of its folder; one of a
shipped name takes its place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankmine.customers.conditions import conditions
from bankmine.engine.session import Session
from bankmine.errors import UsageError
from bankmine.tasks.contract import Bank, exponent_of
from bankmine.tasks.own_sql import one_select, run, tables_read, unknown_parameter, wrong
from bankmine.tasks.segmentation.saying import plain, shown, thresholds, words

SHIPPED = Path(__file__).parent / "segments"
FOLDER = "segments"
CONDITIONS = "customer_condition"
NAME = re.compile(r"[a-z][a-z0-9_]*")
WHAT = "segment"
PARAMETERS = ("cutoff", "since")
MONTHS = 12


@dataclass(frozen=True)
class Rule:
    """A predefined segment: its name (the file's), title, sentence and statement; `own` if the bank's."""

    name: str
    title: str
    sentence: str
    sql: str
    own: bool
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Members:
    """Who a rule holds for; `refused` says why it could not be asked ("" where it could)."""

    rule: Rule
    customers: frozenset[int]
    refused: str = ""


@dataclass(frozen=True)
class Condition:
    """One condition of a rule for one customer: its SQL, what it looks at, and whether it holds (None: the
    rule has no row of the customer); `words` say it with the values of its thresholds, `seen` the values."""

    sql: str
    values: dict[str, Any]
    holds: bool | None
    words: str = ""
    seen: str = ""


def rules_of(bank_folder: Path | None) -> tuple[Rule, ...]:
    """Shipped rules and those of a bank's folder, by name; ConfigurationError for one that is wrong."""
    files = {file.stem: (file, False) for file in sorted(SHIPPED.glob("*.sql"))}
    own = sorted((bank_folder / FOLDER).glob("*.sql")) if bank_folder else []
    files |= {file.stem: (file, True) for file in own}
    return tuple(read_rule(file, own=is_own) for _, (file, is_own) in sorted(files.items()))


def fingerprint(bank_folder: Path | None) -> str:
    """A hash of the bank's own rule files; empty where it has none."""
    own = sorted((bank_folder / FOLDER).glob("*.sql")) if bank_folder else []
    digest = hashlib.sha256()
    for file in own:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16] if own else ""


def read_rule(file: Path, *, own: bool) -> Rule:
    """A rule file, checked: a name fit for one, one SELECT, bank tables only, `customer_id` first."""
    if not NAME.fullmatch(file.stem):
        raise wrong(file, WHAT, "its name is no name of a segment", "Use small letters, digits and _.")
    text = file.read_text(encoding="utf-8").strip()
    lines = [line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")]
    title = lines[0] if lines else file.stem.replace("_", " ").capitalize()
    select = one_select(file, text, WHAT)
    if [one.alias_or_name for one in select.expressions] != ["customer_id"]:
        said = "it does not give customer_id, and that alone"
        raise wrong(file, WHAT, said, "Begin it: SELECT customer_id …")
    if unknown := unknown_parameter(text, PARAMETERS):
        hint = "There are $cutoff and $since, microseconds of instants."
        raise wrong(file, WHAT, f"it asks for ${unknown}", hint)
    return Rule(
        name=file.stem, title=title, sentence=" ".join(lines[1:]), sql=text, own=own,
        tables=tables_read(file, select, WHAT, besides=(CONDITIONS,)),
    )  # fmt: skip


def members(bank: Bank, rules: Sequence[Rule]) -> list[Members]:
    """Who each rule holds for at the bank's cutoff; a rule over tables the bank lacks is refused."""
    found = []
    with _session(bank) as session:
        for rule in rules:
            absent = [table for table in rule.tables if not bank.warehouse.has(table)]
            if absent:
                found.append(Members(rule, frozenset(), f"the bank has no rows in {', '.join(absent)}"))
                continue
            _give_conditions(session, bank, rule)
            rows = _asked(session, rule, rule.sql, _parameters(bank, rule.sql))
            bank.note(f"segment_{rule.name}", [rule.sql])
            customers = rows.column("customer_id").drop_null().unique().to_pylist()
            found.append(Members(rule, frozenset(customers)))
    return found


def conditions_of(bank: Bank, rule: Rule, customer: int) -> list[Condition]:
    """Each condition of the rule's outer WHERE for one customer, with the values it looks at.

    A rule without conditions of its own has one: that its statement names the customer.
    """
    absent = [table for table in rule.tables if not bank.warehouse.has(table)]
    if absent:
        raise UsageError(
            f"the segment {rule.name} cannot be asked: the bank has no rows in {', '.join(absent)}",
            hint="Load an extract that fills it, or write a rule of your own.",
        )
    traced, parts = _traced(rule)
    parameters = _parameters(bank, rule.sql) | {"customer": customer}
    with _session(bank) as session:
        _give_conditions(session, bank, rule)
        rows = _asked(session, rule, traced, parameters).to_pylist()
    if not parts:
        said = "the statement names the customer"
        return [Condition(said, {}, bool(rows), said)]
    row = rows[0] if rows else None
    digits = exponent_of(bank.warehouse.currency)
    return [_condition(one, row, digits) for one in parts]


@dataclass(frozen=True)
class _Traced:
    """A condition of the outer WHERE and the names its truth, columns and thresholds have in the trace."""

    part: Any
    holds: str
    columns: dict[str, str]
    thresholds: tuple[str, ...]


def _condition(one: _Traced, row: dict[str, Any] | None, digits: int) -> Condition:
    sql = one.part.sql(dialect="duckdb", comments=False)
    if row is None:
        return Condition(sql, {}, None, words(one.part, None, digits=digits))
    values = {name: row[alias] for name, alias in one.columns.items()}
    return Condition(
        sql=sql, values=values, holds=bool(row[one.holds]),
        words=words(one.part, [row[alias] for alias in one.thresholds], digits=digits),
        seen=", ".join(
            f"{plain(name)}: {shown(name, value, digits=digits)}" for name, value in values.items()
        ),
    )  # fmt: skip


def _give_conditions(session: Session, bank: Bank, rule: Rule) -> None:
    """The conditions of customers at the cutoff as a table, where the rule reads it."""
    import pyarrow as pa

    if CONDITIONS not in rule.sql:
        return
    known = conditions(bank.warehouse, bank.cutoff, memory=bank.memory, threads=bank.threads).flags
    pairs = [(customer, flag) for customer, flags in known.items() for flag in flags]
    session.register(
        CONDITIONS,
        pa.table(
            {
                "customer_id": pa.array([one for one, _ in pairs], pa.int64()),
                "condition": pa.array([flag for _, flag in pairs], pa.string()),
            }
        ),
    )


def _session(bank: Bank) -> Session:
    return Session(bank.warehouse, bank.cutoff, until=bank.cutoff, memory=bank.memory, threads=bank.threads)


def _parameters(bank: Bank, sql: str) -> dict[str, Any]:
    known = {
        "cutoff": bank.cutoff,
        "since": bank.warehouse.zone.months_before(bank.cutoff, MONTHS),
    }
    return {name: value for name, value in known.items() if f"${name}" in sql}


def _asked(session: Session, rule: Rule, sql: str, parameters: dict[str, Any]) -> Any:
    hint = f"Mend {FOLDER}/{rule.name}.sql;"
    return run(lambda: session.arrow(sql, parameters), f"{WHAT} {rule.name}", hint)


def _traced(rule: Rule) -> tuple[str, list[_Traced]]:
    """The rule as a statement that shows each condition of its WHERE for `$customer`, and the conditions."""
    from sqlglot import exp, parse_one

    select: Any = parse_one(rule.sql, read="duckdb")
    where, traced = select.args.get("where"), select.copy()
    whole = where is None or any(select.args.get(part) for part in ("group", "having", "qualify", "limit"))
    found: list[_Traced] = []
    if not whole:
        assert where is not None
        traced.set("where", None)
        for place, one in enumerate(_conjuncts(where.this)):
            columns = {column.name: column for column in _own_columns(one)}
            parts = thresholds(one)
            names = _Traced(
                one, f"condition_{place}",
                {name: f"value_{place}_{n}" for n, name in enumerate(columns)},
                tuple(f"threshold_{place}_{n}" for n in range(len(parts))),
            )  # fmt: skip
            asked = [exp.paren(one.copy()), *columns.values(), *parts]
            for part, alias in zip(
                asked, (names.holds, *names.columns.values(), *names.thresholds), strict=True
            ):
                traced = traced.select(exp.alias_(part.copy(), alias), copy=False)
            found.append(names)
    inner = traced.sql(dialect="duckdb", comments=False)
    return f"SELECT * FROM ({inner}) AS traced WHERE customer_id = $customer", found


def _conjuncts(condition: Any) -> list[Any]:
    from sqlglot import exp

    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _own_columns(condition: Any) -> list[Any]:
    """Columns of the condition that are not inside a statement of its own, each once."""
    from sqlglot import exp

    inner = {id(column) for part in condition.find_all(exp.Subquery) for column in part.find_all(exp.Column)}
    found = {column.sql(): column for column in condition.find_all(exp.Column) if id(column) not in inner}
    return list(found.values())
