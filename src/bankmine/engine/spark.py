"""Work spread over many machines by Spark; the only file that imports pyspark.

Spark is used as what runs one Python function for each part of the work, through `mapInArrow`: no row of
the warehouse goes through the JVM, each task reads its own files, and only counts come back. So the same
reader, kernel and writer run here as on one machine, and their bytes are the same.

One session lives as long as the process: starting one takes seconds. Times are UTC, the driver of a local
session listens on the loopback only, and what the JVM says goes to a file that is named when it breaks.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bankmine import errors
from bankmine.config import SparkSettings
from bankmine.errors import BankmineError, EngineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA = range(17, 24)  # Spark 4.0 needs 17; from 24 on Java lacks the security manager it calls
_REFUSED = "BANKMINE-REFUSED "
_NO_CAUSE = ("JAVA_GATEWAY_EXITED", "Py4JJavaError", "stopped SparkContext")  # said when it is over already
_ANSWER = "part long, counted long"
_running: list[Running] = []

Tell = Callable[[int, int], None]


@dataclass
class Running:
    """The process's session, the settings it was started with, and where its JVM writes.

    `named` says that an error named the log, so that it stays.
    """

    session: SparkSession
    settings: SparkSettings
    log: Path | None
    named: bool = False


def spread(
    settings: SparkSettings,
    payloads: Sequence[bytes],
    work: Callable[[bytes], int],
    *,
    name: str,
    tell: Tell | None = None,
) -> list[int]:
    """Runs `work(payload)` as one Spark task for each payload; what each counted, in their order.

    `work` must be importable on the executors and may run more than once for a payload (Spark repeats what
    a lost machine did): it must leave the same files each time. An error of the bankmine family inside a
    task comes out as it is; everything else is an EngineError of one line.
    """
    if not payloads:
        return []
    running = session_of(settings)
    name = f"{name} {uuid4().hex[:8]}"
    with ThreadPoolExecutor(1, thread_name_prefix="spark") as pool:
        found = pool.submit(_collect, running.session, list(payloads), work, name)
        try:
            while True:
                try:
                    counted = found.result(timeout=0.5)
                    break
                except StillRunning:
                    _tell_done(running.session, name, len(payloads), tell)
        except BankmineError:
            raise
        except Exception as error:
            raise _in_one_line(error, running) from error
        except KeyboardInterrupt:
            running.session.sparkContext.cancelJobGroup(name)
            raise
    if tell:
        tell(len(payloads), len(payloads))
    return [counted[part] for part in range(len(payloads))]


def _collect(
    session: SparkSession, payloads: list[bytes], work: Callable[[bytes], int], name: str
) -> dict[int, int]:
    """One job with one task a payload."""

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in batches:
            parts = batch.column(0).to_pylist()
            counted = [_guarded(work, payloads[part]) for part in parts]
            yield pa.RecordBatch.from_pydict({"part": parts, "counted": counted})
        _spare_the_worker()

    session.sparkContext.setJobGroup(name, name, interruptOnCancel=True)
    rows = session.range(0, len(payloads), 1, len(payloads)).mapInArrow(run, _ANSWER)  # type: ignore[arg-type]
    return {row["part"]: row["counted"] for row in rows.collect()}


def _spare_the_worker() -> None:
    """In the task: takes two costs off each next task of the same Python worker.

    A worker collects garbage after each task, and would walk all of Numba each time (.2 s); before each
    task it has importers forget what they know, and pyspark's archives, which never change, are read anew
    (.06 s).
    """
    import gc
    from zipimport import zipimporter

    if not gc.get_freeze_count():  # once, or the garbage of every task would be kept
        gc.collect()
        gc.freeze()
    for finder in sys.path_importer_cache.values():
        if isinstance(finder, zipimporter):
            finder.invalidate_caches = lambda: None  # type: ignore[method-assign]


def _guarded(work: Callable[[bytes], int], payload: bytes) -> int:
    """In the task: an error of the family is written so that the driver can read it back."""
    try:
        return work(payload)
    except BankmineError as error:
        said = {"family": type(error).__name__, "what": error.what, "hint": error.hint}
        raise RuntimeError(_REFUSED + json.dumps(said)) from None


def _in_one_line(error: Exception, running: Running) -> BankmineError:
    """What a failed job means: the task's own error, or that Spark broke down."""
    text = str(error)
    refused = re.search(re.escape(_REFUSED) + r"(\{.*\})", text)
    if refused:
        said = json.loads(refused[1])
        family = getattr(errors, said["family"], EngineError)
        return family(said["what"], hint=said["hint"])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
    what = (causes or lines or [type(error).__name__])[-1 if "Traceback" in text else 0]
    running.named = True
    return EngineError(f"Spark could not finish: {what[:300]}", hint=_look_in(running.log))


def _look_in(log: Path | None) -> str:
    return f"What Spark said is in {log}." if log else "Look into the logs of Spark's driver."


def _tell_done(session: SparkSession, name: str, total: int, tell: Tell | None) -> None:
    if tell is None:
        return
    tracker = session.sparkContext.statusTracker()
    done = 0
    for job in tracker.getJobIdsForGroup(name):
        found = tracker.getJobInfo(job)
        stages = [tracker.getStageInfo(stage) for stage in (found.stageIds if found else ())]
        done = max(done, *(stage.numCompletedTasks for stage in stages if stage), 0)
    tell(done, total)


def session_of(settings: SparkSettings) -> Running:
    """The process's session; it is started where there is none, and kept.

    EngineError without pyspark or Java, and where a session with other settings is running.
    """
    if _running:
        if _running[0].settings == settings:
            return _running[0]
        raise EngineError(
            f"a session on {_running[0].settings.master} is running with other settings",
            hint="Work on one bank with one set of Spark's settings in a process.",
        )
    _check_installed()
    from pyspark.sql import SparkSession

    given = SparkSession.getActiveSession()
    if given is not None:  # a notebook or a cluster's own shell: use what is there, and leave it there
        _running.append(Running(given, settings, None))
        return _running[0]
    check_java()
    _running.append(_start(settings))
    atexit.register(stop)
    return _running[0]


def stop() -> None:
    """Ends the session, if bankmine started one; at the latest when the process ends."""
    while _running:
        running = _running.pop()
        if running.log is None:
            continue
        with suppress(Exception):  # its JVM may be gone
            running.session.stop()
        _end_gateway()
        if not running.named:
            running.log.unlink(missing_ok=True)


def options_of(settings: SparkSettings) -> dict[str, str]:
    """The session's options: ours, then the bank's, which win."""
    ours = {
        "spark.app.name": "bankmine",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if settings.master.startswith("local"):
        ours |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        ours |= {"spark.pyspark.python": sys.executable}
    return ours | dict(settings.options) | {"spark.master": settings.master}


def _start(settings: SparkSettings) -> Running:
    from pyspark import SparkConf, SparkContext
    from pyspark import __version__ as installed
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    options = options_of(settings)
    if "spark.pyspark.python" in options:
        os.environ["PYSPARK_PYTHON"] = options["spark.pyspark.python"]
    if settings.master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    handle, name = tempfile.mkstemp(prefix="bankmine-spark-", suffix=".log")
    log = Path(name)
    conf = SparkConf(loadDefaults=False).setAll(list(options.items()))
    try:
        gateway = launch_gateway(  # type: ignore[no-untyped-call]
            conf, {"stdout": handle, "stderr": handle}
        )
        context = SparkContext(conf=conf, gateway=gateway)
        session = SparkSession(context)
    except Exception as error:
        cause = _first_cause(error, log)  # asks the JVM: before it is ended
        _end_gateway()
        raise EngineError(
            f"Spark could not be started on {settings.master}: {cause}", hint=_look_in(log)
        ) from None
    finally:
        os.close(handle)
    if context.version.split(".")[:2] != installed.split(".")[:2]:
        session.stop()
        _end_gateway()
        raise EngineError(
            f"pyspark is {installed} and the Spark it found is {context.version}",
            hint="Unset SPARK_HOME, or point it at a Spark of pyspark's version.",
        )
    return Running(session, settings, log)


def _first_cause(error: Exception, log: Path) -> str:
    """The first line that says why, from the error or from what the JVM wrote."""
    with suppress(OSError):
        said = log.read_text(encoding="utf-8", errors="replace")
        for line in (*str(error).splitlines(), *said.splitlines()):
            found = re.search(r"\b(?:[\w.]+(?:Exception|Error): .*|Could not .*|Error: .*|Reason: .*)", line)
            if found and not any(word in line for word in _NO_CAUSE):
                return found[0][:300]
    return str(error).split("\n")[0][:300]


def _end_gateway() -> None:
    """Ends the JVM and what pyspark keeps of it, so that the next session starts with its own settings."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    SparkContext._active_spark_context = None
    SparkContext._gateway = None
    SparkContext._jvm = None
    if gateway is None:
        return
    with suppress(Exception):  # the JVM of a session that broke down may be gone already
        gateway.shutdown()
    process = getattr(gateway, "proc", None)
    if process is not None:
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)


def _check_installed() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        raise EngineError(
            f"engine.name is spark, but {missing[0]} is not installed",
            hint="Install bankmine with its extra `spark` (docs/spark.md).",
        )


def check_java() -> None:
    """EngineError where there is no Java, or one that Spark 4.0 does not run on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if java is None:
        place = f"JAVA_HOME ({home}) holds none" if home else "there is none here"
        raise EngineError(
            f"Spark needs Java {JAVA.start}, and {place}",
            hint="Install it (Debian: openjdk-17-jre-headless), or set JAVA_HOME to its folder.",
        )
    version = _java_version(java)
    if version not in JAVA:
        is_one = f"Java {version}" if version else "none that starts"
        raise EngineError(
            f"Spark needs Java {JAVA.start} or 21, and {java} is {is_one}",
            hint="Install openjdk-17-jre-headless, or set JAVA_HOME to the folder of a Java 17.",
        )


def _java_version(java: str) -> int | None:
    """Its feature release: 17 of "17.0.15", 8 of "1.8.0_402"; None where it does not say."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(found[1]) if found else None
