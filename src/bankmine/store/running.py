"""The rules of signing in and the bank's name that are in force: the file's, with what was changed here.

A change is in force at once in the process that makes it and within `FRESH_SECONDS` in every other that
shares the store. What a newer file no longer allows is left out, so that nobody is locked out by it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from bankmine.config import SignInSettings, bank_name, sign_in_settings
from bankmine.errors import ConfigurationError
from bankmine.store.tables.settings import setting_change

FRESH_SECONDS = 2.0
SECTION, BANK_NAME = "sign_in.", "bank.name"
IN_ORDER = (setting_change.c.at, setting_change.c.change_id)
"""Changes as they were made; the last of a name counts."""


class Running:
    """The settings in force; asked anew when the last answer is older than `FRESH_SECONDS`."""

    def __init__(self, engine: Engine, file: SignInSettings) -> None:
        self._engine, self.file = engine, file
        self._found: tuple[float, SignInSettings, Mapping[str, str]] = (float("-inf"), file, {})
        self._turn = 0

    def get(self) -> SignInSettings:
        """The rules of signing in; the file's where the store cannot be asked or holds no such table yet."""
        return self._fresh()[1]

    def bank_name(self, file: str) -> str:
        """The bank's name: as changed, else the file's."""
        said = self._fresh()[2].get(BANK_NAME)
        try:
            return file if said is None else str(checked(BANK_NAME, said))
        except ConfigurationError:
            return file

    def _fresh(self) -> tuple[float, SignInSettings, Mapping[str, str]]:
        now, turn, known = time.monotonic(), self._turn, self._found
        if now - known[0] < FRESH_SECONDS:
            return known
        self._found = (now, *known[1:])  # others go on with what is known meanwhile
        try:
            with self._engine.connect() as connection:
                changed = newest(connection.execution_options(bankmine_write=False))
        except (OperationalError, ProgrammingError, InterfaceError):
            changed = {}
        found = (now, with_changes(self.file, changed), changed)
        if turn == self._turn:  # a change made meanwhile is asked for at the next use
            self._found = found
        return found

    def forget(self) -> None:
        """Has the store asked again at the next use."""
        self._turn += 1
        self._found = (float("-inf"), *self._found[1:])


def newest(connection: Any) -> dict[str, str]:
    """The value in force of each setting that was changed and not given back to the file."""
    rows = connection.execute(select(setting_change.c.name, setting_change.c.value).order_by(*IN_ORDER))
    last = {row.name: row.value for row in rows}
    return {name: value for name, value in last.items() if value is not None}


def with_changes(file: SignInSettings, changed: Mapping[str, str]) -> SignInSettings:
    """The file's settings of signing in with what was changed; changes that cannot stand are left out."""
    given = asdict(file)
    for name, value in changed.items():
        short = name.removeprefix(SECTION)
        if name.startswith(SECTION) and short in given:
            try:
                given |= {short: checked(name, value)}
            except ConfigurationError:
                continue
    return SignInSettings(**given)


def checked(name: str, value: str) -> Any:
    """The value of a setting by its whole name; ConfigurationError by the same rules as in the file."""
    if name == BANK_NAME:
        return bank_name(value, "the change")
    short = name.removeprefix(SECTION)
    kind = type(getattr(SignInSettings(), short))
    try:
        typed = kind(value)
    except ValueError:
        raise ConfigurationError(f"{name} is {value[:40]!r}", hint="Give a whole number.") from None
    return getattr(sign_in_settings({short: typed}, "the change"), short)
