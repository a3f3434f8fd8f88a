"""Amounts in foreign currencies as amounts in the bank's own, once, in the load.

A mapping's `rate.sql` gives `currency, day, rate`: units of the bank's currency for one unit of the other.
An amount takes the last rate of its civil day or before, exactly, rounded half to even, between the minor
units ISO 4217 gives each currency. Without a rate there is no base amount, and the row is a reject.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bankmine.bank.civil import Zone
from bankmine.errors import ConfigurationError
from bankmine.sources.currencies import MINOR_UNITS
from bankmine.sources.faults import fault, told
from bankmine.sources.mapping import RATES, Mapping

if TYPE_CHECKING:
    import duckdb

    from bankmine.sources.shaping import Place

_EPOCH = date(1970, 1, 1)


def in_minor(amount_minor: int, rate: Fraction, currency: str, base: str) -> int:
    """An amount in minor units of `base`; `rate` is units of base for one unit of `currency`.

    100.05 JPY do not exist: minor units are those of ISO 4217 (JPY 0, EUR 2, KWD 3).
    """
    scale = Fraction(10) ** (MINOR_UNITS[base] - MINOR_UNITS[currency])
    return round(amount_minor * rate * scale)


@dataclass(frozen=True)
class Rates:
    """The rates of each currency: days since 1970, ascending, and the rate from each on."""

    base: str
    zone: Zone
    days: dict[str, list[int]]
    rates: dict[str, list[Fraction]]

    def at(self, currency: str, day: int) -> Fraction | None:
        """The last rate of that day or before."""
        place = bisect_right(self.days.get(currency, []), day)
        return self.rates[currency][place - 1] if place else None

    def convert(self, own: Any, amounts: Any, currencies: Any, times: Any) -> Any:
        """Fills the nulls of `own` (amounts already in the bank's currency) where there is a rate."""
        import numpy as np
        import pyarrow as pa

        filled = own.cast("int64").to_pylist()
        foreign = [place for place, value in enumerate(filled) if value is None]
        us = np.array([times[place].cast("int64").as_py() or 0 for place in foreign], np.int64)
        for place, day in zip(foreign, self.zone.day_of(us).tolist(), strict=True):
            amount, currency = amounts[place].as_py(), currencies[place].as_py()
            rate = self.at(currency, day) if currency in MINOR_UNITS else None
            if amount is not None and rate is not None and times[place].is_valid:
                filled[place] = in_minor(amount, rate, currency, self.base)
        return pa.array(filled, pa.int64())


def rates_of(connection: duckdb.DuckDBPyConnection, mapping: Mapping, place: Place) -> Rates | None:
    """The rates a mapping gives, None where it has no `rate.sql`; ConfigurationError where it is no good."""
    if RATES not in mapping.sql:
        return None
    with told(lambda error: _no_rates(mapping, error)):
        rows = connection.execute(
            "SELECT CAST(currency AS VARCHAR), CAST(day AS DATE), CAST(rate AS VARCHAR) "
            f"FROM ({mapping.sql[RATES].strip().rstrip(';')}) ORDER BY ALL"
        ).fetchall()
    days: dict[str, list[int]] = {}
    rates: dict[str, list[Fraction]] = {}
    for currency, day, rate in rows:
        days.setdefault(currency, []).append((day - _EPOCH).days)
        rates.setdefault(currency, []).append(Fraction(rate))
    return Rates(place.currency, place.zone, days, rates)


def _no_rates(mapping: Mapping, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"{mapping.folder / RATES}.sql fails: {fault(error)}",
        hint="Let it give the columns currency, day and rate.",
    )
