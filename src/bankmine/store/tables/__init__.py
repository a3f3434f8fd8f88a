"""The tables, one module a noun; importing this package fills `metadata` with all of them.

Instants are whole µs UTC, ids are text of 26 characters, and a choice among words is text, never a native
enum: adding a word then needs no migration.
"""

from importlib import import_module
from pkgutil import iter_modules

from bankmine.store.tables.base import metadata

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["metadata"]
