"""The shipped tasks, and a bank's own task in its folder."""

from pathlib import Path

import pytest

from bankmine.bank.catalogue import TABLES
from bankmine.errors import ConfigurationError, UsageError
from bankmine.tasks import TASKS, find_task, tasks_of

OWN = """
from bankmine.tasks.inactivity.task import Inactivity

class Quiet(Inactivity):
    name = "quiet"
    title = "Quiet customers"

TASK = Quiet()
"""


def own(folder: Path, text: str) -> Path:
    (folder / "tasks").mkdir()
    (folder / "tasks" / "quiet.py").write_text(text)
    return folder


@pytest.mark.parametrize("name", list(TASKS))
def test_every_shipped_task_says_what_it_is_for(name: str) -> None:
    task = TASKS[name]
    assert task.name == name
    for text in (task.goal.question, task.goal.success, task.goal.owner, task.goal.use, task.goal.plan):
        assert len(text) > 10
    assert task.goal.feasibility.subjects > 0
    assert {*task.needs.tables, *task.needs.usable} <= set(TABLES)


def test_a_wrong_name_names_what_is_near() -> None:
    with pytest.raises(UsageError, match="Did you mean segmentation"):
        find_task("segmentatoin")


def test_a_bank_adds_its_own_task(tmp_path: Path) -> None:
    folder = own(tmp_path, OWN)
    assert find_task("quiet", folder).title == "Quiet customers"
    assert set(tasks_of(folder)) == {*TASKS, "quiet"}


def test_a_bank_without_tasks_has_the_shipped_ones(tmp_path: Path) -> None:
    assert set(tasks_of(tmp_path)) == set(TASKS)


@pytest.mark.parametrize(
    ("text", "says"), [("import nothing_of_that_name", "fails to load"), ("x = 1", "sets no TASK")]
)
def test_a_broken_task_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        find_task("quiet", own(tmp_path, text))
    assert "quiet.py" in str(error.value)


def test_a_setting_a_task_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigurationError, match=r"no setting 'horizon'.*horizon_days"):
        TASKS["inactivity"].check_settings({"horizon": 90})


@pytest.mark.parametrize("value", ["ninety", 0, -1, 1.5])
def test_a_count_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="whole number"):
        TASKS["inactivity"].check_settings({"horizon_days": value})


@pytest.mark.parametrize("name", list(TASKS))
def test_the_shipped_mappings_ask_only_for_settings_there_are(name: str) -> None:
    from bankmine import sources

    for mapping in sorted(one.name for one in sources.SHIPPED.iterdir() if (one / "mapping.toml").exists()):
        asked = sources.load_mapping(mapping).tasks
        if name in asked:
            TASKS[name].check_settings(asked[name])
