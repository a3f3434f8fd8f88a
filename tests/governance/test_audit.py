"""The audit: an event for each act or none, one chain however many write, and nobody named in it."""

import os
import signal
import subprocess
import sys
import threading
import time as clock_time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bankmine.errors import StoreError, UsageError
from bankmine.governance import anchor, audit
from bankmine.store import Store
from stores import add, enter


def write(store: Store, number: int, *, kind: str = "customer") -> None:
    """Writes that many events, each in a transaction of its own."""
    for one in range(number):
        with store.begin() as connection:
            audit.record(
                connection, person=None, act="looked", object_kind=kind, object_id="00ff", details={"n": one}
            )


def test_a_whole_audit_has_no_faults(store: Store) -> None:
    write(store, 5)
    assert audit.verify(store) == audit.Verified(events=5, anchors=5, unanchored=0, faults=[])


def test_an_empty_audit_is_whole(store: Store) -> None:
    assert audit.verify(store).whole


def test_an_event_knows_who_through_what_and_when(store: Store) -> None:
    add(store)
    ann = enter(store).person
    with store.begin() as connection:
        audit.record(
            connection, person=ann, act="unmasked", object_kind="customer", object_id="00ff",
            details={"column": "phone", "reason": "call_back"},
        )  # fmt: skip
    with store.read() as connection:
        (one,) = audit.events(connection, act="unmasked")
        assert audit.count(connection) == one.seq
    assert (one.person_id, one.through) == (ann.person_id, ann.session_id)
    assert one.details == {"column": "phone", "reason": "call_back"}


def test_a_transaction_rolled_back_leaves_no_event_and_no_anchor(store: Store) -> None:
    write(store, 1)
    with pytest.raises(ZeroDivisionError), store.begin() as connection:  # noqa: PT012
        audit.record(connection, person=None, act="looked", object_kind="customer", object_id="1")
        raise ZeroDivisionError
    assert audit.verify(store) == audit.Verified(1, 1, 0, [])
    write(store, 1)
    assert audit.verify(store) == audit.Verified(2, 2, 0, [])


def test_several_events_of_one_transaction_follow_on_each_other(store: Store) -> None:
    with store.begin() as connection:
        for _ in range(3):
            audit.record(connection, person=None, act="looked", object_kind="customer", object_id="1")
    assert audit.verify(store) == audit.Verified(events=3, anchors=1, unanchored=0, faults=[])


def test_many_writers_make_one_chain(store: Store) -> None:
    threads = [threading.Thread(target=write, args=(store, 10)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    verified = audit.verify(store)
    assert (verified.events, verified.faults) == (40, [])
    assert verified.anchors == 40


def test_an_audit_verified_while_others_write_is_whole(store: Store) -> None:
    writer = threading.Thread(target=write, args=(store, 30))
    writer.start()
    while writer.is_alive():
        assert audit.verify(store).faults == []
    writer.join()


def test_events_are_listed_newest_first_and_paged(store: Store) -> None:
    write(store, 7)
    write(store, 2, kind="list")
    with store.read() as connection:
        first = audit.events(connection, limit=4)
        then = audit.events(connection, limit=4, before=first[-1].seq)
        of_lists = audit.events(connection, object_kind="list")
    assert [one.seq for one in first + then] == [9, 8, 7, 6, 5, 4, 3, 2]
    assert [one.seq for one in of_lists] == [9, 8]


@pytest.mark.parametrize("act", ["UPDATE audit_event SET act = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_events(store: Store, act: str) -> None:
    write(store, 1)
    with pytest.raises((DBAPIError, StoreError), match="only ever appended"), store.begin() as connection:
        connection.execute(text(act))


@pytest.mark.parametrize(
    "given",
    [
        {"act": "Looked"}, {"object_kind": "a b"}, {"object_id": "x" * 201}, {"object_id": "a\nb"},
        {"details": {"name": "Ann"}}, {"details": {"phone": "1"}}, {"details": {"x": [1]}},
        {"details": {"note": "x" * 201}}, {"details": {"A b": 1}},
    ],
)  # fmt: skip
def test_what_may_name_somebody_is_refused(file_store: Store, given: dict) -> None:
    usual = {"person": None, "act": "looked", "object_kind": "customer", "object_id": "1"}
    with pytest.raises(UsageError) as told, file_store.begin() as connection:
        audit.record(connection, **{**usual, **given})
    assert "Ann" not in str(told.value)
    assert audit.verify(file_store).events == 0


def test_an_event_outside_a_write_transaction_is_refused(store: Store) -> None:
    with store.read() as connection, pytest.raises(StoreError, match="outside"):
        audit.record(connection, person=None, act="looked", object_kind="customer", object_id="1")


WRITER = """
import sys
from pathlib import Path
from sqlalchemy import text
from bankmine.governance import Role, audit, passwords, people
from bankmine.store import Store
passwords.hashed = lambda password: "none"
store = Store.open(Path(sys.argv[1]))
for number in range(100_000):
    with store.begin() as connection:
        people.add(connection, None, name=f"person {number}", password="four quiet grey herons",
                   roles=[Role.auditor])
    print(number, flush=True)
"""


def test_a_process_killed_while_it_writes_leaves_whole_acts_alone(file_store: Store, tmp_path: Path) -> None:
    before = 0
    for _ in range(3):
        with file_store.begin() as connection:
            connection.execute(text("UPDATE person SET name_key = 'old ' || person_id"))
        said = tmp_path / "said"
        with said.open("w") as out:
            command = [sys.executable, "-c", WRITER, str(tmp_path / "operations.db")]
            process = subprocess.Popen(command, stdout=out, env={**os.environ, "OMP_NUM_THREADS": "1"})
            while len(said.read_text().splitlines()) < 5:
                assert process.poll() is None
                clock_time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait()
        told = len(said.read_text().splitlines())
        verified = audit.verify(file_store)
        with file_store.read() as connection:
            people_there = connection.scalar(text("SELECT count(*) FROM person"))
        assert verified.faults == []
        assert verified.events == people_there >= before + told
        assert verified.unanchored <= 1
        before = verified.events


RECORDER = """
import sys
from pathlib import Path
from bankmine.governance import audit
from bankmine.store import Store
store = Store.open(Path(sys.argv[1]))
for number in range(25):
    with store.begin() as connection:
        audit.record(connection, person=None, act="looked", object_kind="customer", object_id="1")
"""


def test_several_processes_make_one_chain_and_one_anchor(file_store: Store, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RECORDER, str(tmp_path / "operations.db")]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [one.wait(60) for one in processes] == [0, 0, 0]
    assert audit.verify(file_store) == audit.Verified(events=75, anchors=75, unanchored=0, faults=[])


def test_what_was_written_since_the_newest_anchor_is_counted_and_anchored_next(file_store: Store) -> None:
    write(file_store, 3)
    file = file_store.keys / anchor.FILE_NAME
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:3]) + lines[3][:50])  # the machine stopped in the middle of the line
    assert audit.verify(file_store) == audit.Verified(events=3, anchors=2, unanchored=1, faults=[])
    write(file_store, 1)
    assert audit.verify(file_store) == audit.Verified(events=4, anchors=3, unanchored=0, faults=[])


def test_a_large_anchor_is_shortened_and_still_holds(file_store: Store, monkeypatch) -> None:
    monkeypatch.setattr(anchor, "LARGE", 2_000)
    monkeypatch.setattr(anchor, "KEPT", 3)
    write(file_store, 30)
    verified = audit.verify(file_store)
    assert verified.whole
    assert verified.anchors < 15
    assert verified.unanchored == 0
