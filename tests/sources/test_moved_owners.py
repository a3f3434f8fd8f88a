"""An event corrected to another customer counts once, whoever names its owners, however it is delivered."""

from pathlib import Path

import pytest
from tiny import SQL, HandMade, payment, rejects

from bankmine.windows import events, snapshot, windows

GIVEN = SQL["transaction"].replace(
    "account AS account_id,",
    "account AS account_id, CASE account WHEN 'A2' THEN 2 ELSE 1 END AS customer_id,",
)
GIVEN = GIVEN.replace("id AS transaction_id,", "id AS transaction_id, 'K' AS card_id,")
EXPANDED = SQL["transaction"].replace("id AS transaction_id,", "id AS transaction_id, 'K' AS card_id,")
FIRST = payment(7, "A1", amount="500", known="2024-03-01")
MOVED = payment(7, "A2", amount="500", known="2024-03-05")
BACK = payment(7, "A1", amount="500", known="2024-03-09")
OTHER = payment(8, "A1", amount="70", known="2024-03-01")


@pytest.fixture(params=[EXPANDED, GIVEN], ids=["owners expanded", "customer given"])
def moving(request: pytest.FixtureRequest, tmp_path: Path) -> HandMade:
    bank = HandMade(tmp_path / "bank")
    (bank.mapping / "transaction.sql").write_text(request.param, encoding="utf-8")
    return bank


def deliver(bank: HandMade, *deliveries: list[str]) -> None:
    for lines in deliveries:
        bank.write("payments", lines)
        assert not rejects(bank.load())


def counted(bank: HandMade, day: str) -> tuple[int, int, int]:
    """What was spent in the month before a day: by the first customer, by the second, with the card."""
    found = []
    for key, domain, raws in (("customer_id", "customer", "12"), ("card_id", "card", "K")):
        spent = events("transaction", key=key).measure("base_minor")
        sums = windows(spent, over=["1mo"], aggregate=["sum"], name="s")
        keys = [bank.keyring.token(domain, raw) for raw in raws]
        at = [bank.warehouse.zone.parse(day)] * len(keys)
        found += [row["s_sum_1mo"] or 0 for row in snapshot(bank.warehouse, sums, keys, at).to_pylist()]
    first, second, card = found
    return first // 100, second // 100, card // 100


@pytest.mark.parametrize(
    "deliveries",
    [[[FIRST, OTHER, MOVED]], [[FIRST, OTHER], [MOVED]], [[FIRST, OTHER], [FIRST, OTHER, MOVED]]],
    ids=["one delivery", "a later load", "a later load that repeats"],
)
def test_a_payment_corrected_to_another_customer_counts_once(
    moving: HandMade, deliveries: list[list[str]]
) -> None:
    deliver(moving, *deliveries)
    assert counted(moving, "2024-03-04") == (570, 0, 570)
    assert counted(moving, "2024-03-20") == (70, 500, 570)
    deliver(moving, [FIRST, OTHER, MOVED, payment(9, "A2", amount="1", known="2024-03-01")])
    assert counted(moving, "2024-03-20") == (70, 501, 571)


@pytest.mark.parametrize(
    "deliveries",
    [[[FIRST, MOVED, BACK]], [[FIRST], [MOVED], [BACK]], [[FIRST], [MOVED, BACK]], [[FIRST, MOVED], [BACK]]],
)
def test_a_payment_that_comes_back_counts_for_its_first_customer(
    moving: HandMade, deliveries: list[list[str]]
) -> None:
    deliver(moving, *deliveries)
    assert [counted(moving, f"2024-03-{day}") for day in ("04", "08", "20")] == [
        (500, 0, 500), (0, 500, 500), (500, 0, 500),
    ]  # fmt: skip
    deliver(moving, [FIRST, MOVED, BACK, OTHER])
    assert counted(moving, "2024-03-20") == (570, 0, 570)


def test_a_cancelled_row_of_one_customer_says_nothing_of_another(moving: HandMade) -> None:
    deliver(moving, [FIRST, OTHER], [MOVED], [payment(8, amount="70", known="2024-03-07", cancelled="y")])
    assert counted(moving, "2024-03-20") == (0, 500, 500)
