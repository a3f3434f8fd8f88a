"""A mapping: the folder that says how one bank's extracts become bank tables.

`mapping.toml` names the extracts, the time zone, the currency and what is derived; each
`<bank table>.sql` beside it is one SELECT over views named after the extracts. The shipped mappings are
examples to copy: a bank's own folder works the same way.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from bankmine.bank.catalogue import TABLES
from bankmine.errors import ConfigurationError, UsageError

SHIPPED = Path(__file__).parent / "mappings"
RATES = "rate"
CONNECTORS = ("csv", "parquet", "duckdb", "postgresql")
_OPTIONS: dict[str, dict[str, type]] = {
    "csv": {"delimiter": str, "quote": str, "encoding": str, "header": bool, "multiline": bool},
    "parquet": {},
    "duckdb": {"table": str},
    "postgresql": {"query": str, "timeout_seconds": int},
}


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One form in which an extract may be delivered.

    `file` is a name or a pattern (`trans_*.csv.gz`; all matches are read, by name); `columns` are the
    header's names in order, needed for CSV. For PostgreSQL there is no file: the address comes from the
    environment variable `address_variable`.
    """

    name: str
    connector: str
    file: str | None = None
    columns: tuple[str, ...] = ()
    address_variable: str = "BANKMINE_POSTGRESQL"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Extract:
    """One extract: what it is, whether it must be there, and its alternatives in order of preference."""

    name: str
    sentence: str
    required: bool
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A statement about the loaded bank that the mapping promises.

    `sql` gives one row `(found, expected)`; equal means kept. It sees the extracts, the bank tables, and
    `token(domain, key)`. With `needs` it is asked only where that extract (or `extract:alternative`) is
    there.
    """

    name: str
    sentence: str
    sql: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """One mapping folder, read and checked.

    `marker` is a file that must lie beside the extracts, so that no other folder is taken for them;
    `beside` names folders there that are no part of a delivery.
    """

    folder: Path
    name: str
    title: str
    time_zone: str
    currency: str
    extract_date: date | None
    licence: str
    extracts: dict[str, Extract]
    coverage: dict[str, tuple[str, str]]
    rules: tuple[str, ...]
    checks: tuple[Check, ...]
    tasks: dict[str, dict[str, Any]]
    marker: str | None = None
    beside: tuple[str, ...] = ()

    @cached_property
    def sql(self) -> dict[str, str]:
        """The SELECT of each bank table (and of `rate`, where the bank has foreign currencies)."""
        return {file.stem: file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.sql"))}

    @property
    def tables(self) -> list[str]:
        """The bank tables it fills, in the catalogue's order."""
        return [name for name in TABLES if name in self.sql]

    def extracts_of(self, table: str) -> list[str]:
        """The extracts a table's SELECT reads."""
        words = set(re.findall(r"\w+", _without_comments(self.sql[table])))
        return [name for name in self.extracts if name in words]

    @cached_property
    def content_hash(self) -> str:
        """Names what of the mapping decides the rows: extracts, coverage, SELECTs; not words or checks."""
        decisive = (sorted(self.extracts.items()), sorted(self.coverage.items()))
        digest = hashlib.sha256(repr(decisive).encode())
        for name, text in self.sql.items():
            digest.update(f"\n--{name}\n{text}".encode())
        return digest.hexdigest()


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)


def mappings() -> tuple[Mapping, ...]:
    """The shipped mappings, by name."""
    return tuple(load_mapping(file.parent.name) for file in sorted(SHIPPED.glob("*/mapping.toml")))


def load_mapping(name: str) -> Mapping:
    """A shipped mapping by its name, or a bank's own by its folder.

    UsageError where there is none of that name; ConfigurationError where the folder says something that
    cannot be meant.
    """
    is_folder = "/" in name or name.startswith(".")
    folder = Path(name) if is_folder else SHIPPED / name
    if not (folder / "mapping.toml").is_file():
        shipped = sorted(file.parent.name for file in SHIPPED.glob("*/mapping.toml"))
        near = get_close_matches(name, shipped, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        what = (
            f"{folder} holds no mapping (no mapping.toml)" if is_folder else f"there is no mapping {name!r}"
        )
        if not is_folder and (Path(name) / "mapping.toml").is_file():
            hint = f"For the folder of that name write ./{name}. "
        raise UsageError(what, hint=f"{hint}Shipped are {', '.join(shipped)}; or give a mapping's folder.")
    return _parse(folder, _read(folder / "mapping.toml"))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}", hint="Mend that line.") from None


def _parse(folder: Path, raw: dict[str, Any]) -> Mapping:
    known = {
        "name", "title", "time_zone", "currency", "extract_date", "licence", "extract", "coverage", "rules",
        "checks", "tasks", "marker", "beside",
    }  # fmt: skip
    for key in raw:
        _demand(
            key in known, folder, f"has an unknown entry {key!r}", f"Allowed are {', '.join(sorted(known))}."
        )
    for key in ("name", "title", "time_zone", "currency", "extract"):
        _demand(key in raw, folder, f"lacks {key}", f"Add `{key} = …`.")
    extract_date = raw.get("extract_date")
    try:
        extract_date = date.fromisoformat(str(extract_date)) if extract_date is not None else None
    except ValueError:
        _demand(False, folder, f"has extract_date {extract_date!r}", 'Write it as "2026-05-31".')
    mapping = Mapping(
        folder=folder,
        name=raw["name"],
        title=raw["title"],
        time_zone=raw["time_zone"],
        currency=raw["currency"],
        extract_date=extract_date,
        licence=raw.get("licence", ""),
        extracts={name: _extract(folder, name, one) for name, one in raw["extract"].items()},
        coverage={name: _coverage(folder, name, one) for name, one in raw.get("coverage", {}).items()},
        rules=tuple(raw.get("rules", ())),
        checks=tuple(_check(folder, one) for one in raw.get("checks", ())),
        tasks=raw.get("tasks", {}),
        marker=raw.get("marker"),
        beside=tuple(raw.get("beside", ())),
    )
    for name in mapping.sql:
        near = get_close_matches(name, TABLES, n=1)
        hint = f"Did you mean {near[0]}.sql?" if near else "`bankmine tables` lists the bank tables."
        _demand(
            name in TABLES or name == RATES, folder, f"has {name}.sql, but there is no such bank table", hint
        )
    _demand(
        bool(mapping.tables), folder, "has no SELECT", "Write one <bank table>.sql for each table you have."
    )
    return mapping


def _demand(holds: bool, folder: Path, what: str, hint: str) -> None:
    if not holds:
        raise ConfigurationError(f"the mapping {folder} {what}", hint=hint)


def _extract(folder: Path, name: str, raw: dict[str, Any]) -> Extract:
    _demand(
        bool(re.fullmatch(r"[a-z_]\w*", name)), folder, f"has an extract {name!r}", "Use a lower-case word."
    )
    _demand(
        name not in TABLES, folder, f"calls an extract {name!r} like a bank table", f"Call it raw_{name}."
    )
    shared = {key: value for key, value in raw.items() if key not in ("sentence", "required", "alternatives")}
    listed = raw.get("alternatives", [{}])
    return Extract(
        name=name,
        sentence=raw.get("sentence", ""),
        required=raw.get("required", True),
        alternatives=tuple(_alternative(folder, name, shared | one) for one in listed),
    )


def _alternative(folder: Path, extract: str, raw: dict[str, Any]) -> Alternative:
    connector = raw.get("connector", "csv")
    where = f"extract.{extract}"
    _demand(
        connector in CONNECTORS, folder, f"has connector {connector!r} for {where}",
        f"Use one of {', '.join(CONNECTORS)}.",
    )  # fmt: skip
    options = {}
    for key, value in raw.items():
        if key in ("name", "connector", "file", "columns", "address_variable"):
            continue
        kind = _OPTIONS[connector].get(key)
        _demand(
            kind is not None, folder, f"has an unknown option {key!r} for {where} ({connector})",
            f"Allowed are {', '.join(_OPTIONS[connector]) or 'none'}.",
        )  # fmt: skip
        _demand(
            kind is not None and isinstance(value, kind),
            folder,
            f"{where}.{key} is {value!r}",
            "Give the right type.",
        )
        options[key] = value
    if connector == "postgresql":
        _demand("query" in options, folder, f"gives no query for {where}", 'Add `query = "SELECT …"`.')
    else:
        _demand("file" in raw, folder, f"gives no file for {where}", 'Add `file = "name.csv.gz"`.')
    if connector == "csv":
        _demand(
            "columns" in raw, folder, f"gives no columns for {where}", "List the header's names in order."
        )
    if connector == "duckdb":
        _demand("table" in options, folder, f"gives no table for {where}", 'Add `table = "name"`.')
    return Alternative(
        name=raw.get("name", "whole"),
        connector=connector,
        file=raw.get("file"),
        columns=tuple(raw.get("columns", ())),
        address_variable=raw.get("address_variable", "BANKMINE_POSTGRESQL"),
        options=options,
    )


def _coverage(folder: Path, table: str, raw: Any) -> tuple[str, str]:
    _demand(
        table in TABLES,
        folder,
        f"states the coverage of {table!r}",
        "`bankmine tables` lists the bank tables.",
    )
    good = (
        isinstance(raw, dict) and set(raw) == {"from", "to"} and all(isinstance(v, str) for v in raw.values())
    )
    _demand(
        good, folder, f"has coverage.{table} = {raw!r}", 'Write { from = "2020-01-01", to = "SELECT …" }.'
    )
    return raw["from"], raw["to"]


def _check(folder: Path, raw: dict[str, Any]) -> Check:
    for key in ("name", "sentence", "sql"):
        _demand(isinstance(raw.get(key), str), folder, f"has a check without {key}", f"Add `{key} = …`.")
    return Check(
        name=raw["name"], sentence=raw["sentence"], sql=raw["sql"], needs=tuple(raw.get("needs", ()))
    )
