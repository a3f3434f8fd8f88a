"""S16: installed size of the core, and what starting costs.

A fresh environment gets the core lock only; `import bankmine` and `bankmine --help` are run eleven times
each in processes of their own and the median of their CPU seconds counts.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.rows import Row

ROOT = Path(__file__).resolve().parents[1]


def _cpu_of(command: list[str], times: int = 11) -> float:
    seen = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seen.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(seen)


def _install(folder: Path) -> Path:
    python = folder / "bin" / "python"
    lock = ROOT / "locks" / "core.lock"
    if shutil.which("uv"):
        subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(folder)], check=True)
        pip = ["uv", "pip", "install", "-q", "--python", str(python)]
    else:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
    return python


def run() -> Row:
    """Installs, measures, and compares with a bare interpreter's start."""
    with tempfile.TemporaryDirectory() as place:
        python = _install(Path(place) / "venv")
        size = sum(
            f.stat().st_size for f in (Path(place) / "venv").rglob("*") if f.is_file() and not f.is_symlink()
        )
        bare = _cpu_of([str(python), "-c", "pass"])
        imported = _cpu_of([str(python), "-c", "import bankmine"])
        shown = _cpu_of([str(python.parent / "bankmine"), "--help"])
    figures = {
        "installed_gb": round(size / 1e9, 3),
        "import_cpu_s": round(imported, 3),
        "help_cpu_s": round(shown, 3),
    }
    return Row(
        row="S16",
        bankmine=figures,
        reference={"bare_python_cpu_s": round(bare, 3)},
        bar="core ≤ 1.3 GB; import ≤ 0.5 s CPU; --help ≤ 0.3 s CPU",
        met=size <= 1.3e9 and imported <= 0.5 and shown <= 0.3,
        protocol="fresh environment from locks/core.lock; medians of 11 processes, interpreter included",
    )
