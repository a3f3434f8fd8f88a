"""The bank's settings as they are in force, where each comes from, and the change of those that may.

Rules of signing in and the bank's name are changed while running; all others stand in `bankmine.toml` and are
read on start.
Every change is kept, so that it can be seen and taken back.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, select

from bankmine.config import FILE_NAME, Config, SignInSettings
from bankmine.errors import ConfigurationError, NotFound, UsageError
from bankmine.governance import Permission, Person, audit, sessions
from bankmine.store import new_id
from bankmine.store.database import after_commit, store_of
from bankmine.store.running import BANK_NAME, IN_ORDER, SECTION, checked, newest
from bankmine.store.tables.settings import setting_change
from bankmine.store.times import now_us

CHANGEABLE = (BANK_NAME, *(f"{SECTION}{one.name}" for one in fields(SignInSettings)))
MOST = {f"{SECTION}{name}": most for name, most in
        (("idle_minutes", 1_440), ("absolute_hours", 720), ("failures", 1_000), ("failure_minutes", 10_080),
         ("failures_by_address", 100_000))}  # fmt: skip
"""A mistyped number must not undo a rule: the most that is taken."""

WRITTEN = (
    "bank.mapping", "bank.extracts", "bank.time_zone", "bank.currency", "bank.keys",
    "load.maximum_reject_share", "features.maximum_staleness", "engine.name", "engine.memory",
    "engine.threads", "engine.spark", "run.budget", "store.url", "credit.policy", "oidc.issuer",
    "oidc.client_id", "oidc.redirect",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting: its value in force as text (None: none), and where it comes from.

    `origin` is file, default, environment or here; `person_id` and `at` (µs UTC) say who changed it here.
    """

    name: str
    value: str | None
    default: str | None
    origin: str
    changeable: bool
    person_id: str | None = None
    at: int | None = None


def listed(connection: Connection, person: Person, config: Config) -> list[Setting]:
    """All settings. Forbidden without `settings:read`."""
    person.require(Permission.SETTINGS_READ)
    given = _given(config)
    return [
        *_changeable(connection, config, given), *_written(config, given),
        *(Setting(name=f"tasks.{task}", value=_text(said), default=None, origin="file", changeable=False)
          for task, said in config.tasks.items()),
    ]  # fmt: skip


def change(connection: Connection, person: Person, name: str, value: str | None) -> str | None:
    """Changes a setting while running, or (None) gives it back to the file; returns what was in force here.

    Forbidden without `settings:write`; NotFound for a setting that is not changed so; UsageError for a value
    that cannot stand.
    """
    person.require(Permission.SETTINGS_WRITE)
    if name not in CHANGEABLE:
        raise NotFound(
            f"{name[:40]!r} is not changed here", hint=f"Change it in {FILE_NAME} and start again."
        )
    if value is not None:
        value = _checked(name, value.strip())
    before = newest(connection).get(name)
    if value == before:
        return before
    sessions.end_over(connection)
    row = {"change_id": new_id(), "name": name, "value": value, "person_id": person.person_id, "at": now_us()}
    connection.execute(setting_change.insert(), row)
    audit.record(
        connection, person=person, act="setting_changed", object_kind="setting", object_id=name,
        details={"before": before or "file", "after": value or "file"},
    )  # fmt: skip
    after_commit(connection, "settings", store_of(connection).running.forget)
    return before


def _checked(name: str, value: str) -> str:
    try:
        typed = checked(name, value)
    except ConfigurationError as error:
        raise UsageError(f"the setting {name} cannot be {value[:40]!r}", hint=error.hint) from None
    if isinstance(typed, int) and typed > MOST[name]:
        raise UsageError(f"the setting {name} cannot be {typed}", hint=f"Give at most {MOST[name]:,}.")
    return str(typed)


def _changeable(connection: Connection, config: Config, given: Mapping[str, Any]) -> Iterator[Setting]:
    changed = newest(connection)
    who = {row.name: row for row in connection.execute(select(setting_change).order_by(*IN_ORDER))}
    usual: dict[str, str | None] = {BANK_NAME: None, **_dotted(SignInSettings())}
    for name, file in {BANK_NAME: config.name, **_dotted(config.sign_in)}.items():
        origin = "here" if name in changed else "file" if name in given else "default"
        row = who[name] if name in changed else None
        yield Setting(
            name=name, value=changed.get(name, file), default=usual[name], origin=origin, changeable=True,
            person_id=row.person_id if row else None, at=row.at if row else None,
        )  # fmt: skip


def _dotted(settings: SignInSettings) -> dict[str, str]:
    return {f"{SECTION}{short}": str(value) for short, value in asdict(settings).items()}


def _written(config: Config, given: Mapping[str, Any]) -> Iterator[Setting]:
    usual = {
        "bank.keys": "keys", "load.maximum_reject_share": str(Config.maximum_reject_share),
        "engine.name": Config.engine, "engine.memory": Config.memory, "engine.threads": str(Config.threads),
        "run.budget": Config.budget.name, "store.url": "operations.db",
    }  # fmt: skip
    for name in WRITTEN:
        value, origin = given.get(name), "file" if name in given else "default"
        text = usual.get(name) if value is None else _text(value)
        if name == "store.url":
            text, origin = _store(value, origin)
        if name == "engine.spark" and isinstance(value, dict):
            text = ", ".join(sorted(value))  # names alone: options may hold secrets
        yield Setting(name=name, value=text, default=usual.get(name), origin=origin, changeable=False)


def _store(value: Any, origin: str) -> tuple[str, str]:
    """The kind of the store and never its address, which may hold a password."""
    address, origin = (
        (said, "environment") if (said := os.environ.get("BANKMINE_STORE")) else (str(value or ""), origin)
    )
    return ("PostgreSQL" if address.startswith("postgresql") else "SQLite"), origin


def _given(config: Config) -> dict[str, Any]:
    """What the file says, by dotted names."""
    raw = tomllib.loads((config.folder / FILE_NAME).read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": value
        for section, said in raw.items()
        if section != "tasks"
        for name, value in said.items()
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
