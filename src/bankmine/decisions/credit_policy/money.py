"""What a credit earns when it is paid back and costs when it is not, in minor units; the price that covers
its risk.

`Terms` are the bank's own figures, a year each, as shares of the balance: funding f, cost c, capital K that
must be held, the return e its owners ask for, loss given default L, and a fixed cost F of each credit in
minor units.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.errors import ConfigurationError

Floats = NDArray[np.float64]
Figure = float | Floats
HIGHEST_RATE, HALVINGS = 5.0, 60
REVOLVING_MONTHS = 24


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The bank's figures; `rate` is charged where neither the policy nor the price list says another.

    Each is a number, or an array with one for each credit. All but `fixed_minor` are shares in [0, 1].
    """

    rate: Figure = 0.10
    funding: Figure = 0.03
    cost: Figure = 0.015
    loss_given_default: Figure = 0.45
    capital: Figure = 0.08
    hurdle: Figure = 0.12
    fixed_minor: Figure = 10_000.0

    def __post_init__(self) -> None:
        for one in fields(self):
            value = np.asarray(getattr(self, one.name))
            most = 1e12 if one.name == "fixed_minor" else 1
            if value.dtype.kind not in "if" or not ((value >= 0) & (value <= most)).all():
                raise ConfigurationError(
                    f"terms: {one.name} is {getattr(self, one.name)!r}",
                    hint="Give a share from 0 to 1, such as 0.03.",
                )

    @property
    def carrying(self) -> Floats:
        """Cost of a year's balance besides funding: c + K (e − f)."""
        above = np.maximum(np.subtract(self.hurdle, self.funding), 0.0)
        return np.asarray(self.cost + self.capital * above, dtype=np.float64)


@dataclass(frozen=True)
class TermsBook:
    """The usual terms, and those of products that have their own."""

    usual: Terms = field(default_factory=Terms)
    products: Mapping[str, Terms] = field(default_factory=dict)

    def of(self, products: Sequence[Any], list_rate: Floats, transfer_rate: Floats) -> Terms:
        """One figure for each credit, by product; the price list's rates where they are known (not NaN)."""
        each = [self.products.get(one, self.usual) for one in products]
        columns = {
            one.name: np.array([getattr(terms, one.name) for terms in each], dtype=np.float64)
            for one in fields(Terms)
        }
        columns["rate"] = np.where(np.isfinite(list_rate), list_rate, columns["rate"])
        columns["funding"] = np.where(np.isfinite(transfer_rate), transfer_rate, columns["funding"])
        return Terms(**columns)


def read_terms(path: Path | None) -> TermsBook:
    """The terms of a TOML file: any of their names, and `[products.CODE]` with what differs there.

    The usual ones without a file.
    """
    if path is None:
        return TermsBook()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as TOML: {error}", hint="Give names and shares."
        ) from None
    products = said.pop("products", {})
    usual = _terms(Terms(), said, f"{path}")
    if not isinstance(products, dict):
        raise ConfigurationError(f"{path}: products is {products!r}", hint="Write [products.CODE].")
    return TermsBook(usual, {name: _terms(usual, one, f"{path}, {name}") for name, one in products.items()})


def _terms(usual: Terms, said: Any, where: str) -> Terms:
    allowed = [one.name for one in fields(Terms)]
    if not isinstance(said, dict):
        raise ConfigurationError(f"{where} is {said!r}", hint=f"Give any of {', '.join(allowed)}.")
    unknown = sorted(set(said) - set(allowed))
    if unknown:
        raise ConfigurationError(f"{where} says {unknown[0]!r}", hint=f"Allowed: {', '.join(allowed)}.")
    return replace(usual, **said)


def instalment(rate: Any, months: Any) -> Floats:
    """Monthly instalment of a credit of 1 at a yearly rate: `i / (1 − (1 + i)^−n)`, i = rate / 12; 1/n
    without interest.
    """
    monthly, count = np.broadcast_arrays(np.asarray(rate, np.float64) / 12, np.asarray(months, np.float64))
    safe = np.where(monthly > 0, monthly, 1.0)
    return np.where(monthly > 0, safe / -np.expm1(-count * np.log1p(safe)), 1 / count)


def balance_years(rate: Any, months: Any) -> Floats:
    """Years for which a credit of 1 is outstanding, weighted by what is still owed: the sum of its balances
    / 12.

    Interest paid is rate × this, so it is (n × instalment − 1) / rate; (n + 1) / 24 without interest.
    """
    yearly, count = np.broadcast_arrays(np.asarray(rate, np.float64), np.asarray(months, np.float64))
    safe = np.where(yearly > 1e-9, yearly, 1.0)
    return np.where(yearly > 1e-9, (count * instalment(yearly, count) - 1) / safe, (count + 1) / 24)


def good_and_bad(amount_minor: Any, months: Any, rate: Any, terms: Terms) -> tuple[Floats, Floats]:
    """Minor units a credit brings where it is paid back, and where it goes bad (a loss: negative).

    Paid back: amount × balance-years × (rate − f − c − K (e − f)) − F. Gone bad: −amount × L − F; what was
    paid before is taken to be spent on chasing the rest. Missing months (a card): `REVOLVING_MONTHS`.
    """
    amount = np.asarray(amount_minor, np.float64)
    count = np.where(np.isfinite(months), months, REVOLVING_MONTHS).astype(np.float64)
    price = np.where(np.isfinite(rate), rate, terms.rate)
    spread = price - terms.funding - terms.carrying
    good = amount * balance_years(price, count) * spread - terms.fixed_minor
    bad = -amount * terms.loss_given_default - terms.fixed_minor
    return good, bad


def break_even(good: Floats, bad: Floats) -> Floats:
    """The chance of going bad at which a credit earns nothing: good / (good − bad); 0 where it never
    earns.
    """
    return np.where(good > 0, good / np.where(good > 0, good - bad, 1.0), 0.0)


def value_of(rate: Any, probability: Any, months: Any, terms: Terms, *, fixed_share: Any = 0.0) -> Floats:
    """Present value of a credit of 1 at a yearly rate, discounted at the funding rate; zero is the fair
    price.

    With a(r) the instalment, B the balance, h = 1 − (1 − PD)^(1/12) the monthly chance of default, S the
    chance of still paying and v = 1 / (1 + f/12):

        Σ v^t [ S_t a(r) + (S_{t−1} − S_t)(1 − L) B_{t−1} − S_{t−1} B_{t−1} (c + K (e − f)) / 12 ] − 1 − F /
        amount
    """
    shape = np.broadcast_shapes(*(np.shape(one) for one in (rate, probability, months, fixed_share)))
    yearly, chance, count, fixed = (
        np.broadcast_to(np.asarray(one, np.float64), shape)
        for one in (rate, probability, months, fixed_share)
    )
    monthly, stays = yearly / 12, (1 - chance) ** (1 / 12)
    pays, discount = instalment(yearly, count), 1 / (1 + terms.funding / 12)
    balance, alive, value = np.ones(shape), np.ones(shape), -1 - fixed
    for month in range(1, int(count.max(initial=0)) + 1):
        on = month <= count
        still = alive * stays
        gained = still * pays + (alive - still) * (1 - terms.loss_given_default) * balance
        gained = gained - alive * balance * terms.carrying / 12
        value = value + np.where(on, discount**month * gained, 0.0)
        balance = np.maximum(balance * (1 + monthly) - pays, 0.0)
        alive = still
    return np.asarray(value)


def price_for_risk(probability: Any, months: Any, amount_minor: Any, terms: Terms) -> Floats:
    """The yearly rate at which each credit just covers funding, cost, expected loss and capital (`value_of`
    = 0).

    `probability` is the chance of default within a year, in [0, 1]. NaN where no rate up to 500 % covers it,
    or where an input is missing. Found by halving, to 1e-17 of the range.
    """
    shape = np.broadcast_shapes(*(np.shape(one) for one in (probability, months, amount_minor)))
    chance, count, amount = (
        np.broadcast_to(np.asarray(one, np.float64), shape) for one in (probability, months, amount_minor)
    )
    known = np.isfinite(chance) & np.isfinite(amount) & (amount > 0)
    count = np.where(np.isfinite(count), count, REVOLVING_MONTHS)
    fixed = terms.fixed_minor / np.where(known, amount, 1.0)
    low, high = np.zeros(shape), np.full(shape, HIGHEST_RATE)
    chance = np.where(known, chance, 0.0)
    possible = known & (value_of(high, chance, count, terms, fixed_share=fixed) >= 0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = value_of(middle, chance, count, terms, fixed_share=fixed) >= 0
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(possible, high, np.nan)
