"""Jobs on a real Spark: what comes back, what an error looks like, what a lost master looks like."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bankmine.engine import spark
from bankmine.errors import EngineError, WarehouseError
from engine.on_spark import LOCAL, ONE_PROCESS, needs_java

pytestmark = [needs_java, ONE_PROCESS]


def test_each_payload_is_counted_in_its_place() -> None:
    told: list[tuple[int, int]] = []
    payloads = [b"x" * size for size in (5, 0, 3, 1, 4)]
    assert spark.spread(LOCAL, payloads, len, name="test", tell=lambda *one: told.append(one)) == [
        5,
        0,
        3,
        1,
        4,
    ]
    assert told[-1] == (5, 5)
    assert spark.spread(LOCAL, [], len, name="test") == []


def test_the_error_of_a_task_comes_through_as_it_is() -> None:
    def refuse(payload: bytes) -> int:
        raise WarehouseError("the file 'a/b' is missing", hint="Restore it\nfrom your backup.")

    with pytest.raises(WarehouseError) as found:
        spark.spread(LOCAL, [b"1"], refuse, name="test")
    assert str(found.value) == "the file 'a/b' is missing. Restore it from your backup."


def test_a_fault_in_a_task_is_one_line() -> None:
    def fail(payload: bytes) -> int:
        return 1 // len(payload)

    with pytest.raises(EngineError) as found:
        spark.spread(LOCAL, [b""], fail, name="test")
    assert str(found.value).startswith("Spark could not finish: ZeroDivisionError: ")
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 400


def test_a_worker_that_is_killed_is_one_line() -> None:
    def die(payload: bytes) -> int:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    with pytest.raises(EngineError, match="Spark could not finish: ") as found:
        spark.spread(LOCAL, [b"1"], die, name="test")
    assert "\n" not in str(found.value)
    assert spark.spread(LOCAL, [b"22"], len, name="test") == [2], "the session goes on"


@pytest.mark.slow
def test_a_master_that_does_not_answer_is_one_line() -> None:
    script = (
        "from bankmine.config import SparkSettings\n"
        "from bankmine.engine import spark\n"
        "from bankmine.errors import EngineError\n"
        "try:\n"
        "    spark.session_of(SparkSettings('spark://127.0.0.1:1'))\n"
        "except EngineError as error:\n"
        "    print(error.exit_code, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (said,) = done.stdout.splitlines()
    assert said.startswith("10 Spark could not be started on spark://127.0.0.1:1: ")
    assert "All masters are unresponsive" in said
