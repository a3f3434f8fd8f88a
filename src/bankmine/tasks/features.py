"""Which features of the catalogue a task takes: all the bank's tables allow, less what must not be used."""

from __future__ import annotations

from fnmatch import fnmatchcase

from bankmine.tasks.contract import Bank

NEVER = (
    "cutoff_month",  # a model trained on some months would learn the calendar
    "customer_gender",  # protected
    "customer_marital",  # protected in many countries
    "customer_region_id",  # its figures are features; the code itself invites redlining
    "customer_branch_id",
    "flag_deceased",
)


def customer_features(bank: Bank, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the customer's features that can be had at the run's cutoff; `without` are patterns."""
    from bankmine.customers.catalogue import CATALOGUE

    left_out = (*NEVER, *without)
    can = CATALOGUE.available(bank.warehouse, as_of=bank.cutoff)
    return tuple(
        name for name in can.names_of("customer") if not any(fnmatchcase(name, one) for one in left_out)
    )
