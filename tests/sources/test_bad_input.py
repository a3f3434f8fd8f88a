"""Each bad input is one line that says what to do, and leaves the warehouse exactly as it was."""

import re
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import HandMade, gzipped, payment, rejects

from bankmine import sources
from bankmine.bank.writer import restore, writing
from bankmine.errors import (
    BankmineError,
    ConfigurationError,
    ContractError,
    SourceError,
    UsageError,
    WarehouseError,
)  # fmt: skip


def refused(bank: HandMade, error: type[BankmineError], *words: str, **settings: object) -> str:
    """Loads, expects the error with all words in one line, and the warehouse as before."""
    before = bank.state()
    with pytest.raises(error) as caught:
        bank.load(**settings)
    assert type(caught.value) is error
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    assert caught.value.hint
    assert bank.state() == before
    assert not (bank.folder / "warehouse/.staging").exists()
    return message


PERSON = "SELECT id AS customer_id, 'person' AS kind"


@pytest.fixture
def loaded(bank: HandMade) -> HandMade:
    """A bank with one load in it."""
    bank.load()
    return bank


def test_a_missing_file_is_named(loaded: HandMade) -> None:
    (loaded.extracts / "people.csv").unlink()
    refused(loaded, SourceError, "people", "people.csv", "Put the file there")


def test_a_missing_folder_is_named(loaded: HandMade) -> None:
    refused(loaded, SourceError, "there is no folder", extracts=loaded.folder / "nowhere")


def test_a_misspelt_mapping_offers_the_near_one(loaded: HandMade) -> None:
    refused(loaded, UsageError, "'berca'", "Did you mean berka?", mapping="berca")
    refused(loaded, UsageError, "holds no mapping", mapping=str(loaded.folder))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "hand"', "name = ", ["not valid TOML"]),
        ('name = "hand"', 'name = "hand"\ncolour = "red"', ["unknown entry 'colour'"]),
        ('time_zone = "Europe/Prague"', "", ["lacks time_zone"]),
        ('file = "people.csv"', 'file = "people.csv"\nconnector = "excel"', ["'excel'", "csv, parquet"]),
        ('file = "people.csv"', 'file = "people.csv"\ndelimeter = ";"', ["'delimeter'", "delimiter"]),
        ('file = "people.csv"', "", ["no file for extract.people"]),
        ('extract_date = "2024-07-01"', 'extract_date = "soon"', ["'soon'"]),
        ("[extract.people]", "[extract.customer]", ["like a bank table"]),
        ("transaction = {", "transactions = {", ["'transactions'"]),
    ],
)
def test_a_mapping_that_says_what_cannot_be_meant_is_refused(
    loaded: HandMade, old: str, new: str, words: list[str]
) -> None:
    loaded.edit_mapping(old, new)
    refused(loaded, ConfigurationError, *words)


def test_a_mapping_without_an_extract_date_is_refused(loaded: HandMade) -> None:
    loaded.edit_mapping('extract_date = "2024-07-01"', "")
    refused(loaded, ConfigurationError, "when the extracts", "delivery.toml")
    (loaded.extracts / "delivery.toml").write_text("extract_date = 'soon'")
    refused(loaded, SourceError, "delivery.toml")


@pytest.mark.parametrize(
    ("table", "sql", "error", "words"),
    [
        ("customer", "SELECT", SourceError, ["customer.sql fails"]),
        ("customer", f"{PERSON} FROM persons", SourceError, ["customer.sql fails", "persons"]),
        ("customer", f"{PERSON}, 1 AS shoe_size FROM people", ConfigurationError, ["shoe_size"]),
        ("customer", "SELECT id AS customer_id FROM people", ConfigurationError, ["does not give kind"]),
        (
            "customer",
            f"{PERSON}, CAST(name AS INTEGER) AS birth_year FROM people",
            SourceError,
            ["customer.sql fails"],
        ),
        ("customer", f"{PERSON} FROM people WHERE false", SourceError, ["gives no row"]),
        ("customers", "SELECT 1", ConfigurationError, ["no such bank table", "customer.sql"]),
        ("rate", "SELECT 1 AS rate", ConfigurationError, ["rate.sql fails"]),
    ],
)  # fmt: skip
def test_a_select_that_fails_is_named_without_quoting_data(
    loaded: HandMade, table: str, sql: str, error: type[BankmineError], words: list[str]
) -> None:
    (loaded.mapping / f"{table}.sql").write_text(sql)
    message = refused(loaded, error, *words)
    assert "Nov" not in message


def test_a_select_that_fails_in_the_midst_of_the_rows_quotes_no_data(loaded: HandMade) -> None:
    loaded.write(
        "payments", [payment(n, text="1") for n in range(300_000)] + [payment(300_001, text="Secret")]
    )
    sql = (
        (loaded.mapping / "transaction.sql")
        .read_text()
        .replace("text AS description", "CAST(text AS INTEGER) AS description")
    )
    (loaded.mapping / "transaction.sql").write_text(sql)
    message = refused(loaded, SourceError, "transaction.sql fails")
    assert "Secret" not in message


def test_too_little_memory_is_told(loaded: HandMade) -> None:
    loaded.write("payments", [payment(n, text=f"text {n}") for n in range(100_000)])
    refused(loaded, SourceError, "more memory", "engine.memory", memory="3MB")


def test_broken_lines_are_listed_and_the_rest_loads(bank: HandMade) -> None:
    good = [payment(number) for number in range(1, 99)]
    bank.write("payments", [*good[:50], 'half,"a line', *good[50:], "too,short"])
    result = bank.load(maximum_reject_share=0.05)
    assert result.load.tables["transaction"].rows == 98
    assert rejects(result) == {
        "broken line of payments.csv: a quotation mark is not closed": 1,
        "broken line of payments.csv: 2 fields instead of 9": 1,
    }
    assert result.rejects
    listed = pq.read_table(result.rejects / "extract.payments.parquet").to_pylist()
    assert [(row["file"], row["line"]) for row in listed] == [("payments.csv", 52), ("payments.csv", 101)]


def test_too_many_broken_lines_stop_the_load(loaded: HandMade) -> None:
    loaded.write("payments", [payment(1), "too,short"])
    refused(
        loaded,
        SourceError,
        "1 of 2 lines",
        "line 3 of payments.csv",
        "2 fields instead of 9",
        maximum_reject_share=0.1,
    )


def test_a_wrong_encoding_of_the_whole_file_is_one_error(loaded: HandMade) -> None:
    loaded.write("people", ["1,Žofie Nováková,1980,2024-01-01", "2,Řehoř,1979,2024-01-01"], encoding="cp1250")
    message = refused(loaded, SourceError, "people.csv", "not utf-8", "encoding", maximum_reject_share=0.01)
    assert "ofie" not in message


def test_a_wrong_delimiter_is_one_error(loaded: HandMade) -> None:
    path = loaded.extracts / "people.csv"
    path.write_text(path.read_text().replace(",", ";"))
    refused(loaded, SourceError, "people.csv", "delimiter")


@pytest.mark.parametrize("packed", [False, True])
def test_an_empty_extract_is_refused(loaded: HandMade, packed: bool) -> None:
    path = loaded.write("payments", [])
    if packed:
        gzipped(path)
    refused(loaded, SourceError, "payments is empty")
    for file in loaded.extracts.glob("payments*"):
        file.write_bytes(b"" if not packed else file.read_bytes())
    refused(loaded, SourceError, "payments is empty")


BAD_ROWS = [
    (payment(7, amount="12.5O"), "amount_minor cannot be read"),
    (payment(7, amount="1.005"), "amount_minor cannot be read"),
    (payment(7, day="2024-02-30"), "event_time cannot be read"),
    (payment(7, day=""), "event_time is missing"),
    (payment("", amount="5.00"), "transaction_id is missing"),
    (payment(7, amount=""), "amount_minor is missing"),
    (payment(7, amount="-5.00"), "amount_minor is below 0"),
    (payment(7, currency="XXX"), "currency is not an ISO 4217 code"),
    (payment(7, currency="USD"), "no exchange rate from USD"),
    (payment(7, direction="?"), "direction is none of in, out"),
    (payment(7, "A9"), "the account has no owner at that time"),
    (payment(7, day="2042-01-01"), "event_time is after the extract was drawn"),
    (payment(7, day="1899-06-30"), "event_time is before 1900"),
    (payment(7, day="2242-01-01"), "event_time cannot be read"),
    (payment(7, day="2023-12-31"), "the account has no owner at that time"),
    (payment(7, known="2024-02-01"), "known_at is before event_time"),
    (payment(7, known="2024-08-01"), "known only after the extract was drawn"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_ROWS)
def test_a_row_that_breaks_the_contract_is_rejected_with_the_reason(
    bank: HandMade, line: str, reason: str
) -> None:
    bank.write("payments", [payment(1), line, payment(2)])
    result = bank.load()
    assert rejects(result) == {reason: 1}
    table = result.load.tables["transaction"]
    assert (table.read, table.rows) == (3, 2)
    assert result.rejects
    listed = pq.read_table(result.rejects / "transaction.parquet").to_pylist()
    assert [row["reason"] for row in listed] == [reason]


def test_foreign_keys_are_judged_against_this_load_and_the_warehouse(bank: HandMade) -> None:
    bank.write(
        "parties",
        [
            "A1,1,owner,2024-01-01,",
            "A2,2,owner,2024-01-01,",
            "A8,1,owner,2024-01-01,",
            "A1,77,authorised,2024-01-01,",
        ],
    )
    first = bank.load()
    assert rejects(first, "account_party") == {
        "account_id is not in account": 1,
        "customer_id is not in customer": 1,
    }
    bank.write("accounts", ["A8,2024-01-01"])
    bank.write("people", ["1,Anna,1980,2024-01-01", "77,Eva,1980,2024-01-01"])
    bank.write(
        "parties", ["A8,1,owner,2024-01-01,", "A1,77,authorised,2024-01-01,", "A2,2,authorised,2024-01-01,"]
    )
    assert rejects(bank.load(), "account_party") == {}


def test_an_allowed_share_of_rejects_passes_and_one_more_row_stops_the_load(loaded: HandMade) -> None:
    bad = [payment(n, amount="x") for n in range(1001, 1003)]
    loaded.write("payments", [payment(n) for n in range(1, 99)] + bad)
    message = refused(
        loaded,
        ContractError,
        "2 of 100 rows of transaction",
        "2 × amount_minor cannot be read",
        maximum_reject_share=0.019,
    )
    listed = re.search(r"listed in (\S+);", message)
    assert listed
    assert pq.read_table(listed[1]).num_rows == 2
    assert loaded.load(maximum_reject_share=0.02).load.tables["transaction"].rows == 93


def test_rejects_hold_no_personal_data(bank: HandMade) -> None:
    bank.write("payments", [payment("IBAN-12345", "A9", amount="98.76 Kč", text="for my doctor")])
    bank.write(
        "people", ["1,Anna Nováková,198O,2024-01-01", "2,Jan,1979,2024-01-01", "3,Eva,1979,2024-01-01"]
    )
    result = bank.load(maximum_reject_share=1.0)
    assert result.rejects
    for path in result.rejects.glob("*.parquet"):
        text = str(pq.read_table(path).to_pylist())
        for secret in ("IBAN", "12345", "98.76", "doctor", "Anna", "198O"):
            assert secret not in text
    shown = pq.read_table(result.rejects / "transaction.parquet").to_pylist()[0]
    assert shown["unreadable_value"] == "99.99 aa"
    assert len(shown["transaction_id"]) == 16


def test_duplicate_keys_in_a_reference_are_conflicts(bank: HandMade) -> None:
    bank.write("accounts", ["A1,2024-01-01", "A1,2024-01-01", "A2,2024-01-01", "A3,2024-01-01"])
    result = bank.load()
    assert result.load.tables["account"].unchanged == 1
    assert rejects(result, "account") == {}


def test_two_loads_at_once_the_second_is_told_to_wait(loaded: HandMade) -> None:
    loaded.write("payments", [payment(9)])
    with writing(loaded.folder / "warehouse"):
        refused(loaded, WarehouseError, "another load", "Wait until it has ended")
    loaded.load()


def test_a_manifest_edited_by_hand_is_refused_and_restored(loaded: HandMade) -> None:
    file = loaded.folder / "warehouse/manifest.json"
    good = file.read_text()
    file.write_text(good.replace('"EUR"', '"USD"', 1))
    loaded.write("payments", [payment(9)])
    refused(loaded, WarehouseError, "changed by hand", "--restore")
    restore(loaded.folder / "warehouse")
    assert file.read_text() == good
    assert loaded.load().load.number == 2


def test_a_deleted_manifest_is_not_taken_for_a_new_bank(loaded: HandMade) -> None:
    (loaded.folder / "warehouse/manifest.json").unlink()
    with pytest.raises(WarehouseError):
        loaded.load()
    restore(loaded.folder / "warehouse")
    assert loaded.load().already


def test_another_key_zone_or_currency_than_the_warehouse_was_made_with_is_refused(
    loaded: HandMade, tmp_path: Path
) -> None:
    other = HandMade(tmp_path / "other")
    other.load()
    refused(loaded, ConfigurationError, "pseudonym key", keys=other.config.keys)
    refused(loaded, ConfigurationError, "time zone", time_zone="UTC")
    refused(loaded, ConfigurationError, "currency", currency="USD")
    refused(loaded, ConfigurationError, "pseudonym key", keys=tmp_path / "nowhere")


def test_a_file_that_is_no_parquet_and_one_that_is_no_duckdb_are_refused(loaded: HandMade) -> None:
    (loaded.extracts / "orders.csv").write_text("x")
    loaded.edit_mapping('file = "orders.csv"', 'file = "orders.csv"\nconnector = "parquet"')
    refused(loaded, SourceError, "orders.csv cannot be read as Parquet")
    loaded.edit_mapping('connector = "parquet"', 'connector = "duckdb"\ntable = "orders"')
    refused(loaded, SourceError, "orders.csv cannot be opened as a DuckDB file")


def test_parquet_and_duckdb_extracts_are_read_with_their_types(bank: HandMade) -> None:
    import duckdb

    (bank.extracts / "payments.csv").unlink()
    rows = {
        "id": [1, 2], "account": ["A1", "A1"], "day": ["2024-03-01", "2024-03-02"], "amount": [1.15, 0.29],
        "currency": ["EUR", "EUR"], "direction": ["D", "C"], "known": [None, None], "cancelled": [None, None],
        "text": [None, None],
    }  # fmt: skip
    bank.edit_mapping('file = "payments*.csv*"', 'file = "payments.parquet"\nconnector = "parquet"')
    pq.write_table(pa.table(rows), bank.extracts / "payments.parquet")
    bank.edit_mapping(
        'file = "orders.csv"', 'file = "orders.db"\nconnector = "duckdb"\ntable = "main.orders"'
    )
    with duckdb.connect(str(bank.extracts / "orders.db")) as made:
        made.execute(
            "CREATE TABLE orders AS SELECT 'O1' AS id, 'A1' AS account, 4.35::DECIMAL(9, 2) AS amount"
        )
    bank.load()
    amounts = bank.rows("SELECT amount_minor FROM transaction ORDER BY event_time")
    assert amounts == [{"amount_minor": 115}, {"amount_minor": 29}]
    assert bank.rows("SELECT amount_minor FROM standing_order") == [{"amount_minor": 435}]
    with duckdb.connect(str(bank.extracts / "orders.db")) as made:
        made.execute("ALTER TABLE orders RENAME TO other")
    refused(bank, SourceError, "has no table 'main.orders'")


def test_every_shipped_mapping_can_be_copied_as_a_folder(tmp_path: Path) -> None:
    for shipped in sources.mappings():
        copytree(shipped.folder, tmp_path / shipped.name)
        copy = sources.load_mapping(str(tmp_path / shipped.name))
        assert copy.content_hash == shipped.content_hash
        assert copy.tables == shipped.tables
