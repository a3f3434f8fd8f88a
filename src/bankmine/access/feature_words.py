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


def said(code: str) -> tuple[str, str, str]:
    """What a reason code of a card says: the feature's sentence (its name where it is none of the
    catalogue's), the value, and the points lost; `app product LOAN-CONS: −48`."""
    text, _, points = code.rpartition(": −")
    words = text.split(" ")
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count])
        if name in phrases():
            return phrases()[name], " ".join(words[count:]), points
    return text, "", points
