"""`bankmine users` and `bankmine audit`, as an administrator types them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bankmine.config import load_config
from bankmine.governance import sessions, sign_in
from bankmine.store import Store

PASSWORD = "four quiet grey herons\n"
SETTINGS = """
[bank]
name = "bank"
mapping = "example"
extracts = "extracts"
time_zone = "UTC"
currency = "EUR"
"""


def bankmine(*words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """One command in a process of its own."""
    command = [sys.executable, "-m", "bankmine", *map(str, words)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=120)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "bankmine.toml").write_text(SETTINGS)
    return folder


def test_people_are_added_changed_and_listed_and_all_of_it_is_in_the_audit(bank: Path) -> None:
    assert "Nobody yet" in bankmine("users", "list", bank).stdout
    steps = [
        (("users", "add", bank, "Ann", "--role", "administrator"), PASSWORD),
        (("users", "add", bank, "Bea", "--role", "operator", "--branch", "7"), PASSWORD),
        (("users", "roles", bank, "bea", "--role", "auditor", "--role", "operator"), ""),
        (("users", "scope", bank, "Bea", "--branch", "8", "--manager", "3"), ""),
        (("users", "password", bank, "Bea"), "another four herons\n"),
        (("users", "end-sessions", bank, "Bea"), ""),
        (("users", "disable", bank, "Bea"), ""),
    ]
    for words, typed in steps:
        done = bankmine(*words, typed=typed)
        assert done.returncode == 0, done.stderr
    assert bankmine("users", "list", bank).stdout.splitlines() == [
        "Ann: administrator; sees the whole bank",
        "Bea: operator, auditor; sees branches 8 and managers 3; disabled",
    ]
    listed = bankmine("audit", "list", bank).stdout
    assert [line.split("\t")[3] for line in listed.splitlines()] == [
        "person_disabled", "password_set", "scope_changed", "roles_changed", "person_added", "person_added",
    ]  # fmt: skip
    assert "herons" not in listed
    assert bankmine("audit", "verify", bank).stdout == "ok    6 events in one chain, as anchored\n"


def test_a_forged_audit_fails_with_its_exit_code(bank: Path) -> None:
    bankmine("users", "add", bank, "Ann", "--role", "administrator", typed=PASSWORD)
    with closing(sqlite3.connect(bank / "operations.db")) as connection, connection:
        connection.execute("DROP TRIGGER audit_event_no_update")
        connection.execute("UPDATE audit_event SET person_id = 'somebody else'")
    found = bankmine("audit", "verify", bank)
    assert (found.returncode, found.stdout) == (6, "FAIL  event 1 was edited\n")


@pytest.mark.parametrize(
    ("words", "typed", "code", "told"),
    [
        (("add", "Ann", "--role", "king"), PASSWORD, 2, "there is no role 'king'"),
        (("add", "Ann", "--role", "auditor"), "short\n", 2, "the password has 5 characters"),
        (("disable", "Nobody"), "", 14, "nobody of that name"),
    ],
)
def test_mistakes_end_in_one_line(bank: Path, words, typed: str, code: int, told: str) -> None:
    done = bankmine("users", words[0], bank, *words[1:], typed=typed)
    assert done.returncode == code
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_branch_that_the_loaded_bank_does_not_know_is_refused_before_a_password_is_asked(
    worked_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "loaded"
    shutil.copytree(worked_folder, folder, ignore=shutil.ignore_patterns("operations.db*", "audit.anchor"))
    refused = bankmine("users", "add", folder, "Ann", "--role", "operator", "--branch", "NOPE")
    assert refused.returncode == 2
    assert "the bank has no branch 'NOPE'" in refused.stderr
    assert "Nearest are B" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    typed = ("users", "add", folder, "Ann", "--role", "operator", "--branch", "B01")
    assert bankmine(*typed, typed=PASSWORD).returncode == 0
    wrong = bankmine("users", "scope", folder, "Ann", "--manager", "M-none")
    assert "the bank has no manager 'M-none'" in wrong.stderr
    assert "Ann: operator; sees branches B01" in bankmine("users", "list", folder).stdout


def test_all_sessions_of_a_person_are_ended(bank: Path) -> None:
    bankmine("users", "add", bank, "Ann", "--role", "administrator", typed=PASSWORD)
    store = Store.configured(load_config(bank))
    tokens = [sign_in.with_password(store, "Ann", PASSWORD.strip()).session_token for _ in range(2)]
    assert bankmine("users", "end-sessions", bank, "ann").stdout == "2 sessions of ann ended.\n"
    assert [sessions.resume(store, token) for token in tokens] == [None, None]
    store.close()
    assert "sessions_ended" in bankmine("audit", "list", bank).stdout
