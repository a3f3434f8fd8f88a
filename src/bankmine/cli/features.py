"""What `bankmine features` prints: the catalogue listed and searched, one feature explained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from bankmine.config import FILE_NAME
from bankmine.errors import UsageError

if TYPE_CHECKING:
    from bankmine.customers import Catalogue
    from bankmine.folder import BankFolder
    from bankmine.listing import Listing

WIDTH = 110


def features(
    words: Sequence[str],
    bank: Path | None,
    *,
    cutoff: str | None = None,
    as_json: bool = False,
    **traits: str | None,
) -> Iterator[str]:
    """The features that hold every word and have the traits, or after "explain" one feature whole.

    The first word may be a bank's folder. UsageError for names and traits that do not exist.
    """
    from bankmine.pipeline import open_bank

    rest = list(words)
    if bank is None and rest and (Path(rest[0]) / FILE_NAME).is_file():
        bank = Path(rest.pop(0))
    if bank is None and len(rest) > 1 and rest[1] == "explain":  # so the first can only be meant as a bank
        bank = Path(rest.pop(0))
    opened = open_bank(bank) if bank else None
    if rest and rest[0] == "explain":
        yield from _explained(rest[1:], opened, cutoff, as_json=as_json)
    else:
        yield from _listed(rest, opened, traits, as_json=as_json)


def _explained(
    names: Sequence[str], bank: BankFolder | None, cutoff: str | None, *, as_json: bool
) -> Iterator[str]:
    from bankmine import customers
    from bankmine.sources.lineage import tracing

    if len(names) != 1:
        raise UsageError("explain takes one feature's name", hint="Try `bankmine features explain NAME`.")
    if bank is None and cutoff:
        raise UsageError("a cutoff needs a bank", hint="Add --bank BANK.")
    said = customers.explain(
        names[0], bank.warehouse if bank else None, catalogue=_catalogue(bank),
        cutoff=bank.cutoff_us(cutoff) if bank else None, trace=tracing(bank.config.mapping) if bank else None,
    )  # fmt: skip
    if as_json:
        yield _json(said.as_dict())
    else:
        yield from said.lines()


def _listed(
    words: Sequence[str], bank: BankFolder | None, traits: dict[str, str | None], *, as_json: bool
) -> Iterator[str]:
    from bankmine import customers

    catalogue = _catalogue(bank)
    warehouse = bank.warehouse if bank else None
    if as_json:
        yield _json(customers.as_data(words, warehouse, catalogue=catalogue, **traits))
        return
    found = customers.listing(words, warehouse, catalogue=catalogue, **traits)
    if not len(found):
        near = catalogue.near(words[0]) if len(words) == 1 else []
        hint = f"Did you mean {' or '.join(near)}?" if near else "`bankmine features` lists them all."
        yield f"No feature holds all of these words. {hint}"
        return
    yield from _fitted(found)
    shown = f"{len(found)} of {len(catalogue)}" if len(found) < len(catalogue) else f"All {len(catalogue)}"
    yield ""
    yield f"{shown} features; catalogue version {catalogue.version}."
    yield "`bankmine features explain NAME` tells one whole; --json prints all there is to list."


def _fitted(found: Listing) -> Iterator[str]:
    """The rows with the sentence, the last column, folded to the width of a page."""
    lines = found.lines()
    start = lines[0].rindex(found.columns[-1])
    for line in lines:
        yield from wrap(line, WIDTH, subsequent_indent=" " * start, drop_whitespace=True) or [""]


def _catalogue(bank: BankFolder | None) -> Catalogue:
    """The shipped catalogue, with the features that the bank declares in its own `features.toml`."""
    from bankmine.customers.own import catalogue_of

    return catalogue_of(bank.folder if bank else None)


def _json(said: Any) -> str:
    return json.dumps(said, indent=1, default=str, ensure_ascii=False)
