"""Stored decisions replay byte for byte, whatever became of the policy; a kill leaves nothing half done."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from made_up_policies import SHIPPED, shipped

from bankmine.decisions.credit_policy import log as logs
from bankmine.decisions.credit_policy.deciding import Decider
from bankmine.decisions.credit_policy.log import Log
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.decisions.credit_policy.reading import read_policy
from bankmine.decisions.credit_policy.replay import changed_by, replay
from bankmine.errors import UsageError, WarehouseError


def people(rows: int, seed: int = 0) -> pa.Table:
    draw = np.random.default_rng(seed)
    probability = draw.beta(1, 12, rows)
    return pa.table({
        "subject_id": draw.integers(-(2**62), 2**62, rows), "customer_id": np.arange(rows),
        "cutoff": pa.array(draw.integers(0, 10**15, rows)).cast(pa.timestamp("us", tz="UTC")),
        "probability": pa.array(probability, mask=draw.random(rows) < 0.02),
        "app_amount": draw.integers(1, 9_999_999, rows),
        "app_term_months": pa.array(draw.integers(6, 120, rows), mask=draw.random(rows) < 0.1),
        "app_instalment_to_income": pa.array(draw.uniform(0, 0.8, rows), mask=draw.random(rows) < 0.05),
        "channel": draw.choice(["branch", "app"], rows),
    })  # fmt: skip


def stricter(tmp_path: Path) -> Policy:
    text = SHIPPED.read_text().replace('"< 3%"', '"< 2%"').replace('"[3%, 8%)"', '"[2%, 8%)"')
    (tmp_path / "stricter.toml").write_text(text.replace("> 20%", "> 12%"))
    return read_policy(tmp_path / "stricter.toml")


def test_ten_thousand_decisions_replay_byte_equal_after_the_policy_changed(tmp_path: Path) -> None:
    log, old, new = Log(tmp_path / "log"), Decider(shipped()), Decider(stricter(tmp_path))
    first, answers = log.append(old, people(6_000), run_id="r1")
    assert (first, answers.num_rows) == (1, 6_000)
    assert log.append(new, people(4_000, 1), run_id="r2")[0] == 6_001
    again = replay(Log(tmp_path / "log"))
    assert (again.decisions, again.parts, again.different) == (10_000, 2, ())
    assert again.policies == (old.policy.version, new.policy.version)
    changed = changed_by(log, new.policy)
    assert changed.decisions == 10_000
    assert changed.counts["refer", "decline"] > 0
    assert changed.counts.get(("decline", "approve"), 0) == 0  # stricter
    assert all(one <= 6_000 for one in changed.ids)


def test_nobody_to_decide_on_keeps_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append(Decider(shipped()), people(5))
    assert log.append(Decider(shipped()), people(5).slice(0, 0))[1].num_rows == 0
    assert len(log.parts) == 1
    assert log.parts[0].decided_at.endswith("+00:00")
    assert replay(log).decisions == 5


def test_a_decision_changed_by_hand_is_found(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append(Decider(shipped()), people(50))
    file = tmp_path / log.parts[0].path
    file.write_bytes(file.read_bytes().replace(b"approve", b"decline"))
    with pytest.raises(WarehouseError, match="was changed"):
        replay(log)
    index = tmp_path / "log.json"
    index.write_text(index.read_text().replace('"rows": 50', '"rows": 49'))
    with pytest.raises(WarehouseError, match="damaged"):
        Log(tmp_path)


def test_a_policy_changed_by_hand_is_found(tmp_path: Path) -> None:
    log, decider = Log(tmp_path), Decider(shipped())
    log.append(decider, people(50))
    file = tmp_path / "policies" / f"{decider.policy.version}.json"
    file.write_text(file.read_text().replace("0.069", "0.059"))
    with pytest.raises(WarehouseError, match="policy"):
        replay(log)


def test_a_policy_over_fields_that_were_not_kept_is_refused(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.append(Decider(shipped()), people(5))
    (tmp_path / "p.toml").write_text('[fields.age]\nkind="number"\n[[rows]]\noutcome="approve"\n')
    with pytest.raises(UsageError, match="without 'age'"):
        changed_by(log, read_policy(tmp_path / "p.toml"))


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, decider = Log(tmp_path), Decider(shipped())
    log.append(decider, people(20))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("_write", "write_atomically"):
        with monkeypatch.context() as patched:
            patched.setattr(logs, name, full)
            with pytest.raises(WarehouseError, match="full"):
                log.append(decider, people(20, 1))
        assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    assert log.append(decider, people(20, 1))[0] == 21
    assert replay(Log(tmp_path)).different == ()


APPENDS = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_log_and_replay import Decider, Log, people, shipped
log, decider, table = Log(Path(sys.argv[1])), Decider(shipped()), people(300)
while True:
    print(log.append(decider, table)[0], flush=True)
"""


def test_a_process_killed_while_appending_leaves_whole_decisions_only(tmp_path: Path) -> None:
    command = [sys.executable, "-c", APPENDS, str(tmp_path), str(Path(__file__).parent)]
    for pause in (0.003, 0.011):
        told = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert told.stdout is not None
        said = [int(told.stdout.readline()) for _ in range(3)]
        time.sleep(pause)
        os.kill(told.pid, signal.SIGKILL)
        said += [int(line) for line in told.stdout.read().split("\n")[:-1]]
        told.wait()
        log = Log(tmp_path)
        assert log.decisions >= said[-1] + 299  # what was answered is kept
        found = replay(log)
        assert (found.decisions, found.different) == (log.decisions, ())
    log.append(Decider(shipped()), people(10))
    kept = {part.path for part in log.parts}
    assert {f"parts/{file.name}" for file in (tmp_path / "parts").iterdir()} == kept
