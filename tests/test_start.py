"""Starting must be quick, and heavy libraries must stay out of it."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

HEAVY = ("numba", "duckdb", "pyarrow", "numpy", "sklearn", "lightgbm", "pandas", "scipy", "jax", "sqlglot")


def _modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(','.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.strip().splitlines()[-1].split(",")}


def test_importing_bankmine_imports_nothing_heavy() -> None:
    assert not _modules_after("import bankmine") & set(HEAVY)


def test_the_help_of_the_command_line_imports_nothing_heavy() -> None:
    run = "import contextlib\nfrom bankmine.cli.run import _run\n_run(['--help'], debug=False)"
    assert not _modules_after(run) & set(HEAVY)


def test_the_help_of_a_command_imports_nothing_heavy() -> None:
    assert not _modules_after(
        "from bankmine.cli.run import _run\n_run(['run', '--help'], debug=False)"
    ) & set(HEAVY)


def test_a_heavy_import_would_be_seen() -> None:
    assert "numpy" in _modules_after("import numpy")


def test_every_test_file_has_a_name_of_its_own() -> None:
    names = Counter(file.name for file in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
