"""Whatever is done to the audit behind our back is found: edit, deletion, another order, a lost end, forging.

The tamperer may write the database as they like (the triggers dropped), and knows how hashes are made; the
keys folder is out of their reach, except where a test says otherwise.
"""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Server
from sqlalchemy import text
from test_audit import write

from bankmine.governance import anchor, audit
from bankmine.store import Store
from stores import address

EVENTS = 8
COLUMNS = [*audit._CONTENT[1:], "hash"]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of eight events, and its keys."""
    folder = tmp_path_factory.mktemp("original")
    store = Store.open(folder / "operations.db")
    store.migrate()
    write(store, EVENTS)
    store.close()
    assert audit.verify(store).whole
    store.close()
    return folder


def read(file: Path) -> Rows:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM audit_event ORDER BY seq")]


def faults_after(original: Path, rows: Rows) -> list[str]:
    """What verification finds in a copy whose events are these."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bank"
        shutil.copytree(original, folder)
        with closing(sqlite3.connect(folder / "operations.db")) as connection, connection:
            for act in ("update", "delete"):
                connection.execute(f"DROP TRIGGER audit_event_no_{act}")
            connection.execute("DELETE FROM audit_event")
            marks = ", ".join(f":{column}" for column in ("seq", *COLUMNS))
            columns = ", ".join(("seq", *COLUMNS))
            connection.executemany(f"INSERT INTO audit_event ({columns}) VALUES ({marks})", rows)
        store = Store.open(folder / "operations.db")
        try:
            return list(audit.verify(store).faults)
        finally:
            store.close()


def forged(rows: Rows) -> Rows:
    """The whole chain made anew over these rows, as if they had always been so."""
    previous, made = audit.FIRST, []
    for seq, row in enumerate(rows, 1):
        row = {**row, "seq": seq, "previous": previous}
        previous = row["hash"] = audit.hash_of(row)
        made.append(row)
    return made


few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
places = st.integers(0, EVENTS - 1)


def test_an_untouched_copy_is_whole(original: Path) -> None:
    assert faults_after(original, read(original / "operations.db")) == []


@few
@given(place=places, column=st.sampled_from(COLUMNS), again=st.booleans())
def test_an_edit_is_found(original: Path, place: int, column: str, again: bool) -> None:
    rows = read(original / "operations.db")
    old = rows[place][column]
    rows[place][column] = old + 1 if isinstance(old, int) else f"{old or ''}0"
    if again and column != "hash":
        rows[place]["hash"] = audit.hash_of(rows[place])
    assert faults_after(original, rows)


@few
@given(gone=st.sets(places, min_size=1), renumbered=st.booleans())
def test_a_deletion_is_found(original: Path, gone: set[int], renumbered: bool) -> None:
    rows = [row for place, row in enumerate(read(original / "operations.db")) if place not in gone]
    if renumbered:
        rows = [{**row, "seq": seq} for seq, row in enumerate(rows, 1)]
    assert faults_after(original, rows)


@few
@given(order=st.permutations(range(EVENTS)).filter(lambda order: order != sorted(order)))
def test_another_order_is_found(original: Path, order: list[int]) -> None:
    rows = read(original / "operations.db")
    moved = [{**rows[place], "seq": seq} for seq, place in enumerate(order, 1)]
    assert faults_after(original, moved)
    assert faults_after(original, forged(moved))


@few
@given(kept=st.integers(0, EVENTS - 1))
def test_a_missing_end_is_found(original: Path, kept: int) -> None:
    faults = faults_after(original, read(original / "operations.db")[:kept])
    assert faults[-1] == f"events {kept + 1} to {EVENTS} are gone from the end"


@few
@given(place=places, act=st.sampled_from(["looked", "exported"]), more=st.integers(0, 3), kept=places)
def test_a_chain_forged_anew_is_found(original: Path, place: int, act: str, more: int, kept: int) -> None:
    rows = read(original / "operations.db")
    changed = rows[: max(place, kept) + 1]
    changed[place] = {**changed[place], "act": act, "at": changed[place]["at"] + 1}
    faults = faults_after(original, forged([*changed, *rows[:more]]))
    assert any("forged" in one or "gone" in one for one in faults)


def test_an_inserted_event_is_found(original: Path) -> None:
    rows = read(original / "operations.db")
    for place in range(EVENTS):
        assert faults_after(original, forged([*rows[:place], rows[0], *rows[place:]]))


def test_a_missing_or_foreign_anchor_is_found(original: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    shutil.copytree(original, folder)
    store = Store.open(folder / "operations.db")
    file = folder / "keys" / anchor.FILE_NAME
    lines = file.read_text().splitlines(keepends=True)
    file.unlink()
    assert "no anchor" in audit.verify(store).faults[0]
    file.write_text("".join(lines[:3] + lines[4:]))
    assert "lines are missing before line 4" in audit.verify(store).faults[0]
    file.write_text("".join([*lines[:3], lines[3].replace(" 3 ", " 5 "), *lines[4:]]))
    assert any("line 4" in one and "not genuine" in one for one in audit.verify(store).faults)
    (folder / "keys" / "operations.key").write_text("00" * 32)
    file.write_text("".join(lines))
    assert not audit.verify(store).whole
    store.close()


def test_on_postgresql_too(postgresql: Server, tmp_path: Path) -> None:
    postgresql.sql("CREATE DATABASE tampered")
    store = Store.open(address(postgresql, "tampered"), keys=tmp_path / "keys")
    store.migrate()
    write(store, 4)
    assert audit.verify(store).whole
    with store.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_event_refuse ON audit_event"))
        connection.execute(text("UPDATE audit_event SET act = 'exported' WHERE seq = 2"))
    assert audit.verify(store).faults == ["event 2 was edited"]
    with store.begin() as connection:
        connection.execute(text("DELETE FROM audit_event WHERE seq > 1"))
    assert audit.verify(store).faults == ["events 2 to 4 are gone from the end"]
    store.close()
