"""Forms of strangers, answered by published runs; nothing is kept of what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.access.permitted import permission_of
from bankmine.lifecycle.forms import FOLDER, PublishedForm, published_form
from bankmine.mining.form.fields import OTHER
from bankmine.mining.form.reading import read_fields

if TYPE_CHECKING:
    from bankmine.access.view import View
    from bankmine.mining.form.model import FormAnswer


@dataclass(frozen=True)
class Asked:
    """One field of a form; `choices` are empty where a number is asked for."""

    name: str
    question: str
    allowed: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class FormSeen:
    """A task's form as a person may ask it."""

    published: PublishedForm

    @property
    def run_id(self) -> str:
        """The run that answers."""
        return self.published.run.run_id

    @property
    def fields(self) -> tuple[Mapping[str, str], ...]:
        """Each field: its name, its question, what may stand in it."""
        return tuple(
            {"name": one.name, "question": one.question, "allowed": one.allowed}
            for one in self.published.model.fields
        )

    @property
    def questions(self) -> tuple[Asked, ...]:
        """Each field as a page asks it."""
        return tuple(
            Asked(one.name, one.question, one.allowed, tuple(level for level in one.levels if level != OTHER))
            for one in self.published.model.fields
        )

    def answer(self, given: Mapping[str, Any]) -> FormAnswer:
        """What the fields say; UsageError for a field or value the form does not know."""
        model = self.published.model
        return model.answer(read_fields(model, given))


def form_of(view: View, task: str) -> FormSeen:
    """The published run's form. Forbidden without the task's permission, UsageError where it has none."""
    view.person.require(permission_of(task))
    results = view.state.bank.results_folder
    run = view.state.published.get(task)
    if run is None or not (run.folder / FOLDER / "model.json").is_file():
        return FormSeen(published_form(results, task))  # says what there is
    made: FormSeen = view.place.seen.get(
        ("form", str(run.folder)), lambda: FormSeen(published_form(results, task))
    )
    return made
