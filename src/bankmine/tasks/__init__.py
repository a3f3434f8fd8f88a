"""The bank's questions: one folder each, all with one contract.

Owns: the contract (`contract.py`), the label rule (`labels.py`), the registry of shipped tasks and of the
tasks a bank adds in its own folder (`registry.py`). A task says what; `lifecycle` does it, the same way for
all. May import: customers, preparation, mining, evaluation, windows, engine, bank. Start at `contract.py`,
then read `inactivity/task.py` as an example.
"""

from bankmine.tasks.registry import TASKS, find_task, tasks_of

__all__ = ["TASKS", "find_task", "tasks_of"]
