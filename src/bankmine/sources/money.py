"""Amounts in foreign currencies as amounts in the bank's own, once, in the load.

A mapping's `rate.sql` gives `currency, day, rate`: units of the bank's currency for one unit of the other.
An amount takes the last rate of its civil day or before, exactly, rounded half to even, between the minor
units ISO 4217 gives each currency (JPY 0, EUR 2, KWD 3). Without a rate there is no base amount, and the row
is a reject.
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
        import pyarrow.compute as pc

        own = own.cast("int64")
        whole = pc.and_(pc.and_(pc.is_valid(amounts), pc.is_valid(currencies)), pc.is_valid(times))
        place = np.flatnonzero(pc.and_(pc.is_null(own), whole))
        rows = pa.array(place)
        days = self.zone.day_of(times.take(rows).cast("int64").to_numpy()).tolist()
        filled: list[int | None] = []
        per_unit: dict[tuple[str, int], tuple[int, int] | None] = {}
        for key, amount in zip(
            zip(currencies.take(rows).to_pylist(), days, strict=True),
            amounts.take(rows).to_pylist(),
            strict=True,
        ):
            if key not in per_unit:
                per_unit[key] = self._minor_units(*key)
            rate = per_unit[key]
            filled.append(None if rate is None else _half_even(amount * rate[0], rate[1]))
        index = np.arange(len(own))
        index[place] = np.arange(len(place)) + len(own)
        return pa.concat_arrays([own, pa.array(filled, pa.int64())]).take(pa.array(index))

    def _minor_units(self, currency: str, day: int) -> tuple[int, int] | None:
        """The bank's minor units for one of the currency's that day, as numerator and denominator."""
        rate = self.at(currency, day) if currency in MINOR_UNITS else None
        return None if rate is None else (rate * _scale(currency, self.base)).as_integer_ratio()


def _scale(currency: str, base: str) -> Fraction:
    """Minor units of `base` in a unit of it, for one minor unit of `currency` in a unit of that."""
    return Fraction(10) ** (MINOR_UNITS[base] - MINOR_UNITS[currency])


def _half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to the fraction; halves go to the even one. The denominator is positive."""
    below, rest = divmod(numerator, denominator)
    return below + (2 * rest > denominator or (2 * rest == denominator and below % 2))


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
