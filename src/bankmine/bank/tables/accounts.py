"""Accounts, who owns them, cards, holdings, balances, transactions and standing orders."""

from dataclasses import replace

from bankmine.bank.columns import Kind, Personal, Projection, Table
from bankmine.bank.tables import (
    IS_PRIMARY, account_id, code, customer_id, date, key, money, product_code, real, secret,
)  # fmt: skip

BEHAVIOUR = Personal.BEHAVIOUR
LOCATION = Personal.LOCATION
_NARROW = ("amount_minor", "base_minor", "direction", "status", "channel", "category")
_SECOND_KEYS = ("card_id", "terminal_id", "merchant_id", "account_id", "device_id", "pair_id")

TABLES = (
    Table(
        name="account", kind=Kind.VERSIONED, primary_key=("account_id",), sentence="An account.",
        columns=(
            replace(account_id(), references=None),
            product_code(),
            code(name="branch_id", references="branch", sentence="Branch that keeps the account."),
            date(name="opened_on", required=True, sentence="Day of opening."),
            date(name="closed_on", sentence="Day of closing; empty while open."),
            code(name="currency", required=True, sentence="ISO 4217 code."),
            money(name="overdraft_limit_minor", minimum=0, sentence="Agreed overdraft."),
        ),
    ),
    Table(
        name="account_party", kind=Kind.VERSIONED, primary_key=("account_id", "customer_id", "role"),
        sentence="Who may do what with an account.",
        columns=(
            account_id(),
            customer_id(),
            code(name="role", required=True, allowed=("owner", "co-owner", "authorised"), sentence="Role at the account."),
        ),
    ),
    Table(
        name="card", kind=Kind.VERSIONED, primary_key=("card_id",), sentence="A payment card.",
        columns=(
            key(name="card_id", domain="card", required=True, personal=Personal.IDENTIFIER, sentence="Pseudonym of the card."),
            account_id(required=False),
            customer_id(),
            code(name="kind", sentence="Kind of card."),
            date(name="issued_on", sentence="Day of issue."),
            date(name="expires_on", sentence="Last day of validity."),
            date(name="closed_on", sentence="Day of closing."),
            money(name="limit_minor", minimum=0, sentence="Credit or spending limit."),
            code(name="status", sentence="Status."),
        ),
    ),
    Table(
        name="holding", kind=Kind.VERSIONED, primary_key=("customer_id", "product_code", "opened_on"),
        sentence="A product a customer holds or held.",
        columns=(
            customer_id(),
            product_code(required=True),
            date(name="opened_on", required=True, sentence="Day of opening."),
            date(name="closed_on", sentence="Day of closing; empty while held."),
        ),
    ),
    Table(
        name="balance", kind=Kind.EVENT, primary_key=("account_id", "event_time"), per_owner=True,
        sentence="Balance of an account at an instant.",
        columns=(
            account_id(), customer_id(), IS_PRIMARY,
            money(name="balance_minor", required=True, sentence="Balance in the bank's base currency."),
        ),
    ),
    Table(
        name="transaction", kind=Kind.EVENT, primary_key=("transaction_id",), per_owner=True,
        projections=tuple(Projection(name, _NARROW) for name in _SECOND_KEYS),
        sentence="Money that moved, or tried to, on an account or card.",
        columns=(
            key(name="transaction_id", domain="transaction", required=True, sentence="Token of the transaction."),
            account_id(required=False), customer_id(), IS_PRIMARY,
            key(name="initiated_by", domain="customer", personal=Personal.IDENTIFIER, sentence="Customer who gave the order."),
            key(name="card_id", domain="card", personal=Personal.IDENTIFIER, sentence="Card used."),
            money(name="amount_minor", required=True, minimum=0, sentence="Amount in the transaction's currency, never negative."),
            code(name="currency", required=True, sentence="ISO 4217 code of the amount."),
            money(name="base_minor", required=True, minimum=0, sentence="Amount in the bank's base currency."),
            code(name="direction", required=True, allowed=("in", "out"), sentence="Into or out of the customer's account."),
            code(name="channel", personal=BEHAVIOUR, sentence="Way the transaction was made."),
            code(name="entry_mode", personal=BEHAVIOUR, sentence="How the card was read."),
            code(name="status", required=True, allowed=("authorised", "declined", "booked"), sentence="What became of it."),
            key(name="reversal_of", domain="transaction", sentence="Transaction this one reverses."),
            code(name="category", personal=BEHAVIOUR, sentence="What it was for."),
            code(name="mcc", personal=BEHAVIOUR, sentence="Merchant category code (ISO 18245)."),
            key(name="merchant_id", domain="merchant", personal=BEHAVIOUR, sentence="Token of the merchant."),
            key(name="terminal_id", domain="terminal", personal=BEHAVIOUR, sentence="Token of the terminal."),
            code(name="city", personal=LOCATION, sentence="City."),
            real(name="lat", unit="degrees", minimum=-90, maximum=90, personal=LOCATION, sentence="Latitude."),
            real(name="lon", unit="degrees", minimum=-180, maximum=180, personal=LOCATION, sentence="Longitude."),
            code(name="country", personal=LOCATION, sentence="Country, ISO 3166."),
            key(name="counterparty_id", domain="counterparty", personal=Personal.IDENTIFIER, sentence="Token of the other side's account."),
            code(name="counterparty_bank", personal=BEHAVIOUR, sentence="Bank of the other side."),
            money(name="balance_after_minor", sentence="Balance of the account after the booking, in the base currency."),
            key(name="device_id", domain="device", personal=Personal.IDENTIFIER, sentence="Token of the device used."),
            secret(name="description", personal=Personal.FREE_TEXT, sentence="Text of the booking."),
            key(name="pair_id", domain="pair", pair_of=("account_id", "counterparty_id"), personal=Personal.IDENTIFIER, sentence="Token of the account and the other side's account together."),
        ),
    ),
    Table(
        name="standing_order", kind=Kind.VERSIONED, primary_key=("order_id", "customer_id"), per_owner=True,
        sentence="A payment ordered to recur.",
        columns=(
            key(name="order_id", domain="standing_order", required=True, sentence="Token of the order."),
            account_id(), customer_id(), IS_PRIMARY,
            code(name="counterparty_bank", personal=BEHAVIOUR, sentence="Bank of the other side."),
            money(name="amount_minor", required=True, minimum=0, sentence="Amount of one payment in the base currency."),
            code(name="category", personal=BEHAVIOUR, sentence="What it is for."),
        ),
    ),
    Table(
        name="counterparty", kind=Kind.VERSIONED, primary_key=("counterparty_id",),
        sentence="An account at this or another bank that customers deal with.",
        columns=(
            key(name="counterparty_id", domain="counterparty", required=True, personal=Personal.IDENTIFIER, sentence="Token of the account."),
            code(name="bank", sentence="Its bank."),
            key(name="account_token", domain="foreign_account", personal=Personal.IDENTIFIER, sentence="Token of the account number."),
            key(name="resolved_customer_id", domain="customer", references="customer", personal=Personal.IDENTIFIER, sentence="Customer behind it, where known."),
        ),
    ),
)  # fmt: skip
