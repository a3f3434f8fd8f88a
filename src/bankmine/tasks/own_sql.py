"""Statements a bank writes itself (its classes, its segments): one SELECT over bank tables, checked first.

What is wrong is told in one line that names the file; nothing but bank tables can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from bankmine.errors import ConfigurationError

TABLES_HINT = "`bankmine tables` lists the bank tables and their columns."


def wrong(file: Path, what: str, said: str, hint: str) -> ConfigurationError:
    """The error of a file; `what` is "segment", "classes"."""
    return ConfigurationError(f"the {what} in {file.name} cannot be used: {said}", hint=hint)


def one_select(file: Path, text: str, what: str) -> Any:
    """The one SELECT of a file, parsed. ConfigurationError for no SQL, several statements or another one."""
    from sqlglot import exp, parse
    from sqlglot.errors import SqlglotError

    try:
        found = [one for one in parse(text, read="duckdb") if one is not None]
    except SqlglotError as error:
        said = f"it is no SQL ({str(error).splitlines()[0]})"
        raise wrong(file, what, said, "Write one SELECT.") from None
    if len(found) != 1 or not isinstance(found[0], exp.Select):
        said = f"it holds {len(found)} statements, or one that is no SELECT"
        raise wrong(file, what, said, "Write one SELECT.")
    return found[0]


def tables_read(file: Path, select: Any, what: str, *, besides: Collection[str] = ()) -> tuple[str, ...]:
    """The bank tables a statement reads; a file, a function or another table is refused.

    `besides` are relations that are made for the statement.
    """
    from sqlglot import exp

    from bankmine.bank.catalogue import TABLES
    from bankmine.engine.views import view_tables

    views = view_tables()
    made = {one.alias_or_name for one in select.find_all(exp.CTE)} | set(besides)
    found: dict[str, None] = {}
    for one in select.find_all(exp.Table):
        name = one.name
        if name in made:
            continue
        if not isinstance(one.this, exp.Identifier) or (name not in views and name not in TABLES):
            said = f"it reads {name or one.sql()!r}, which is no bank table"
            raise wrong(
                file, what, said, "`bankmine tables` lists them; customer_<table> has every owner's rows."
            )
        found[views.get(name, name)] = None
    return tuple(found)


def unknown_parameter(text: str, known: Collection[str]) -> str | None:
    """The first `$name` of a statement that is none of those known."""
    return min((one for one in re.findall(r"\$(\w+)", text) if one not in known), default=None)


def run(ask: Callable[[], Any], what: str, hint: str) -> Any:
    """What a statement answers; ConfigurationError where the engine refuses it (a column that is not there).

    Only the engine's errors are taken for the statement's fault; their text may hold values, so that of a
    missing name alone is shown.
    """
    try:
        return ask()
    except Exception as error:
        if not type(error).__module__.endswith("duckdb"):
            raise
        said = str(error).splitlines()[0] if type(error).__name__ == "BinderException" else ""
        raise ConfigurationError(
            f"the {what} cannot be asked: {said or type(error).__name__}", hint=f"{hint} {TABLES_HINT}"
        ) from None
