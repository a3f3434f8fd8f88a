"""Kept columns: files of plain arrays beside the warehouse's Parquet files, made again when lost.

    columns/<table>/<order>/bucket=0003.kept      one file for each bucket, mapped into memory to be read

A kept file names the data files its arrays were made of. It is good only while all of them are in the
manifest and lie on the disk unchanged. Nothing is synced, for nothing is lost with it: each array has a
checksum, looked at once a process before the array is first used. Because the arrays are a copy of what
persons did, a file whose sources left the manifest is removed in the same commit, and none can appear
afterwards: publishing looks at the manifest under the lock that the removal holds.

    8 bytes magic | 8 length of the index | 8 length of the file | 8 checksum of the index | index | arrays
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import mmap
import os
import struct
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankmine.bank.manifest import Manifest, from_json

FOLDER = "columns"
MAGIC = b"BMKEPT01"
_HEAD = struct.Struct("<8sQQ8s")
_ALIGN = 64
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SEEN_AT_MOST = 1_000_000
_seen: set[tuple[Any, ...]] = set()


@dataclass(frozen=True, order=True)
class Source:
    """A data file as it was when arrays were made of it: path in the warehouse, bytes, change (ns)."""

    path: str
    bytes: int
    changed: int


def source_of(folder: Path, path: str) -> Source | None:
    """The data file as it is now; None where it is missing."""
    try:
        found = os.stat(folder / path)
    except OSError:
        return None
    return Source(path, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Place:
    """What a kept file holds the rows of: one bucket of one order of a table."""

    table: str
    order: str
    bucket: int

    def path(self, folder: Path) -> Path:
        """The kept file in the warehouse's folder."""
        return folder / FOLDER / self.table / self.order / f"bucket={self.bucket:04d}.kept"


@dataclass(frozen=True)
class KeptFile:
    """An open kept file; its arrays are mapped, read only, and stay good when the file is replaced."""

    sources: tuple[Source, ...]
    levels: Mapping[str, tuple[str, ...]]
    _places: Mapping[str, tuple[str, int, int, int]]
    _content: mmap.mmap
    _identity: tuple[int, ...]

    def __contains__(self, name: str) -> bool:
        return name in self._places

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays it holds."""
        return tuple(self._places)

    def array(self, name: str) -> NDArray[Any]:
        """One array; ValueError where its bytes are not as they were written."""
        dtype, offset, count, checksum = self._places[name]
        found: NDArray[Any] = np.frombuffer(self._content, dtype, count, offset)
        mark = (*self._identity, offset)
        if mark not in _seen:
            if checksum_of_array(found) != checksum:
                raise ValueError(f"the kept array {name} was changed")
            if len(_seen) >= _SEEN_AT_MOST:
                _seen.clear()
            _seen.add(mark)
        return found


def checksum_of_array(array: NDArray[Any]) -> int:
    """The checksum of a contiguous array's bytes."""
    from bankmine.bank.checksum import checksum_of

    flat = array.reshape(-1).view(np.uint8)
    whole = flat.size - flat.size % 8
    return int(checksum_of(flat[:whole].view(np.uint64), flat[whole:]))


def open_kept(path: Path) -> KeptFile | None:
    """The kept file; None where there is none or it is not whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if found.st_size < _HEAD.size:
            return None
        content = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        index = _index_of(content, found.st_size)
        if index is None:
            return None
        return KeptFile(
            tuple(Source(*one) for one in index["sources"]),
            {name: tuple(levels) for name, levels in index["levels"].items()},
            {name: tuple(place) for name, place in index["arrays"].items()},
            content,
            (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        os.close(descriptor)


def _index_of(content: Any, size: int) -> Any:
    """The index at the head of a file of `size` bytes; None where it is not whole."""
    magic, length, total, checksum = _HEAD.unpack(content[: _HEAD.size])
    if magic != MAGIC or total != size or _HEAD.size + length > size:
        return None
    text = content[_HEAD.size : _HEAD.size + length]
    return json.loads(text) if hashlib.blake2b(text, digest_size=8).digest() == checksum else None


def keep(
    folder: Path,
    place: Place,
    sources: Iterable[Source],
    arrays: Mapping[str, NDArray[Any]],
    levels: Mapping[str, tuple[str, ...]],
) -> bool:
    """Writes the kept file of a place and shows it in one rename; whether it was done.

    Not done where the folder cannot be written, or where the sources are no longer what the manifest names
    for the place. A full disk is said in one warning, and what was begun is removed.
    """
    sources, path = tuple(sorted(sources)), place.path(folder)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as out:
            _write(out, sources, arrays, levels)
        with _publishing(folder):
            if not _are_current(folder, place, sources):
                return False
            draft.replace(path)
        return True
    except OSError as error:
        if error.errno in _FULL:
            warnings.warn(
                f"the disk that holds {folder} is full: no columns are kept, Parquet files are read",
                RuntimeWarning,
                stacklevel=2,
            )
        return False
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _write(
    out: Any, sources: Iterable[Source], arrays: Mapping[str, NDArray[Any]], levels: Mapping[str, Any]
) -> None:
    solid = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    sums = {name: checksum_of_array(array) for name, array in solid.items()}

    def index(start: int) -> bytes:
        places, at = {}, start
        for name, array in solid.items():
            places[name] = (array.dtype.str, at, array.size, sums[name])
            at += -(-array.nbytes // _ALIGN) * _ALIGN
        given = [(one.path, one.bytes, one.changed) for one in sources]
        return json.dumps({"sources": given, "levels": levels, "arrays": places}).encode()

    room = 2 * len(index(1 << 40)) + _HEAD.size
    start = -(-room // _ALIGN) * _ALIGN
    text = index(start)
    total = start + sum(-(-array.nbytes // _ALIGN) * _ALIGN for array in solid.values())
    out.write(_HEAD.pack(MAGIC, len(text), total, hashlib.blake2b(text, digest_size=8).digest()))
    out.write(text + bytes(start - _HEAD.size - len(text)))
    for array in solid.values():
        out.write(array.reshape(-1).view(np.uint8))
        out.write(bytes(-array.nbytes % _ALIGN))


@contextmanager
def _publishing(folder: Path) -> Iterator[None]:
    """Held while a kept file is shown, or while those of files that left the manifest are removed."""
    lock = os.open(folder / FOLDER / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _are_current(folder: Path, place: Place, sources: Iterable[Source]) -> bool:
    """Whether the manifest of this moment names these files for the place, and none has changed."""
    sources = tuple(sources)
    listed = _listed_now(folder).get(place, frozenset())
    return listed == {one.path for one in sources} and all(
        source_of(folder, one.path) == one for one in sources
    )


_Listed = dict[Place, frozenset[str]]
_manifests: dict[Path, tuple[tuple[int, ...], _Listed]] = {}


def _listed_now(folder: Path) -> _Listed:
    """The files of each place in the manifest of this moment, read again only when it was replaced."""
    file = folder / "manifest.json"
    with file.open(encoding="utf-8") as opened:
        found = os.fstat(opened.fileno())
        identity = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = _manifests.get(folder)
        if known is None or known[0] != identity:
            known = _manifests[folder] = (identity, _by_place(from_json(opened.read(), where=file)))
    return known[1]


def _by_place(manifest: Manifest) -> _Listed:
    found: dict[Place, set[str]] = {}
    for state in manifest.tables.values():
        for file in state.files:
            if file.bucket is not None:
                found.setdefault(Place(state.name, file.order, file.bucket), set()).add(file.path)
    return {place: frozenset(paths) for place, paths in found.items()}


def sweep_kept(folder: Path, listed: Iterable[str]) -> None:
    """Removes the kept files made of a data file that is not listed, and what broke off while written."""
    place = folder / FOLDER
    if not place.is_dir():
        return
    named = set(listed)
    with _publishing(folder):
        for path in place.rglob("*"):
            if path.name.endswith(".tmp") or (path.suffix == ".kept" and not _made_of(path, named)):
                path.unlink(missing_ok=True)


def _made_of(path: Path, listed: set[str]) -> bool:
    """Whether a kept file is whole and made of listed files alone."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD.size)
            length = _HEAD.unpack(head)[1]
            index = _index_of(head + file.read(min(length, size)), size)
    except (OSError, ValueError, struct.error):
        return False
    return index is not None and all(path in listed for path, _, _ in index["sources"])
