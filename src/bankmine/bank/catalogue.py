"""All bank tables by name."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from bankmine.bank.columns import Table
from bankmine.bank.tables import accounts, contacts, customers, lending, reference
from bankmine.errors import UsageError

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for part in (customers, reference, accounts, lending, contacts)
        for table in part.TABLES
    }
)


def table(name: str) -> Table:
    """The bank table of that name; UsageError with near names where there is none."""
    if name in TABLES:
        return TABLES[name]
    near = get_close_matches(name.lower(), TABLES, n=3)
    raise UsageError(
        f"there is no bank table {name!r}",
        hint=f"Did you mean {' or '.join(near)}?" if near else "`bankmine tables` lists them all.",
    )
