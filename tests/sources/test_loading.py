"""What a load makes of extracts: keys, times, owners, secrets, versions."""

from datetime import date
from pathlib import Path

import pytest
from tiny import HandMade, payment, rejects

from bankmine.bank.civil import Zone
from bankmine.sources import LoadResult, history, loads

PRAGUE = Zone("Europe/Prague")


def instants(bank: HandMade, number: object) -> list[tuple[str, str]]:
    """(event_time, known_at) of the versions of a payment, as civil times."""
    token = bank.keyring.token("transaction", str(number))
    found = bank.rows(
        "SELECT epoch_us(event_time) AS event, epoch_us(known_at) AS known FROM transaction_versions "
        f"WHERE transaction_id = {token} AND is_primary ORDER BY known_at"
    )
    return [(PRAGUE.show(row["event"]), PRAGUE.show(row["known"])) for row in found]


def test_raw_keys_become_tokens_of_their_domain(bank: HandMade) -> None:
    bank.load()
    row = bank.rows("SELECT * FROM transaction ORDER BY seq LIMIT 1")[0]
    assert row["account_id"] == bank.keyring.token("account", "A1")
    assert row["customer_id"] == bank.keyring.token("customer", "1")
    assert {one["transaction_id"] for one in bank.rows("SELECT * FROM transaction")} == {
        bank.keyring.token("transaction", number) for number in range(1, 6)
    }


def test_a_date_happens_at_local_midnight_and_is_known_at_the_next(bank: HandMade) -> None:
    bank.write("payments", [payment(1, day="2024-03-31")])  # the day has 23 hours
    bank.load()
    assert instants(bank, 1) == [("2024-03-31", "2024-04-01")]


def test_a_time_is_local_and_known_at_once(bank: HandMade) -> None:
    bank.write("payments", [payment(1, day="2024-03-31 14:30:00"), payment(2, day="2024-03-31T12:30:00Z")])
    bank.load()
    assert instants(bank, 1) == [("2024-03-31T14:30", "2024-03-31T14:30")]
    assert instants(bank, 2) == [("2024-03-31T14:30", "2024-03-31T14:30")]


def test_a_stated_time_of_knowledge_is_kept_and_a_mere_day_of_it_ends_at_midnight(bank: HandMade) -> None:
    lines = [payment(1, known="2024-03-04 08:00:00"), payment(2, known="2024-03-04")]
    bank.write("payments", lines)
    bank.load()
    assert instants(bank, 1) == [("2024-03-01", "2024-03-04T08:00")]
    assert instants(bank, 2) == [("2024-03-01", "2024-03-05")]


def test_undated_rows_are_known_from_the_extract_and_the_load_says_so(bank: HandMade) -> None:
    bank.write("orders", ["O1,A1,100.00"])
    result = bank.load()
    row = bank.rows("SELECT epoch_us(valid_from) AS f, epoch_us(known_at) AS k FROM standing_order")[0]
    assert (PRAGUE.show(row["f"]), PRAGUE.show(row["k"])) == ("2024-07-01", "2024-07-01")
    assert "1 rows say no date" in " ".join(result.load.tables["standing_order"].notes)
    assert bank.rows("SELECT * FROM standing_order", as_of="2024-06-30") == []


def test_an_event_is_written_once_for_each_owner_at_its_time(bank: HandMade) -> None:
    days = {1: "2024-01-15", 2: "2024-02-15", 3: "2024-05-01"}  # Jan is co-owner from February to April
    bank.write("payments", [payment(number, "A3", day) for number, day in days.items()])
    bank.load()
    anna, jan = bank.keyring.token("customer", 1), bank.keyring.token("customer", 2)
    owners = {
        number: {
            row["customer_id"]: row["is_primary"]
            for row in bank.rows(
                "SELECT * FROM customer_transaction "
                f"WHERE transaction_id = {bank.keyring.token('transaction', number)}"
            )
        }
        for number in days
    }
    assert owners == {1: {anna: True}, 2: {min(anna, jan): True, max(anna, jan): False}, 3: {anna: True}}
    assert bank.rows("SELECT count(*) AS n FROM transaction") == [{"n": 3}]


def test_an_account_with_more_than_eight_owners_keeps_only_the_primary(bank: HandMade) -> None:
    bank.write("people", [f"{n},Name {n},1980,2024-01-01" for n in range(1, 11)])
    bank.write("parties", [f"A1,{n},{'owner' if n == 1 else 'co-owner'},2024-01-01," for n in range(1, 10)])
    bank.load()
    assert bank.rows("SELECT count(*) AS n FROM customer_transaction") == [{"n": 5}]
    lowest = min(bank.keyring.token("customer", n) for n in range(1, 10))
    assert {row["customer_id"] for row in bank.rows("SELECT customer_id FROM transaction")} == {lowest}


def test_names_and_texts_are_encrypted_under_each_owner(bank: HandMade) -> None:
    bank.write("payments", [payment(1, "A3", "2024-02-15", text="gift for Eva")])
    bank.load()
    for row in bank.rows("SELECT customer_id, description FROM customer_transaction"):
        opened = bank.keyring.decrypt([row["description"]], [row["customer_id"]], "transaction.description")
        assert opened == ["gift for Eva"]
    everything = b"".join(
        path.read_bytes()
        for path in bank.folder.rglob("*")
        if "extracts" not in path.parts and path.is_file()
    )
    for secret in ("gift for Eva", "Nováková", "Novák"):
        assert secret.encode() not in everything
    names = bank.rows("SELECT customer_id, name FROM customer_identity")
    opened = bank.keyring.decrypt(
        [row["name"] for row in names], [row["customer_id"] for row in names], "customer_identity.name"
    )
    assert sorted(filter(None, opened)) == ["Anna Nováková", "Jan Novák"]


def test_seq_is_the_rank_of_the_key_never_the_order_of_the_file(bank: HandMade, tmp_path: Path) -> None:
    other = HandMade(tmp_path / "other")
    lines = [payment(number) for number in (10, 9, 2, 100)]
    bank.write("payments", lines)
    other.write("payments", lines[::-1])
    for one in (bank, other):
        one.load()
        ranks = {row["transaction_id"]: row["seq"] for row in one.rows("SELECT * FROM transaction")}
        assert [ranks[one.keyring.token("transaction", n)] for n in (2, 9, 10, 100)] == [1, 2, 3, 4]


def test_the_same_delivery_again_is_recognised(bank: HandMade) -> None:
    first = bank.load()
    before = bank.state()
    again = bank.load()
    assert again.already
    assert again.load == first.load
    assert bank.state() == before
    assert list(again.lines()) == ["Already loaded as load 1; nothing to do."]


def test_the_same_extracts_under_the_same_keys_give_equal_warehouses(bank: HandMade, tmp_path: Path) -> None:
    bank.load()
    other = HandMade(tmp_path / "other")
    other.load(keys=bank.config.keys)
    assert other.warehouse.fingerprint == bank.warehouse.fingerprint
    for file in (bank.folder / "warehouse").rglob("*.parquet"):
        twin = tmp_path / "other" / file.relative_to(bank.folder)
        assert twin.read_bytes() == file.read_bytes()


def test_a_further_delivery_adds_only_what_is_new(bank: HandMade) -> None:
    bank.load()
    bank.write("payments", [payment(number) for number in range(1, 9)])
    second = bank.load()
    assert second.load.tables["transaction"].rows == 3
    assert second.load.tables["transaction"].unchanged == 5
    assert second.load.tables["customer"].rows == 0
    assert bank.rows("SELECT count(*) AS n FROM transaction") == [{"n": 8}]


def test_a_correction_counts_from_when_it_was_known(bank: HandMade) -> None:
    bank.load()
    bank.write("payments", [payment(1, amount="99.00", known="2024-04-01 00:00:00")])
    bank.load()
    token = bank.keyring.token("transaction", 1)
    amount = f"SELECT amount_minor AS a FROM transaction WHERE transaction_id = {token}"
    assert bank.rows(amount, as_of="2024-03-31") == [{"a": 1000}]
    assert bank.rows(amount, as_of="2024-04-01") == [{"a": 9900}]
    assert bank.rows("SELECT count(*) AS n FROM transaction") == [{"n": 5}]


def test_a_correction_takes_the_event_from_an_owner_it_no_longer_has(bank: HandMade) -> None:
    bank.write("payments", [payment(1, "A3", "2024-02-15"), payment(2, "A3", "2024-02-15")])
    bank.load()
    bank.write("payments", [payment(1, "A3", "2024-05-02", known="2024-06-01 00:00:00")])  # Jan left in May
    assert bank.load().load.tables["transaction"].rows == 2
    token = bank.keyring.token("transaction", 1)
    owners = f"SELECT customer_id FROM customer_transaction WHERE transaction_id = {token}"
    assert len(bank.rows(owners, as_of="2024-05-31")) == 2
    assert bank.rows(owners) == [{"customer_id": bank.keyring.token("customer", 1)}]
    assert bank.rows("SELECT count(*) AS n FROM transaction") == [{"n": 2}]


def test_a_cancelled_event_is_gone_from_when_it_was_known(bank: HandMade) -> None:
    lines = [payment(1), payment(1, known="2024-04-01 00:00:00", cancelled="y"), payment(2)]
    bank.write("payments", lines)
    bank.load()
    assert len(bank.rows("SELECT * FROM transaction", as_of="2024-03-31")) == 2
    assert len(bank.rows("SELECT * FROM transaction")) == 1


def test_a_whole_history_delivered_again_changes_nothing(bank: HandMade) -> None:
    lines = [payment(1), payment(1, amount="20.00", known="2024-04-01"), payment(1, known="2024-05-01")]
    bank.write("payments", lines)
    bank.load()
    bank.write("payments", [*lines, payment(7)])
    table = bank.load().load.tables["transaction"]
    assert (table.rows, table.unchanged, table.rejects) == (1, 3, {})


def test_undated_rows_of_a_later_extract_are_unchanged_or_a_new_version(bank: HandMade) -> None:
    bank.write("orders", ["O1,A1,100.00", "O2,A2,50.00"])
    bank.load()
    bank.write("orders", ["O1,A1,100.00", "O2,A2,75.00"])
    table = bank.load(extract_date=date(2024, 8, 1)).load.tables["standing_order"]
    assert (table.rows, table.unchanged) == (1, 1)
    now = {
        row["amount_minor"]
        for row in bank.rows("SELECT * FROM standing_order WHERE valid_from >= '2024-07-15'")
    }
    assert now == {7500}


def test_a_row_delivered_twice_is_kept_once_and_counted(bank: HandMade) -> None:
    bank.write("payments", [payment(1), payment(2), payment(1)])
    table = bank.load().load.tables["transaction"]
    assert (table.read, table.rows, table.unchanged) == (3, 2, 1)


@pytest.mark.parametrize("stored", [False, True])
def test_a_contradiction_without_later_knowledge_is_rejected(bank: HandMade, stored: bool) -> None:
    if stored:
        bank.load()
        bank.write("payments", [payment(1, amount="11.00"), payment(7)])
        result, wanted = bank.load(), 1
    else:
        bank.write("payments", [payment(1, amount="11.00"), payment(1), payment(7)])
        result, wanted = bank.load(), 2
    (reason,) = rejects(result)
    assert "conflicting duplicate" in reason
    assert rejects(result)[reason] == wanted
    assert result.load.tables["transaction"].rows == 1


def test_a_table_of_a_missing_optional_extract_is_left_out(bank: HandMade) -> None:
    assert "standing_order" not in bank.load().load.tables
    assert not bank.warehouse.has("standing_order")


def test_coverage_extract_date_and_ignored_files_are_recorded(bank: HandMade) -> None:
    (bank.extracts / "notes.txt").write_text("x")
    load = bank.load().load
    assert load.tables["transaction"].coverage == (PRAGUE.parse("2024-01-01"), PRAGUE.parse("2024-07-01"))
    assert bank.warehouse.coverage("transaction") == load.tables["transaction"].coverage
    assert (load.extract_date, load.ignored) == ("2024-07-01", ("notes.txt",))
    assert set(load.extracts) == {f"{n}/{n}.csv" for n in ("people", "accounts", "parties", "payments")}


def test_the_delivery_may_say_when_it_was_drawn(bank: HandMade) -> None:
    (bank.extracts / "delivery.toml").write_text('extract_date = "2024-06-15"\n')
    load = bank.load().load
    assert load.extract_date == "2024-06-15"
    assert load.ignored == ()


def test_history_tells_every_load(bank: HandMade) -> None:
    assert history(bank.load().warehouse)[0].startswith("load 1 (")
    bank.write("payments", [payment(9)])
    result: LoadResult = bank.load()
    told = loads(result.warehouse)
    assert [one["number"] for one in told] == [1, 2]
    assert told[1]["rows"] == 1
    assert len(history(result.warehouse)) == 2


def test_foreign_amounts_take_the_last_rate_known_half_to_even(bank: HandMade) -> None:
    (bank.mapping / "rate.sql").write_text(
        "SELECT * FROM (VALUES ('USD', DATE '2024-01-01', '0.5'), ('USD', DATE '2024-04-01', '0.9'), "
        "('JPY', DATE '2024-01-01', '0.00605'), ('KWD', DATE '2024-01-01', '3')) AS t(currency, day, rate)"
    )
    lines = [
        payment(1, amount="0.05", currency="USD"),
        payment(2, amount="0.15", currency="USD"),
        payment(3, day="2024-04-02", amount="10.00", currency="USD"),
        payment(4, amount="7.00", currency="EUR"),
        payment(5, amount="2000", currency="JPY"),
        payment(6, amount="1", currency="CHF"),
        payment(7, amount="1.00", currency="KWD"),
        payment(8, day="2023-12-31", amount="1", currency="USD"),
    ]
    bank.write("parties", ["A1,1,owner,2023-01-01,", "A2,2,owner,2024-01-01,"])
    bank.write("payments", lines)
    result = bank.load()
    base = {row["transaction_id"]: row["base_minor"] for row in bank.rows("SELECT * FROM transaction")}
    got = [base.get(bank.keyring.token("transaction", n)) for n in range(1, 9)]
    # 0.05 × 0.5 = 0.025 → 0.02 and 0.15 × 0.5 = 0.075 → 0.08; a yen has no minor unit, a dinar a thousand.
    assert got == [2, 8, 900, 700, 1210, None, 300, None]
    assert rejects(result) == {"no exchange rate from CHF": 1, "no exchange rate from USD": 1}
