"""Decisions as they were taken: a columnar log with everything needed to take each of them again.

One append is one Parquet file (fields as seen, policy version, outcome, row, reason) and then one atomic
rename of `log.json`, which names every file with its hash. A process that is killed, or a disk that is full,
leaves the log as it was: a file that `log.json` does not name is not part of it, and the next append removes
it. Policies are kept beside it by version and are never replaced, so a decision of years ago replays with
the table of its day.

decisions/log.json   decisions/parts/<first id>.parquet   decisions/policies/<version>.json
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bankmine import clock
from bankmine.bank.locking import locked
from bankmine.bank.manifest import sync_folder, write_atomically
from bankmine.decisions.credit_policy.deciding import Decided, Decider
from bankmine.decisions.credit_policy.policy import Policy
from bankmine.errors import UsageError, WarehouseError

FORMAT, INDEX, PARTS, POLICIES = 1, "log.json", "parts", "policies"
WHO = ("subject_id", "customer_id", "cutoff")
HEAD = ("decision_id", "policy", "run_id", *WHO)


@dataclass(frozen=True)
class Part:
    """One file of the log: decisions `[first, first + rows)` under one policy, at `decided_at` (UTC)."""

    path: str
    first: int
    rows: int
    policy: str
    sha256: str
    decided_at: str


class Log:
    """The log in a folder; `parts` is its state when it was opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts = _read_index(folder / INDEX)

    @property
    def decisions(self) -> int:
        """How many decisions it holds."""
        return sum(part.rows for part in self.parts)

    def append(self, decider: Decider, applicants: Any, *, run_id: str = "") -> tuple[int, Any]:
        """Decides on the applicants and keeps the decisions; the first decision's id, and the answers.

        `applicants` is an Arrow table with subject_id, customer_id, cutoff and every field of the policy; all
        its further columns are kept too, so that a later policy may look at them. WarehouseError where
        another process is appending or the disk is full: nothing was kept then.
        """
        missing = [name for name in WHO if name not in applicants.column_names]
        if missing:
            raise UsageError(
                f"the applicants have no column {missing[0]}", hint=f"They need {', '.join(WHO)}."
            )
        answers = decider.decide_all(applicants)
        if not applicants.num_rows:
            return self.decisions + 1, answers
        for place in (PARTS, POLICIES):
            (self.folder / place).mkdir(parents=True, exist_ok=True)
        with _alone(self.folder):
            self.parts = _read_index(self.folder / INDEX)
            self._sweep()
            first = self.decisions + 1
            table = _table(applicants, answers, decider.policy.version, run_id, first)
            self._keep(decider.policy)
            self._add(table, first, decider.policy.version)
        return first, answers

    def _add(self, table: Any, first: int, policy: str) -> None:
        content, path = to_bytes(table), f"{PARTS}/{first:012d}.parquet"
        try:
            _write(self.folder / path, content)
            part = Part(path, first, table.num_rows, policy, hashlib.sha256(content).hexdigest(), _now())
            write_atomically(self.folder / INDEX, _index((*self.parts, part)))
        except OSError:
            (self.folder / path).unlink(missing_ok=True)
            raise
        self.parts = (*self.parts, part)

    def _keep(self, policy: Policy) -> None:
        file = self.folder / POLICIES / f"{policy.version}.json"
        if not file.exists():
            write_atomically(file, policy.to_json())

    def _sweep(self) -> None:
        """Removes what was begun and never named."""
        named = {part.path for part in self.parts}
        for file in (self.folder / PARTS).iterdir():
            if f"{PARTS}/{file.name}" not in named:
                file.unlink()

    def policy(self, version: str) -> Policy:
        """The policy of a version; WarehouseError where it is gone or was changed."""
        try:
            found = Policy.from_json((self.folder / POLICIES / f"{version}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            found = None
        if found is None or found.version != version:
            raise WarehouseError(
                f"the policy {version} in {self.folder} is missing or was changed by hand",
                hint="Bring it back from a copy: decisions cannot be replayed without it.",
            )
        return found

    def read(self, part: Part) -> tuple[Any, bytes]:
        """A part as an Arrow table, and its bytes; WarehouseError where they are not as they were written."""
        try:
            content = (self.folder / part.path).read_bytes()
        except OSError:
            content = b""
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise WarehouseError(
                f"{self.folder / part.path} is missing or was changed", hint="Bring it back from a copy."
            )
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False), content

    def tables(self) -> Iterator[tuple[Part, Any]]:
        """Every part with its table, oldest first."""
        for part in self.parts:
            yield part, self.read(part)[0]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the log's lock; what another process or a full disk forbids is said in one line."""
    try:
        with locked(folder):
            yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise WarehouseError(
            f"the disk that holds {folder} is full; no decision was kept",
            hint="Free some space and decide again.",
        ) from None


def to_bytes(table: Any) -> bytes:
    """The table as a Parquet file; equal tables give equal bytes."""
    import io

    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(
        table, out, compression="zstd", compression_level=3, use_dictionary=True, row_group_size=1 << 16,
        version="2.6", store_schema=False, write_statistics=True,
    )  # fmt: skip
    return out.getvalue()


def seen(table: Any) -> Any:
    """The fields as they were seen when decided, as an Arrow table."""
    import pyarrow as pa

    names = [name for name in table.column_names if name.startswith("seen.")]
    return pa.table({name[5:]: table.column(name) for name in names})


def with_answers(table: Any, answers: Any) -> Any:
    """The log's table with other answers in the place of its own."""
    for name in Decided._fields:
        table = table.set_column(table.column_names.index(name), name, answers.column(name))
    return table


def _table(applicants: Any, answers: Any, policy: str, run_id: str, first: int) -> Any:
    import pyarrow as pa

    rows = applicants.num_rows
    zeros = pa.array(np.zeros(rows, np.int64))
    columns = {
        "decision_id": pa.array(np.arange(first, first + rows)),
        "policy": pa.array([policy]).take(zeros), "run_id": pa.array([run_id]).take(zeros),
        **{name: applicants.column(name) for name in WHO},
        **{name: answers.column(name) for name in Decided._fields},
        **{f"seen.{name}": applicants.column(name) for name in applicants.column_names if name not in WHO},
    }  # fmt: skip
    return pa.table(columns).combine_chunks()


def _read_index(file: Path) -> tuple[Part, ...]:
    if not file.exists():
        return ()
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        parts = tuple(Part(**one) for one in content["parts"])
        if content["format"] != FORMAT or content["checksum"] != _checksum(parts):
            raise ValueError("checksum")
        return parts
    except (ValueError, KeyError, TypeError):
        raise WarehouseError(
            f"{file} is damaged or was changed by hand",
            hint="Bring it back from a copy of the decisions folder.",
        ) from None


def _index(parts: tuple[Part, ...]) -> str:
    content = {"format": FORMAT, "checksum": _checksum(parts), "parts": [asdict(part) for part in parts]}
    return json.dumps(content, indent=1) + "\n"


def _checksum(parts: tuple[Part, ...]) -> str:
    return hashlib.sha256(json.dumps([asdict(part) for part in parts]).encode()).hexdigest()


def _now() -> str:
    return clock.now().isoformat(timespec="seconds")


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)
