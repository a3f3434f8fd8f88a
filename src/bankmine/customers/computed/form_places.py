"""Whether a form came from a country that is neither the bank's own nor of the customer's record.

The bank's own country is that of its time zone. The telephone number and the address on record are encrypted
under the person's key; they are decrypted where the bank's keys are there, and nothing but 1 or 0 leaves this
module. Where no country is known there is nothing to compare: missing, never zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bankmine.customers.computed.countries import NOWHERE, of_address, of_phone, of_zone

if TYPE_CHECKING:
    from bankmine.bank.warehouse import Warehouse

PLACES = ("country_off_home", "country_off_record")


def off_home(warehouse: Warehouse, countries: Sequence[str | None]) -> list[int | None]:
    """1 where a form came from another country than the bank's own, 0 from that."""
    home = of_zone(warehouse.manifest.time_zone)
    return [None if home is None or one is None else int(one != home) for one in countries]


def off_record(warehouse: Warehouse, countries: Sequence[str | None], found: Any) -> list[int | None]:
    """1 where a form came from neither the country of the telephone number nor of the address on record, 0
    from one of them.

    `found`: rows of form_identity.sql, one at most for each form.
    """
    home = of_zone(warehouse.manifest.time_zone)
    rows = found.column("asked_row").to_pylist()
    phones, addresses = (_plain(warehouse, found, name) for name in ("phone", "address"))
    off: list[int | None] = [None] * len(countries)
    for row, phone, address in zip(rows, phones, addresses, strict=True):
        known = of_phone(phone, home) | of_address(address)
        if known != NOWHERE and countries[row] is not None:
            off[row] = int(countries[row] not in known)
    return off


def _plain(warehouse: Warehouse, found: Any, name: str) -> list[str | None]:
    """A decrypted column; None where there is no key, or the text is spoilt."""
    from bankmine.customers.computed.text import decrypted

    sealed, owners = (found.column(one).to_pylist() for one in (name, "customer_id"))
    return decrypted(warehouse, sealed, owners, f"customer_identity.{name}") or [None] * len(owners)
