"""Run folders: named by their content, written beside, then renamed; a crash leaves no half run.

results/<task>/<run_id>/
  metrics.json   all figures, tests, feasibility, plan, verdict
  card.md        the model card
  model/         model.json (and booster.txt), preparation.json
  features.json  name, unit, sentence, lineage, missing share, weight
  sql/           the statements behind the numbers
  versions.json  versions of the libraries, seed, hash of bankmine's own code
  scores.parquet
  tested.parquet, inputs.parquet, whole.parquet   what a validation of the score reads
  questions/     of a study: one folder for each question, with its model and what a validation reads
  tables/        of a study: the tables it keeps
  form/          of a study that strangers can ask: the form's model
  card/          of a study with a card of points: the card and the rows it was fitted on
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bankmine.bank.locking import full_disk_is_one_line
from bankmine.bank.manifest import sync_folder

LIBRARIES = ("numpy", "pyarrow", "duckdb", "numba", "scikit-learn", "scipy", "lightgbm")


@cache
def code_version() -> str:
    """A hash of bankmine's own source: other code, other run."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted([*root.rglob("*.py"), *root.rglob("*.sql")]):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def run_id(
    *,
    fingerprint: str,
    task: str,
    own_code: str,
    settings: Mapping[str, Any],
    seed: int,
    cutoff: int,
    budget: str,
    before: str | None = None,
    read: Mapping[str, str] | None = None,
) -> str:
    """`hash(manifest, code, configuration, seeds, cutoffs)`, and the runs it reads where those count: the one
    before it, and by task those published."""
    parts = {
        "manifest": fingerprint, "task": task, "code": code_version(), "own_code": own_code,
        "settings": settings, "seed": seed, "cutoff": cutoff, "versions": versions(),
        "budget": budget, "before": before, "read": dict(read or {}),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in LIBRARIES)


def versions() -> dict[str, str]:
    """The libraries the figures rest on."""
    return dict(_versions())


@contextmanager
def new_folder(results: Path, task: str, name: str) -> Iterator[tuple[Path, Path]]:
    """A temporary folder to fill, and a scratch folder; renamed to results/<task>/<name> at the end.

    Leaving by an error removes both; an older folder of that name is replaced.
    """
    home = results / task
    home.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(home)
    temporary, scratch = home / f".{name}.{os.getpid()}.tmp", home / f".{name}.{os.getpid()}.scratch"
    for folder in (temporary, scratch):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    try:
        with full_disk_is_one_line(home):
            yield temporary, scratch
            _sync(temporary)
            _rename(temporary, home / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Plain values as JSON, numbers as short as they read back; NaN becomes null."""
    text = json.dumps(tidy(content), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def tidy(content: Any) -> Any:
    """NumPy values unwrapped, tuples as lists, NaN and infinities as null."""
    if isinstance(content, Mapping):
        return {str(key): tidy(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [tidy(value) for value in content]
    if hasattr(content, "tolist"):
        return tidy(content.tolist())
    if isinstance(content, float) and not -1.8e308 < content < 1.8e308:
        return None
    return content


def _remove_leftovers(home: Path) -> None:
    """Removes what runs that were killed left behind: hidden folders of processes that are gone."""
    for folder in home.glob(".*.*.*"):
        process = folder.name.split(".")[-2]
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Every file and folder below is on the disk."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        else:
            sync_folder(file)
    sync_folder(folder)


def _rename(temporary: Path, target: Path) -> None:
    if target.exists():
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        target.rename(old)
        temporary.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        temporary.rename(target)
    sync_folder(target.parent)
