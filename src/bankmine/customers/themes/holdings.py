"""What a customer holds at the cutoff: accounts, products, cards, loans, standing orders."""

from __future__ import annotations

from functools import partial

from bankmine.bank.tables.reference import PRODUCT_FAMILIES
from bankmine.customers.feature import Direction, Feature
from bankmine.customers.themes import versioned

THEME = "holdings"
CLOSER, RISKIER = Direction.CLOSER, Direction.RISKIER
MONEY = "minor units"
RUNNING = "status IN ('running', 'running_in_debt')"
UNPAID = "status IN ('running_in_debt', 'finished_unpaid', 'written_off')"


def _accounts() -> list[Feature]:
    account = partial(versioned, THEME, relation="account")
    opened = ["account.opened_on", "account_party.role"]
    return [
        account(
            name="accounts_open_count", expression="count(*) FILTER (closed_on IS NULL)",
            columns=opened, unit="accounts", zero=True, direction=CLOSER,
            sentence="Number of open accounts the customer owns at the cutoff.",
        ),
        account(
            name="accounts_closed_count", expression="count(closed_on)", zero=True,
            columns=["account.closed_on", "account_party.role"], unit="accounts", direction=Direction.FARTHER,
            sentence="Number of accounts the customer owned that were closed before the cutoff.",
        ),
        account(
            name="account_age", expression="max(asked_day - opened_on)", columns=opened, unit="days",
            direction=CLOSER, sentence="Days since the customer's oldest account was opened.",
        ),
        account(
            name="overdraft_limit_sum", expression="sum(overdraft_limit_minor)", unit=MONEY,
            columns=["account.overdraft_limit_minor", "account_party.role"],
            sentence="Sum of the overdrafts agreed on the customer's accounts.",
        ),
    ]  # fmt: skip


def _products() -> list[Feature]:
    held = "count(DISTINCT product_code) FILTER (closed_on IS NULL)"
    families = [
        versioned(
            THEME, f"{family}_held_count", f"{held[:-1]} AND family = '{family}')", relation="family",
            columns=["holding.product_code", "product.family"], unit="products", zero=True, direction=CLOSER,
            sentence=f"Number of different products of the family {family} held at the cutoff.",
        )
        for family in PRODUCT_FAMILIES
    ]  # fmt: skip
    return [
        versioned(
            THEME, "products_held_count", held, relation="holding", columns=["holding.product_code"],
            unit="products", zero=True, direction=CLOSER,
            sentence="Number of different products the customer holds at the cutoff.",
        ),
        versioned(
            THEME, "product_days_since_last", "min(asked_day - opened_on)", relation="holding",
            columns=["holding.opened_on"], unit="days",
            sentence="Days since the customer last took a product.",
        ),
        *families,
    ]  # fmt: skip


def _cards() -> list[Feature]:
    usable = "closed_on IS NULL AND (expires_on IS NULL)"
    return [
        versioned(
            THEME, "cards_count", f"count(*) FILTER ({usable})", relation="card", columns=["card.card_id"],
            unit="cards", zero=True, direction=CLOSER,
            sentence="Number of cards the customer has at the cutoff, neither closed nor expired.",
        ),
        versioned(
            THEME, "card_days_since_first", "max(asked_day - issued_on)", relation="card",
            columns=["card.issued_on"], unit="days", direction=CLOSER,
            sentence="Days since the customer's first card was issued.",
        ),
        versioned(
            THEME, "card_limit_sum", "sum(limit_minor)", relation="card", columns=["card.limit_minor"],
            unit=MONEY, direction=CLOSER, sentence="Sum of the limits of the customer's cards.",
        ),
        versioned(
            THEME, "card_kind", "max_by(kind, (issued_on, card_id))", relation="card", columns=["card.kind"],
            unit="code", sentence="Kind of the customer's latest card.",
        ),
    ]  # fmt: skip


def _if_known(column: str, expression: str, rows: str = "true") -> str:
    """The expression where the column is known of every row (that meets a condition), else missing."""
    return f"CASE WHEN count(*) FILTER ({rows}) = count({column}) FILTER ({rows}) THEN {expression} END"


def _loans() -> list[Feature]:
    loan = partial(versioned, THEME, relation="loan")
    lent = _if_known("status", f"coalesce(sum(principal_minor) FILTER ({RUNNING}), 0)")
    due = f"coalesce(sum(instalment_minor) FILTER ({RUNNING}), 0)"
    return [
        loan(
            "loans_running_count", _if_known("status", f"count(*) FILTER ({RUNNING})"),
            columns=["loan.status"], unit="loans", zero=True,
            sentence="Number of loans running at the cutoff, as the bank then knew them.",
        ),
        loan(
            "loans_granted_count", "count(granted_on)", columns=["loan.granted_on"], unit="loans", zero=True,
            sentence="Number of loans granted before the cutoff.",
        ),
        loan(
            "loan_days_since_last", "min(asked_day - granted_on)", columns=["loan.granted_on"], unit="days",
            sentence="Days since the customer's last loan was granted.",
        ),
        loan(
            "loans_in_debt_count", _if_known("status", f"count(*) FILTER ({UNPAID})"),
            columns=["loan.status"], unit="loans", zero=True, direction=RISKIER,
            sentence="Number of the customer's loans known to be in debt or unpaid.",
        ),
        loan(
            "loan_principal_sum", lent, columns=["loan.principal_minor", "loan.status"], unit=MONEY,
            zero=True,
            sentence="Sum lent on the customer's running loans.",
        ),
        loan(
            "loan_instalment_sum", _if_known("status", _if_known("instalment_minor", due, RUNNING)),
            columns=["loan.instalment_minor", "loan.status"], unit=MONEY, zero=True,
            sentence="Sum of the instalments of the customer's running loans.",
        ),
    ]  # fmt: skip


def _orders() -> list[Feature]:
    order = partial(versioned, THEME, relation="standing_order", zero=True)
    amount = ["standing_order.amount_minor"]
    return [
        order(
            name="standing_orders_count", expression="count(*)", columns=amount, unit="orders",
            direction=CLOSER, sentence="Number of the customer's standing orders at the cutoff.",
        ),
        order(
            name="standing_orders_sum", expression="sum(amount_minor)", columns=amount, unit=MONEY,
            direction=CLOSER, sentence="Sum of one payment of each standing order at the cutoff.",
        ),
        order(
            name="standing_orders_household_sum", unit=MONEY, direction=CLOSER,
            expression="coalesce(sum(amount_minor) FILTER (category = 'household'), 0)",
            columns=[*amount, "standing_order.category"],
            sentence="Sum of one payment of each standing order for the household.",
        ),
        order(
            name="standing_orders_bank_count", expression="count(DISTINCT counterparty_bank)",
            columns=["standing_order.counterparty_bank"], unit="banks",
            sentence="Number of different banks the standing orders pay to.",
        ),
    ]  # fmt: skip


FEATURES = (*_accounts(), *_products(), *_cards(), *_loans(), *_orders())
