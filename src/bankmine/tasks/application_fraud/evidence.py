"""Which evidence speaks of a false application, in groups that are weighed against each other.

What the table does not name is not read: age, gender, marital status and place are not in it, nor is the
country of the internet address itself, which stands for an origin; that it is not the customer's usual one,
not the bank's own, or not that of the telephone number and address on record is.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from bankmine.bank.warehouse import Warehouse
from bankmine.tasks.contract import Bank

FORM, FALSE, TRACES, VELOCITY, NETWORK = GROUPS = (
    "form", "contradictions", "traces", "velocity", "network",
)  # fmt: skip
WORDS = {
    FORM: "what is asked for, and the customer's time with the bank",
    FALSE: "contradictions between text, form, accounts, records, bureau and network, and near-copies of "
    "texts",
    TRACES: "how the form was filled in: time a field, pastes, edits, device, country, hour",
    VELOCITY: "applications by others with the same phone, device, address or employer in 1, 7, 30 and 90 "
    "days",
    NETWORK: "components, their growth, new neighbours, neighbours known to be bad",
}
TABLE = (
    ("app_amount", FORM), ("app_term_months", FORM), ("app_stated_income", FORM), ("app_product", FORM),
    ("app_channel", FORM), ("app_amount_to_income", FORM), ("app_instalment_to_income", FORM),
    ("app_earlier_count_*", FORM), ("tenure", FORM), ("app_income_to_paid_income", FALSE),
    ("text_purpose", ""), ("text_*", FALSE), ("form_employer_differs", FALSE), ("form_*", TRACES),
    ("velocity_*", VELOCITY), ("net_cut_short", ""), ("net_sum_*", ""), ("net_*", NETWORK),
)  # fmt: skip
WITHOUT = {
    "party_link": "households, guarantors and owners are not known, and a family that shares a telephone may "
    "look like a ring",
    "digital_event": "how forms were filled in is not known, nor whether device and country are usual",
    "customer_identity": "the country a form came from is not compared with telephone and address",
    "customer": "employer and occupation on record are not compared",
    "transaction": "income paid in is not compared, and transfers join nobody",
    "loan_event": "neighbours whose loans went bad are not known",
    "bureau_report": "loans elsewhere are not compared with what was written",
}
NO_TEXTS = "No purposes of applications can be read: contradictions of texts and near-copies are left out."
RULE = (
    "text_contradictions", "form_employer_differs", "form_device_new", "form_country_away",
    "velocity_phone_90d", "velocity_device_90d",
)  # fmt: skip
RULE_WORDS = (
    "contradictions, another employer than on record, a new device, an unusual country, and applications "
    "by others "
    "with the same phone or device in 90 days, added up"
)


def group_of(name: str) -> str:
    """The group that reads a column; empty where none does."""
    return next((group for pattern, group in TABLE if fnmatchcase(name, pattern)), "")


def columns_of(names: Iterable[str], group: str) -> tuple[str, ...]:
    """Those of the names that a group reads, in their order."""
    return tuple(name for name in names if group_of(name) == group)


def readable(bank: Bank) -> tuple[str, ...]:
    """The columns of all groups that this bank's tables allow, in the catalogue's order."""
    from bankmine.customers.catalogue import CATALOGUE

    can = CATALOGUE.available(bank.warehouse, as_of=bank.cutoff).names_for_credit("application")
    return tuple(name for name in can if group_of(name))


def tables_lacking(warehouse: Warehouse, names: Iterable[str]) -> list[str]:
    """A sentence for each table the evidence goes without, and for purposes that cannot be read."""
    said = [
        f"This bank has no {table}: {words}." for table, words in WITHOUT.items() if not warehouse.has(table)
    ]
    readable_texts = any(name.startswith("text_") for name in names) and warehouse.keyring is not None
    return said if readable_texts else [*said, NO_TEXTS]


def left_out(names: Iterable[str]) -> list[str]:
    """A sentence for each group of which the bank has nothing."""
    given = {group_of(name) for name in names}
    return [f"No evidence of {group} ({WORDS[group]}): left out." for group in GROUPS if group not in given]
