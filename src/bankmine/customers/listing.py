"""Features and profiles as lines of text, for the command line and the Python face."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bankmine.bank.keys import show_key
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.listing import Listing

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse
    from bankmine.customers.profile import Profile

MINOR = "minor units"


def listing(
    words: Sequence[str] = (),
    warehouse: Warehouse | None = None,
    *,
    catalogue: Catalogue = CATALOGUE,
    **traits: str | None,
) -> Listing:
    """The features that hold every word (all, without words), and with a bank whether it can have them.

    `traits` (unit, window, table, key, kind) keep those that have them; see `Catalogue.search`.
    """
    found = catalogue.search(" ".join(words), **traits)
    if warehouse is None:
        rows = tuple((one.name, one.unit, one.sentence) for one in found)
        return Listing(("feature", "unit", "sentence"), rows)
    reasons = catalogue.available(warehouse).reasons
    said = {
        one.name: f"lacking: {reasons[one.name]}" if one.name in reasons else one.sentence for one in found
    }
    here = ((one.name, one.unit, one.name not in reasons, said[one.name]) for one in found)
    return Listing(("feature", "unit", "here", "sentence, or what is lacking"), tuple(here))


def as_data(
    words: Sequence[str] = (),
    warehouse: Warehouse | None = None,
    *,
    catalogue: Catalogue = CATALOGUE,
    **traits: str | None,
) -> list[dict[str, Any]]:
    """What `listing` says, as plain values; with a bank `lacking` is the reason or None."""
    found = catalogue.search(" ".join(words), **traits)
    reasons = {} if warehouse is None else catalogue.available(warehouse).reasons
    return [
        {
            "name": one.name, "version": catalogue.versions[one.name], "theme": one.theme, "unit": one.unit,
            "kind": str(one.kind), "window": one.window, "subject": one.subject,
            "tables": catalogue.tables_of(one.name), "keys": catalogue.keys_of(one.name),
            "higher": str(one.direction), "sentence": one.sentence,
            **({} if warehouse is None else {"lacking": reasons.get(one.name)}),
        }
        for one in found
    ]  # fmt: skip


def profile_lines(one: Profile, *, money: Callable[[float], str] | None = None) -> list[str]:
    """A customer in lines; `money` writes minor units as people read them, else they are said to be such."""
    lines = [f"Customer {show_key(one.customer_id)} as known at {one.cutoff_shown}", ""]
    who = ((name, value) for name, value in one.who.items() if value is not None and name != "valid_from")
    lines += [f"  {name}: {_key_or(name, value, str(value))}" for name, value in who]
    for kind, rows in one.holdings.items():
        lines += ["", f"{kind.replace('_', ' ').capitalize()}: {len(rows) or 'none'}"]
        lines += [f"  {_row(row, money)}" for row in rows]
    lines += [
        "",
        *_table("Features", ("feature", "value", "unit", "percentile among peers"), _standings(one, money)),
    ]
    told = money or _shown
    months = (
        (str(m.month)[:7], *(None if side is None else told(side) for side in (m.in_minor, m.out_minor)),
         m.transactions)
        for m in one.timeline
    )  # fmt: skip
    unit = "" if money else ", minor units"
    lines += ["", *_table("Months", ("month", f"in{unit}", f"out{unit}", "transactions"), months)]
    return lines


def _table(title: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> list[str]:
    return [title, *(f"  {line}" for line in Listing(columns, tuple(rows)).lines())]


def _standings(one: Profile, money: Callable[[float], str] | None) -> Iterator[tuple[Any, ...]]:
    for standing in one.features:
        if standing.value is not None:
            place = None if standing.percentile is None else f"{standing.percentile:.0%}"
            if money and standing.unit.startswith(MINOR):
                told, unit = money(float(standing.value)), standing.unit.removeprefix(MINOR).strip()
                yield standing.name, told, unit, place
            else:
                yield standing.name, _shown(standing.value), standing.unit, place


def _row(row: dict[str, Any], money: Callable[[float], str] | None) -> str:
    shown = (
        f"{name.removesuffix('_minor')} {money(value)}"
        if money and name.endswith("_minor")
        else f"{name} {_key_or(name, value, _shown(value))}"
        for name, value in row.items()
        if value is not None and name != "valid_from"
    )
    return ", ".join(shown)


def _key_or(name: str, value: Any, otherwise: str) -> str:
    """A token as people see it, anything else as given."""
    return show_key(value) if name.endswith("_id") and isinstance(value, int) else otherwise


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
