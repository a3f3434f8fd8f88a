"""Run folders appear whole or not at all, and their names say what they were made from."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bankmine.errors import WarehouseError
from bankmine.lifecycle import store


def test_a_finished_folder_appears_under_its_name(tmp_path: Path) -> None:
    with store.new_folder(tmp_path, "task", "abc") as (folder, scratch):
        (folder / "metrics.json").write_text("{}")
        (scratch / "large").write_text("x")
        assert not (tmp_path / "task" / "abc").exists()
    assert [one.name for one in (tmp_path / "task").iterdir()] == ["abc"]
    assert (tmp_path / "task" / "abc" / "metrics.json").read_text() == "{}"


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def half_a_run() -> None:
        with store.new_folder(tmp_path, "task", "abc") as (folder, _):
            (folder / "half").write_text("x")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        half_a_run()
    assert list((tmp_path / "task").iterdir()) == []


def test_a_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="full"), store.new_folder(tmp_path, "task", "abc"):
        raise OSError(28, "No space left on device")
    assert list((tmp_path / "task").iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from bankmine.lifecycle import store\n"
        "with store.new_folder(Path(sys.argv[1]), 'task', 'abc') as (folder, _):\n"
        "    (folder / 'half').write_text('x'); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not (tmp_path / "task" / "abc").exists()
    assert len(list((tmp_path / "task").iterdir())) == 2
    with store.new_folder(tmp_path, "task", "def"):
        pass
    assert [one.name for one in (tmp_path / "task").iterdir()] == ["def"]


def test_a_name_changes_with_each_thing_it_is_made_from() -> None:
    given = {
        "fingerprint": "a", "task": "t", "own_code": "", "settings": {"days": 7}, "seed": 0, "cutoff": 1,
        "budget": "usual",
    }  # fmt: skip
    changes = [
        {"fingerprint": "b"}, {"task": "u"}, {"own_code": "c"}, {"settings": {"days": 8}}, {"seed": 1},
        {"cutoff": 2}, {"budget": "quick"}, {"before": "d"},
    ]  # fmt: skip
    names = [store.run_id(**given), *(store.run_id(**{**given, **change}) for change in changes)]
    assert len(set(names)) == len(names)
    assert store.run_id(**given) == names[0]


def test_json_is_strict_and_plain(tmp_path: Path) -> None:
    import numpy as np

    store.write_json(
        tmp_path / "x.json", {"a": float("nan"), "b": np.float64(0.5), "c": (np.int64(1), [True])}
    )
    text = (tmp_path / "x.json").read_text()
    assert "".join(text.split()) == '{"a":null,"b":0.5,"c":[1,[true]]}'
