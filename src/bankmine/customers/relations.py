"""The relations that versioned features aggregate: what was in force for each asked subject and cutoff.

Each relation is a view over `asked` (one row for each customer, cutoff and knowledge time) built from
`engine.asked.as_known_at`, so each asked row sees the versions valid at its cutoff and known by then,
and dates not yet past read as null. `asked_row` says which row it belongs to; `asked_day` is the civil
day of its cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bankmine.engine.asked import as_known_at, versions_known_at
from bankmine.engine.duck import literal

_PASSED_ON = "asked_cutoff, asked_known"


@dataclass(frozen=True)
class Relation:
    """The bank tables a relation reads, the relations it builds on, and its SELECT in a time zone.

    `key` is the key of the subjects it is asked about.
    """

    tables: tuple[str, ...]
    sql: Callable[[str], str]
    after: tuple[str, ...] = ()
    key: str = "customer_id"


def _with_day(body: str, zone: str) -> str:
    day = f"CAST(timezone({literal(zone)}, asked_cutoff) AS DATE) AS asked_day"
    return f"SELECT *, {day} FROM ({body})"


def _of_customer(table: str) -> Callable[[str], str]:
    return lambda zone: _with_day(as_known_at(table, key="customer_id", time_zone=zone), zone)


def _of_loan(table: str) -> Callable[[str], str]:
    return lambda zone: _with_day(as_known_at(table, key="loan_id", time_zone=zone), zone)


def _prospect(zone: str) -> str:
    """The form of each asked prospect; its rows name the prospect in the place of a customer."""
    return _with_day(as_known_at("prospect", key="prospect_id", time_zone=zone), zone)


def _owned(zone: str) -> str:
    """The accounts each asked customer owns, once each."""
    party = as_known_at("account_party", key="customer_id", time_zone=zone)
    return (
        f"SELECT DISTINCT asked_row, account_id AS asked_key, {_PASSED_ON} FROM ({party}) "
        "WHERE role IN ('owner', 'co-owner')"
    )


def _through(table: str, key: str, of: str, column: str) -> Callable[[str], str]:
    """A table reached by a key that another relation holds."""
    asked = f"(SELECT DISTINCT asked_row, {column} AS asked_key, {_PASSED_ON} FROM {of})"
    return lambda zone: _with_day(as_known_at(table, key=key, time_zone=zone, asked=asked), zone)


def _families(zone: str) -> str:
    """Products held, with their family."""
    product = _through("product", "product_code", "holding_asked", "product_code")(zone)
    return (
        "SELECT h.asked_row, h.asked_day, h.product_code, h.closed_on, p.family FROM holding_asked h "
        f"LEFT JOIN ({product}) p ON p.asked_row = h.asked_row AND p.product_code = h.product_code"
    )


def _customer_change(zone: str) -> str:
    """The versions of each asked customer, with the day each began and which facts it changed.

    Nothing changes with the first version, and what was not known before, or is not any more, has not
    changed; an employer counts as new also after a time without one.
    """
    versions = _with_day(versions_known_at("customer", key="customer_id", time_zone=zone), zone)
    day = f"CAST(timezone({literal(zone)}, valid_from) AS DATE) AS since_day"
    changed = ", ".join(
        f"coalesce({column} <> lag({column}) OVER began, FALSE) AS {name}"
        for name, column in (
            ("moved", "region_id"),
            ("band_changed", "income_band"),
            ("works_otherwise", "occupation"),
        )
    )
    hired = (
        "row_number() OVER began > 1 AND employer_id IS NOT NULL "
        "AND employer_id IS DISTINCT FROM lag(employer_id) OVER began AS hired"
    )
    return (
        f"SELECT asked_row, asked_day, {day}, {changed}, {hired} FROM ({versions}) "
        "WINDOW began AS (PARTITION BY asked_row ORDER BY valid_from)"
    )


def _ended_orders(zone: str) -> str:
    """Standing orders that had ended by the cutoff, with the day on which they did."""
    ended = as_known_at("standing_order", key="customer_id", time_zone=zone, ended=True)
    day = f"CAST(timezone({literal(zone)}, valid_to) AS DATE)"
    return f"SELECT *, asked_day - {day} AS days_since_end FROM ({_with_day(ended, zone)})"


def _rates(zone: str) -> str:
    """Savings and deposits held, with the rate paid for each and the rate such money has inside the bank."""
    rate = _through("rate_history", "product_code", "holding_asked", "product_code")(zone)
    return (
        "SELECT f.asked_row, f.asked_day, r.customer_rate, r.transfer_rate FROM family_asked f "
        f"JOIN ({rate}) r ON r.asked_row = f.asked_row AND r.product_code = f.product_code "
        "WHERE f.closed_on IS NULL AND f.family IN ('savings', 'deposit')"
    )


def _flags(zone: str) -> str:
    """Flags in force, with the days since each was set."""
    flag = as_known_at("customer_flag", key="customer_id", time_zone=zone)
    day = f"CAST(timezone({literal(zone)}, valid_from) AS DATE)"
    return f"SELECT *, asked_day - {day} AS days_since_set FROM ({_with_day(flag, zone)})"


def _region(zone: str) -> str:
    """The figures of the customer's region whose period began last before the cutoff."""
    region = _through("region", "region_id", "customer_asked", "region_id")(zone)
    return (
        f"SELECT * FROM ({region}) WHERE period_from <= asked_day "
        "QUALIFY row_number() OVER (PARTITION BY asked_row ORDER BY period_from DESC) = 1"
    )


RELATIONS: Mapping[str, Relation] = MappingProxyType(
    {
        "customer_asked": Relation(("customer",), _of_customer("customer")),
        "customer_change_asked": Relation(("customer",), _customer_change),
        "company_asked": Relation(("company",), _of_customer("company")),
        "owned_asked": Relation(("account_party",), _owned),
        "account_asked": Relation(
            ("account", "account_party"),
            _through("account", "account_id", "owned_asked", "asked_key"),
            after=("owned_asked",),
        ),
        "card_asked": Relation(("card",), _of_customer("card")),
        "holding_asked": Relation(("holding",), _of_customer("holding")),
        "family_asked": Relation(("holding", "product"), _families, after=("holding_asked",)),
        "standing_order_asked": Relation(("standing_order",), _of_customer("standing_order")),
        "loan_asked": Relation(("loan",), _of_customer("loan")),
        "order_ended_asked": Relation(("standing_order",), _ended_orders),
        "rate_asked": Relation(
            ("rate_history", "holding", "product"), _rates, after=("holding_asked", "family_asked")
        ),
        "customer_flag_asked": Relation(("customer_flag",), _flags),
        "consent_asked": Relation(("consent",), _of_customer("consent")),
        "prospect_asked": Relation(("prospect",), _prospect),
        "own_loan_asked": Relation(("loan",), _of_loan("loan"), key="loan_id"),
        "own_collateral_asked": Relation(("collateral",), _of_loan("collateral"), key="loan_id"),
        "region_asked": Relation(("region", "customer"), _region, after=("customer_asked",)),
    }
)


def order_of(wanted: list[str]) -> list[str]:
    """The relations wanted and those they build on, each after what it needs."""
    ordered: dict[str, None] = {}
    for name in wanted:
        ordered |= dict.fromkeys((*RELATIONS[name].after, name))
    return list(ordered)
