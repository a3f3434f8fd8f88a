"""What the names of features stand for, in the catalogue's words: scorecards say features by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache


@cache
def phrases() -> Mapping[str, str]:
    """The short sentence of every catalogue feature, by its name with spaces."""
    from bankmine.customers.catalogue import CATALOGUE
    from bankmine.lifecycle.reasons import short

    return {one.name.replace("_", " "): short(one.sentence) for one in CATALOGUE.values()}
