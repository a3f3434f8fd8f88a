"""The bank tables, declared once, one file a part of the bank.

Each file holds a tuple of `Table`s; `bank.catalogue` gathers them. The short builders here keep a
declaration to one line a column.
"""

from functools import partial

from bankmine.bank.columns import Column, Personal, Type

code = partial(Column, type=Type.CODE)
integer = partial(Column, type=Type.INTEGER)
real = partial(Column, type=Type.REAL)
boolean = partial(Column, type=Type.BOOLEAN)
date = partial(Column, type=Type.DATE)
instant = partial(Column, type=Type.INSTANT)
key = partial(Column, type=Type.KEY)
money = partial(Column, type=Type.MONEY, unit="minor units", personal=Personal.FINANCIAL)
secret = partial(Column, type=Type.TEXT, encrypted=True)


def customer_id(*, required: bool = True, references: str | None = "customer") -> Column:
    """The pseudonym of a customer."""
    return key(
        name="customer_id",
        domain="customer",
        references=references,
        required=required,
        personal=Personal.IDENTIFIER,
        sentence="Pseudonym of the customer.",
    )


def account_id(*, required: bool = True) -> Column:
    """The pseudonym of an account."""
    return key(
        name="account_id",
        domain="account",
        references="account",
        required=required,
        personal=Personal.IDENTIFIER,
        sentence="Pseudonym of the account.",
    )


def product_code(*, required: bool = False) -> Column:
    """The code of a product."""
    return code(name="product_code", references="product", required=required, sentence="Code of the product.")


IS_PRIMARY = boolean(
    name="is_primary",
    required=True,
    sentence="True on the row of the account's primary owner (lowest customer_id among the owners).",
)
