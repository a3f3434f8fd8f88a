"""What validation found of a task's run; it speaks of the whole bank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankmine.errors import Forbidden, NotFound
from bankmine.governance import Permission
from bankmine.lifecycle.validation.kept import KeptPack, kept

if TYPE_CHECKING:
    from bankmine.access.view import View


def packs(view: View, task: str) -> list[KeptPack]:
    """The validation of the run to read as of the view's date, a pack a question; none where there is none.

    Forbidden without `models:read` or for whoever sees a part of the bank; NotFound without a run.
    """
    view.person.require(Permission.MODELS_READ)
    if not view.everything:
        raise Forbidden("a validation speaks of the whole bank", hint="Ask somebody who sees all of it.")
    run = view.run_of(task)
    return kept(view.state.bank.validation_folder, run.task, run.run_id)


def document(view: View, task: str, name: str) -> bytes:
    """A pack's Word document; NotFound where there is none."""
    found = next((one for one in packs(view, task) if one.name == name), None)
    if found is None or not found.document.exists():
        raise NotFound("there is no such validation", hint="Start one, or look at those that are there.")
    return found.document.read_bytes()
