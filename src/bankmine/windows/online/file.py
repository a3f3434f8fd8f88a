"""An online state as one file: what a restart needs, checked in every byte.

    magic (8) | format version (4) | length of header (4) | header (JSON) | memory (8 × words) | checksum (32)

The file is written beside its place, synced and renamed: a crash leaves the old file whole. The checksum is
BLAKE2b of everything before it; the header names the declaration the memory was laid out for.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bankmine.bank.civil import Zone
from bankmine.bank.manifest import sync_folder
from bankmine.errors import BankmineError, UsageError, WarehouseError
from bankmine.windows.declaration import Feature
from bankmine.windows.online.memory import GIB, physical_memory, reserve
from bankmine.windows.online.plan import OnlinePlan, make_plan
from bankmine.windows.online.state import OnlineState
from bankmine.windows.online.words import Head
from bankmine.windows.span import Span

MAGIC = b"BMONLINE"
VERSION = 1
_FRONT = struct.Struct("<8sII")
_CHECK = 32
_CHUNK = 1 << 26


def declaration_of(plan: OnlinePlan) -> str:
    """Names the features and the layout: states of one name have memories of one form."""
    digest = hashlib.sha256()
    for feature in plan.features:
        digest.update(repr(feature).encode())
    digest.update(plan.numbers.tobytes())
    return digest.hexdigest()


def write_state(state: OnlineState, path: Path) -> None:
    """Writes a state, synced, whole or not at all."""
    memory = state._memory[: int(state._memory[Head.TOP])]
    header = json.dumps(_header(state), separators=(",", ":")).encode()
    front = _FRONT.pack(MAGIC, VERSION, len(header))
    with _whole_or_not_at_all(path) as file:
        digest = hashlib.blake2b(digest_size=_CHECK)
        parts: list[bytes | memoryview] = [front, header, *_chunks(memory.view(np.uint8).data)]
        for part in parts:
            file.write(part)
            digest.update(part)
        file.write(digest.digest())


@contextmanager
def _whole_or_not_at_all(path: Path) -> Iterator[BinaryIO]:
    """A file beside the path, synced and renamed at the end; after an error it goes."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink()
        if isinstance(error, OSError):
            raise _not_saved(path, error) from None
        raise


def _not_saved(path: Path, error: OSError) -> BankmineError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return WarehouseError(
            f"the disk is full, {path.name} was not saved; a file of that name is as it was",
            hint="Free some space and save again; the state goes on.",
        )
    if not path.parent.is_dir():
        return UsageError(
            f"{path.name} was not saved: there is no folder {path.parent}", hint="Make it and save again."
        )
    return UsageError(
        f"{path.name} was not saved in {path.parent}: {error.strerror or type(error).__name__}",
        hint="Save to a file in a folder that may be written to.",
    )


def read_state(path: Path, features: Sequence[Feature], *, limit: int | None) -> OnlineState:
    """The state in a file; WarehouseError for one of another version or declaration, shortened or altered."""
    if not path.is_file():
        raise UsageError(f"there is no state {path.name}", hint="Start one, or fill one from the warehouse.")
    with path.open("rb") as file:
        front, header = _read_header(file, path)
        plan = _plan_for(header, features, path)
        words = header["words"]
        _check_size(path, _FRONT.size + len(front) + 8 * words + _CHECK)
        allowed = physical_memory() if limit is None else limit
        if 8 * words > allowed:
            raise UsageError(
                f"{path.name} holds {8 * words / GIB:.1f} GiB, more than the state may use",
                hint="Restore it with a larger `limit`.",
            )
        memory = reserve(allowed)
        _read_memory(file, memory[:words].view(np.uint8).data, front, path)
    memory[Head.LIMIT] = allowed // 8
    state = OnlineState(
        plan, memory, zone=Zone(header["zone"]), covered_from=header["covered_from"],
        lateness=Span.parse(header["lateness"]),
    )  # fmt: skip
    _take_feedback(state, header["feedback"])
    return state


def _header(state: OnlineState) -> dict[str, Any]:
    feedback = state._feedback
    return {
        "declaration": declaration_of(state._plan),
        "zone": state.zone.name,
        "covered_from": state.covered_from,
        "lateness": str(state.lateness),
        "words": int(state._memory[Head.TOP]),
        "offset": state.offset,
        "vocabularies": {one.name: list(one.vocabulary) for one in state._plan.fields},
        "feedback": {
            "versions": [[*key, versions] for key, versions in feedback.versions.items()],
            "coming": feedback.coming,
            "entered": feedback.entered,
        },
    }


def _chunks(data: memoryview) -> list[memoryview]:
    return [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]


def _damaged(path: Path, what: str) -> WarehouseError:
    return WarehouseError(
        f"the state {path.name} {what}", hint="Fill a new one from the warehouse with `from_warehouse`."
    )


def _read_header(file: BinaryIO, path: Path) -> tuple[bytes, dict[str, Any]]:
    """The header in bytes, and read."""
    front = file.read(_FRONT.size)
    if len(front) < _FRONT.size:
        raise _damaged(path, f"is cut off after {len(front)} bytes")
    magic, version, length = _FRONT.unpack(front)
    if magic != MAGIC:
        raise _damaged(path, "is not a file of an online state")
    if version != VERSION:
        raise _damaged(path, f"is of format {version}; this bankmine reads format {VERSION}")
    header = file.read(length)
    if len(header) < length:
        raise _damaged(path, f"is cut off after {_FRONT.size + len(header)} bytes")
    try:
        return header, json.loads(header)
    except ValueError:
        raise _damaged(path, "was altered: its header cannot be read") from None


def _plan_for(header: dict[str, Any], features: Sequence[Feature], path: Path) -> OnlinePlan:
    """The plan of the features, which must be the one the file was written for."""
    try:
        plan = make_plan(
            features, zone=Zone(header["zone"]), covered_from=header["covered_from"],
            lateness=Span.parse(header["lateness"]),
        )  # fmt: skip
        declared, vocabularies = header["declaration"], header["vocabularies"]
    except KeyError as error:
        raise _damaged(path, f"was altered: its header lacks {error.args[0]}") from None
    if declaration_of(plan) != declared:
        raise WarehouseError(
            f"the state {path.name} was saved for other features, or other changes of the time zone",
            hint="Restore it with the features it was saved with, then add others with `with_features`.",
        )
    for one in plan.fields:
        one.vocabulary = {text: number for number, text in enumerate(vocabularies.get(one.name, ()))}
    return plan


def _check_size(path: Path, size: int) -> None:
    found = path.stat().st_size
    if found != size:
        wrong = f"{size - found} bytes short" if found < size else f"{found - size} bytes too long"
        raise _damaged(path, f"is {wrong}")


def _read_memory(file: BinaryIO, memory: memoryview, header: bytes, path: Path) -> None:
    digest = hashlib.blake2b(_FRONT.pack(MAGIC, VERSION, len(header)) + header, digest_size=_CHECK)
    for part in _chunks(memory):
        file.readinto(part)  # type: ignore[attr-defined]
        digest.update(part)
    if file.read(_CHECK) != digest.digest():
        raise _damaged(path, "was altered: its checksum is another")


def _take_feedback(state: OnlineState, saved: dict[str, Any]) -> None:
    feedback = state._feedback
    feedback.versions = {
        (label, subject): [(known, load, confirmed) for known, load, confirmed in versions]
        for label, subject, versions in saved["versions"]
    }
    feedback.coming = [(known, label, subject) for known, label, subject in saved["coming"]]
    feedback.entered = saved["entered"]
