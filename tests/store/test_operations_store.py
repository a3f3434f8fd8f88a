"""Transactions that are whole or nothing, one writer at a time, and readers that see one state."""

import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bankmine.errors import StoreError
from bankmine.store import Store, database, new_id
from bankmine.store.database import after_commit, store_of
from bankmine.store.tables.people import person
from bankmine.store.tables.people import person_role as role


def row(name: str) -> dict[str, object]:
    return {
        "person_id": new_id(), "name": name, "name_key": name, "language": "en", "totp_last_step": 0,
        "all_branches": True, "all_managers": True, "created_at": 1,
    }  # fmt: skip


def count(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(person)) or 0


def test_what_is_committed_is_read(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(person.insert(), row("ann"))
    assert count(store) == 1


def test_an_error_leaves_nothing_and_nothing_is_done_after_it(store: Store) -> None:
    done: list[str] = []
    with pytest.raises(ZeroDivisionError), store.begin() as connection:  # noqa: PT012
        connection.execute(person.insert(), row("ann"))
        after_commit(connection, "act", lambda: done.append("act"))
        raise ZeroDivisionError
    assert count(store) == 0
    assert done == []


def test_what_follows_a_commit_sees_it(store: Store) -> None:
    seen: list[int] = []
    with store.begin() as connection:
        connection.execute(person.insert(), row("ann"))
        after_commit(connection, "act", lambda: seen.append(count(store)))
    assert seen == [1]


def test_a_reader_sees_one_state_while_others_write(store: Store) -> None:
    with store.read() as reader:
        before = reader.scalar(select(func.count()).select_from(person))
        with store.begin() as writer:
            writer.execute(person.insert(), row("ann"))
        assert reader.scalar(select(func.count()).select_from(person)) == before == 0
    assert count(store) == 1


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError), store.read() as connection:
        connection.execute(person.insert(), row("ann"))
    with store.begin() as connection:  # nor is the connection spoilt for those who may
        connection.execute(person.insert(), row("ann"))


def test_references_are_held(store: Store) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.begin() as connection:
        connection.execute(role.insert(), {"person_id": "nobody", "role": "auditor"})


def test_a_second_writer_waits_for_the_first(store: Store) -> None:
    order: list[str] = []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with store.begin() as connection:
            connection.execute(person.insert(), row("ann"))
            inside.set()
            go_on.wait(5)
            order.append("first")

    def second() -> None:
        inside.wait(5)
        with store.begin() as connection:
            order.append("second")
            assert connection.scalar(select(func.count()).select_from(person)) == 1

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for one in threads:
        one.start()
    inside.wait(5)
    threads[1].join(0.3)
    go_on.set()
    for one in threads:
        one.join(10)
    assert order == ["first", "second"]


def test_a_writer_that_never_ends_is_told_to_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    store.close()  # the length of the wait belongs to each connection
    with store.begin(), pytest.raises(StoreError, match="another writer"), store.begin():
        pass


def test_an_act_outside_a_write_transaction_is_refused(store: Store) -> None:
    with store.read() as connection, pytest.raises(StoreError, match="outside"):
        store_of(connection)


def test_the_file_is_the_owners_and_is_synced(file_store: Store, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "operations.db").stat().st_mode) == 0o600
    with file_store.read() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


@pytest.mark.parametrize("address", ["mysql://a/b", "sqlite://", "://", "postgresql://a/b"])
def test_other_addresses_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Allowed are"):
        Store.open(address, keys=tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        Store.open(tmp_path / "nowhere" / "operations.db")


def test_a_store_without_schema_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no schema yet"):
        count(Store.open(tmp_path / "operations.db"))


def test_ids_are_in_the_order_of_time(time) -> None:
    made = []
    for _ in range(50):
        made.append(new_id())
        time.pass_by(milliseconds=1)
    assert made == sorted(made)
    assert {len(one) for one in made} == {26}
    assert not set("".join(made)) & set("ILOU")
