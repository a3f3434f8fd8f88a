"""A load killed at a random instant leaves the manifest exactly as before or after, and the next succeeds.

A hundred real processes do a real load each and are killed with SIGKILL. They are forked from a process
that has imported everything, so that most of them die inside the load and not on the way to it.
"""

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest
from tiny import HandMade, payment

from bankmine.bank.manifest import from_json
from bankmine.bank.warehouse import Warehouse

KILLS = 100


def forked_load(bank: HandMade) -> int:
    """Starts a process that loads the bank's extracts; its id."""
    child = os.fork()
    if child:
        return child
    try:
        bank.load()
        os._exit(0)
    except BaseException:
        os._exit(1)


def wait_or_kill(child: int, seconds: float) -> bool:
    """Lets the process live that long, then kills it; whether it had ended by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_hundred_kills_the_manifest_is_as_before_or_after(tmp_path: Path) -> None:
    bank, random = HandMade(tmp_path / "bank"), Random(5)
    bank.load()
    began = time.monotonic()
    bank.write("payments", [payment(n) for n in range(6)])
    bank.load()
    whole = time.monotonic() - began
    killed = loads = 0
    rows = 6
    for attempt in range(KILLS):
        before = Warehouse.open(tmp_path / "bank/warehouse").manifest
        bank.write("payments", [payment(n) for n in range(rows + 1)])
        ended = wait_or_kill(forked_load(bank), random.uniform(0, 1.1 * whole))
        killed += not ended
        text = (tmp_path / "bank/warehouse/manifest.json").read_text(encoding="utf-8")
        after = from_json(text, where=tmp_path)
        if after != before:
            assert after.loads[:-1] == before.loads
            assert after.tables["transaction"].rows == before.tables["transaction"].rows + 1
            rows += 1
            loads += 1
        bank.warehouse.verify()
        if attempt % 10 == 9 and after == before:
            assert bank.load().load.number == len(before.loads) + 1  # the next load succeeds
            rows += 1
    bank.write("payments", [payment(n) for n in range(rows + 1)])
    bank.load()
    found = bank.rows("SELECT count(*) AS n, count(DISTINCT transaction_id) AS keys FROM transaction")
    assert found == [{"n": rows + 1, "keys": rows + 1}]
    bank.warehouse.verify()
    assert killed >= KILLS // 2, f"only {killed} processes were killed in time"
    print(f"{killed} of {KILLS} killed, {loads} of those started became visible")
