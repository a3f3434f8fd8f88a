"""The stranger's form: a few answers of somebody who is no customer, and what they say, anew with each.

Asking writes nothing. What came of the talk can be kept as a lead, without a name, and taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from bankmine.access.forms import FormSeen, form_of
from bankmine.errors import NotFound, UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import leads

pages = Pages()
HERE = "/offers/stranger"
TASKS = ("cross_sell", "acquisition")
"""Whose forms strangers are asked: what to offer, and whether to win them."""


@dataclass(frozen=True)
class Question:
    """One field as the page asks it: `levels` to choose from, or none where a number is typed."""

    name: str
    question: str
    levels: tuple[str, ...]
    allowed: str
    given: str
    next: bool


@pages.get(HERE, permission=Permission.OFFERS_READ)
def empty(visit: Visit) -> Response:
    """The empty form, already answered by what is usual."""
    return _page(visit)


@pages.post(HERE, permission=Permission.OFFERS_READ)
def answered(visit: Visit) -> Response:
    """The same form with what was filled in; nothing of it is kept."""
    return _page(visit)


@pages.post(f"{HERE}/leads", permission=Permission.CONTACTS_WRITE)
def keep(visit: Visit) -> Response:
    """Keeps what came of the talk: the answers as the form knows them, and the outcome."""
    task = _task(visit)
    form = form_of(visit.view, task)
    given = _given(visit, form)
    answer = form.answer(given)
    with visit.site.store.begin() as connection:
        lead_id = leads.record(
            connection, visit.who,
            task=task, run_id=form.run_id, fields=given, best=answer.best,
            outcome=visit.form.get("outcome", ""),
        )  # fmt: skip
    return visit.done(HERE, "lead-recorded", lead_id, task=task)


@pages.post(f"{HERE}/leads/{{lead}}/withdraw", permission=Permission.CONTACTS_WRITE)
def withdraw(visit: Visit) -> Response:
    """Takes a lead back."""
    with visit.site.store.begin() as connection:
        leads.withdraw(connection, visit.who, visit.path["lead"])
    return visit.done(HERE, "lead-withdrawn", visit.path["lead"])


@pages.post(f"{HERE}/leads/{{lead}}/restore", permission=Permission.CONTACTS_WRITE)
def restore(visit: Visit) -> Response:
    """Puts it back."""
    with visit.site.store.begin() as connection:
        leads.restore(connection, visit.who, visit.path["lead"])
    return visit.done(HERE, "lead-restored", visit.path["lead"])


def _page(visit: Visit) -> Response:
    forms = _forms(visit)
    if not forms:
        return visit.page("list_missing.html.j2", title=visit.t("stranger.title"))
    task = _task(visit) if _task(visit) in forms else next(iter(forms))
    form, problem = forms[task], None
    given = _given(visit, form)
    try:
        answer = form.answer(given)
    except UsageError as wrong:
        problem, answer = wrong, form.answer({})
    first = answer.ask_next[0].field if answer.ask_next else ""
    with visit.site.store.read() as connection:
        kept = leads.listed(connection, visit.who)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "stranger.html.j2",
        task=task,
        tasks=list(forms),
        run=visit.view.run(task),
        questions=_questions(form, given, first),
        answer=answer,
        chances=sorted(answer.probability.items(), key=lambda one: -one[1]),
        asked={one.name: one.question for one in form.questions},
        problem=problem,
        leads=kept,
        names=names,
        outcomes=list(leads.Outcome),
        may_keep=visit.may(Permission.CONTACTS_WRITE),
    )


def _forms(visit: Visit) -> dict[str, FormSeen]:
    """The forms this bank's runs have."""
    found = {}
    for task in TASKS:
        try:
            found[task] = form_of(visit.view, task)
        except (UsageError, NotFound):
            continue
    return found


def _task(visit: Visit) -> str:
    asked = visit.form.get("task") or visit.query.get("task") or TASKS[0]
    return asked if asked in TASKS else TASKS[0]


def _given(visit: Visit, form: FormSeen) -> dict[str, str]:
    """The fields that were filled in."""
    values = {one.name: visit.form.get(f"field_{one.name}", "").strip() for one in form.questions}
    return {name: value for name, value in values.items() if value}


def _questions(form: FormSeen, given: dict[str, str], first: str) -> list[Question]:
    return [
        Question(one.name, one.question, one.choices, one.allowed, given.get(one.name, ""), one.name == first)
        for one in form.questions
    ]
