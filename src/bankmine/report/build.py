"""Writes a report folder that works offline, and swaps it in whole: readers see the old one or the new.

The pages are written and synced in a new folder beside the target; one exchange of names then
publishes it. A folder that is not a report is never replaced. Nothing in the folder depends on the
clock, so the same content gives the same bytes.
"""

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bankmine.errors import UsageError
from bankmine.report.content import Facts, Page, Report, Section, Sql
from bankmine.report.render import address, render_page
from bankmine.report.texts import texts

STATIC = Path(__file__).parent / "static"
MARKER = ".bankmine-report"
AT_FDCWD, RENAME_EXCHANGE = -100, 2


def build_report(report: Report, folder: Path) -> Path:
    """Writes all pages, their CSV files and the assets; returns the path of `index.html`.

    Raises UsageError when `folder` exists and is not a report, or a page takes the reserved slug
    `reproduce`.
    """
    folder = Path(os.path.abspath(folder))
    _refuse_foreign(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    fresh = folder.with_name(f".{folder.name}.new-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _write(with_reproducibility(report), fresh)
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder / "index.html"


def with_reproducibility(report: Report) -> Report:
    """The report with a last page that holds its reproducibility."""
    from dataclasses import replace

    words, known = texts(report.language), report.reproducibility
    page = Page(
        slug="reproduce",
        title=words["reproduce"],
        sentence=known.sentence or words["reproduce_sentence"],
        nav_group=words["reproduce_group"],
        sections=[
            Section(title=words["command"], blocks=[Sql(text=known.command), Facts(tuple(known.facts))]),
        ],
        how_computed=None,
    )
    return replace(report, pages=(*report.pages, page))


def _write(report: Report, folder: Path) -> None:
    files: dict[str, bytes] = {MARKER: b"bankmine report\n"}
    for page in report.pages:
        html, data = render_page(report, page)
        files[address(report, page)] = html.encode()
        files.update(data)
    for source in _assets():
        files[f"assets/{source.relative_to(STATIC).as_posix()}"] = source.read_bytes()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())


def _assets() -> Iterator[Path]:
    """Every static file a page or a licence needs; the recipe of the vendored build stays behind."""
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and path.name not in ("entry.js", "VENDORED.md"):
            yield path


def _swap(fresh: Path, folder: Path) -> None:
    """Exchanges the two names in one step where the system can; the old report ends up in `fresh`."""
    if not folder.exists():
        os.rename(fresh, folder)
    elif not _exchange(fresh, folder):
        aside = fresh.with_name(f".{folder.name}.old-{os.getpid()}")
        os.rename(folder, aside)
        os.rename(fresh, folder)
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(folder.parent)


def _exchange(one: Path, other: Path) -> bool:
    """renameat2 with RENAME_EXCHANGE; False where the library or file system has it not."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists() or (folder / MARKER).exists():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise UsageError(
            f"{folder} exists and is not a report", hint="Name an empty or new folder; nothing was changed."
        )


def _remove_leftovers(folder: Path) -> None:
    """Removes half-written folders of builders that are no longer running."""
    for path in folder.parent.glob(f".{folder.name}.new-*"):
        pid = path.name.rpartition("-")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            with suppress(OSError):
                shutil.rmtree(path)
