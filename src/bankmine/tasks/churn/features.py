"""What the questions of churn look at: one list of features for all, so that one matrix serves them.

Hundreds of features fit the past of a few hundred leavers and foretell little. These are the signs that the
literature and the bank's own people name: each a change against the own past, or a reason to leave.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

from bankmine.bank.warehouse import Warehouse
from bankmine.customers.catalogue import CATALOGUE, Catalogue
from bankmine.customers.themes.attrition import bank_features
from bankmine.engine.session import Session
from bankmine.tasks.contract import Bank

MOST_BANKS = 8
_NAMED = """
SELECT counterparty_bank
FROM customer_transaction
WHERE direction = 'out' AND channel = 'transfer' AND counterparty_bank <> $own_bank
GROUP BY counterparty_bank
ORDER BY count(transaction_id) DESC, counterparty_bank
LIMIT $most
"""
PATTERNS = (
    "age", "tenure", "customer_kind", "customer_occupation", "customer_income_band", "products_held_count",
    "product_days_since_last", "savings_held_count", "deposit_held_count", "fund_held_count",
    "card_held_count", "loan_held_count", "mortgage_held_count", "insurance_held_count",
    "accounts_open_count", "accounts_closed_count", "cards_count", "loans_running_count",
    "loan_instalment_sum", "loan_principal_sum", "standing_orders_count", "standing_orders_ended_count",
    "standing_order_days_since_end", "income_days_since_last_all", "income_lateness_12mo", "income_sum_1mo",
    "income_sum_change_3mo", "income_sum_level_1mo_of_12mo", "income_share_1mo", "income_share_3mo",
    "income_share_drop_3mo", "income_mean_12mo", "employer_days_since_change", "stated_total_1mo",
    "stated_total_to_3mo_before", "stated_total_to_6mo_before", "stated_total_to_11mo_before",
    "slope_of_balance_6mo", "balance_left_of_max_6mo", "balance_to_3mo_before", "balance_min_3mo",
    "balance_last_all", "balance_to_spending_3mo", "in_sum_1mo", "in_sum_3mo", "in_change_3mo",
    "out_change_3mo", "saved_share_3mo", "net_sum_3mo", "in_max_3mo", "out_max_3mo", "sent_to_received_3mo",
    "sent_share_3mo", "sent_sum_3mo", "sent_sum_1mo", "sent_count_3mo", "sent_sum_change_3mo",
    "sent_sum_level_3mo_of_12mo", "sent_max_level_1mo_of_12mo", "sent_max_1mo", "to_banks_share_3mo",
    "banks_paid_distinct_3mo", "sent_bank_share_*_3mo", "by_card_lateness_12mo",
    "by_card_days_since_last_all", "by_card_count_change_3mo", "by_card_count_level_1mo_of_6mo",
    "by_card_sum_level_3mo_of_12mo", "cards_used_distinct_3mo", "orders_paid_count_change_3mo",
    "orders_paid_sum_level_1mo_of_6mo", "transaction_days_since_last_all", "transaction_lateness_all",
    "transactions_change_3mo", "transactions_count_1mo", "transactions_count_12mo", "out_days_since_last_all",
    "cities_distinct_1mo", "cities_distinct_6mo", "digital_lateness_12mo", "digital_days_since_last_all",
    "digital_days_count_change_3mo", "digital_days_count_3mo", "logins_count_change_3mo",
    "logins_count_level_1mo_of_6mo", "rates_pages_count_30d", "rates_pages_count_90d",
    "product_pages_count_90d", "complaints_count_1mo", "complaints_count_3mo", "complaints_count_6mo",
    "complaints_count_12mo", "complaint_days_since_last_all", "complaint_open_days", "flag_complaint_open",
    "rating_last_all", "rating_mean_6mo", "calls_count_1mo", "calls_count_3mo", "calls_count_6mo",
    "region_days_since_change", "address_change_days_since_last_all", "savings_rate_gap", "savings_rate_held",
    "online_share_12mo", "transfer_in_max_3mo", "contacts_count_3mo", "flag_vulnerable",
)  # fmt: skip


def own_bank(bank: Bank) -> str:
    """The name under which the bank itself appears as the other side of a payment."""
    return str(bank.settings.get("own_bank", "own"))


def competitors(bank: Bank) -> str:
    """The competitors that count, between commas for the SQL; empty for all other banks."""
    given = bank.settings.get("competitors", "")
    names = [one.strip() for one in (given.split(",") if isinstance(given, str) else given)]
    named = [one for one in names if one]
    return f",{','.join(named)}," if named else ""


def churn_catalogue(bank: Bank) -> Catalogue:
    """The shipped catalogue with the share of each named bank in what is sent.

    One object a bank and cutoff, so that the questions share their matrix.
    """
    return _catalogue(bank.warehouse, bank.cutoff, own_bank(bank), bank.memory, bank.threads)


def churn_features(bank: Bank) -> tuple[str, ...]:
    """Names of the features above that the bank's tables allow, in the catalogue's order.

    What the shipped catalogue allows is judged once for all tasks; shares of named banks can be had where
    what is sent can.
    """
    can = set(CATALOGUE.available(bank.warehouse, as_of=bank.cutoff).names_of("customer"))
    if "sent_share_3mo" in can:
        can |= set(churn_catalogue(bank)) - set(CATALOGUE)
    wanted = [name for name in churn_catalogue(bank) if name in can]
    return tuple(name for name in wanted if any(fnmatchcase(name, one) for one in PATTERNS))


@cache
def _catalogue(warehouse: Warehouse, cutoff: int, own: str, memory: str, threads: int) -> Catalogue:
    if not warehouse.has("transaction"):
        return CATALOGUE
    with Session(warehouse, cutoff, until=cutoff, memory=memory, threads=threads) as session:
        found = session.arrow(_NAMED, {"own_bank": own, "most": MOST_BANKS})
    named = sorted(found.column("counterparty_bank").to_pylist())
    return Catalogue([*CATALOGUE.values(), *bank_features(named)]) if named else CATALOGUE
