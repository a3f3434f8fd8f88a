"""The bin editor: cuts of the published card moved, merged and split by hand, the card fitted anew at once.

What is tried changes nothing. A card that is kept can be agreed to by somebody else and taken as SQL, Python
or JSON; the run's own card stays what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from bankmine.access import card_editor as editing
from bankmine.errors import BankmineError, NotFound, UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import proposals as kept
from bankmine.work.proposals import Kind as Of

if TYPE_CHECKING:
    from bankmine.access.card_editor import Changes, Trial

pages = Pages()
HERE, DRAFTS = "/scorecards/edit", "/scorecards/drafts"
READ, WRITE = Permission.CREDIT_READ, Permission.SCORECARDS_WRITE
TRIED = "tried"
MOST_COLUMNS = 200


@dataclass(frozen=True)
class Draft:
    """A card that is kept with what it does; no trial where it belongs to another run."""

    proposal: kept.Proposal
    trial: Trial | None


@pages.get(HERE, permission=READ, dated=True)
def shown(visit: Visit) -> Response:
    """The published card, or one that is kept (`draft=ID`), with its cuts to change."""
    if not visit.view.everything:
        return visit.page("card_editor.html.j2", trial=None, missing="")
    changes: Changes = {}
    if wanted := visit.query.get("draft"):
        with visit.site.store.read() as connection:
            changes = kept.one(connection, Of.card, wanted).content["changes"]
    return _page(visit, changes)


@pages.post(f"{HERE}/try", permission=READ)
def tried(visit: Visit) -> Response:
    """The card of the form, fitted anew; nothing is kept."""
    changes, problem = _of_form(visit)
    return _page(visit, changes, problem)


@pages.post(HERE, permission=WRITE)
def keep(visit: Visit) -> Response:
    """Keeps the card of the form under a name."""
    changes, problem = _of_form(visit)
    if problem is not None:
        return _page(visit, changes, problem)
    name, note = visit.form.get("name", ""), visit.form.get("note", "").strip()
    try:
        found = editing.trial(visit.view, changes, author=visit.who.name, reason=TRIED)
        if found.same:
            raise UsageError("nothing of the card was changed", hint="Move a cut, or leave a column out.")
        content = {"run_id": editing.bench(visit.view).run_id, "changes": changes}
        with visit.site.store.begin() as connection:
            made = kept.keep(connection, visit.who, Of.card, name, note, content, found.version)
    except BankmineError as error:
        return _page(visit, changes, error)
    return visit.done(HERE, "card-kept", made)


@pages.get(f"/exports{DRAFTS}/{{draft}}", permission=Permission.LISTS_EXPORT, also=READ, dated=True)
def file(visit: Visit) -> Response:
    """A kept card as SQL, Python or JSON (`as`), with who changed what."""
    with visit.site.store.read() as connection:
        found = kept.one(connection, Of.card, visit.path["draft"])
        names = {one.person_id: one.name for one in people.listed(connection)}
    made, form = editing.bench(visit.view), visit.query.get("as", "sql")
    if found.content["run_id"] != made.run_id:
        raise NotFound("this card belongs to another run", hint="Look as of the date it was made for.")
    card = editing.changed_card(
        made,
        found.content["changes"],
        author=names.get(found.person_id, "?"),
        reason=found.note or found.name,
    )
    text = editing.as_file(card, form)
    with visit.site.store.begin() as connection:
        kept.record_taken(connection, visit.who, Of.card, found)
    headers = {"content-disposition": f'attachment; filename="card-{found.version}.{form[:4]}"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


@pages.post(f"{DRAFTS}/{{draft}}/agree", permission=WRITE)
def agree(visit: Visit) -> Response:
    """Agrees to somebody else's card."""
    return _agreed(visit, to=True)


@pages.post(f"{DRAFTS}/{{draft}}/disagree", permission=WRITE)
def disagree(visit: Visit) -> Response:
    """Takes one's own agreement back."""
    return _agreed(visit, to=False)


@pages.post(f"{DRAFTS}/{{draft}}/delete", permission=WRITE)
def delete(visit: Visit) -> Response:
    """Deletes one's own card."""
    return _removed(visit, again=False)


@pages.post(f"{DRAFTS}/{{draft}}/restore", permission=WRITE)
def restore(visit: Visit) -> Response:
    """Brings it back."""
    return _removed(visit, again=True)


def _agreed(visit: Visit, *, to: bool) -> Response:
    editing.bench(visit.view)
    with visit.site.store.begin() as connection:
        kept.agree(connection, visit.who, Of.card, visit.path["draft"], to=to)
    return visit.done(HERE, "card-agreed" if to else "card-unagreed", visit.path["draft"])


def _removed(visit: Visit, *, again: bool) -> Response:
    editing.bench(visit.view)
    with visit.site.store.begin() as connection:
        kept.remove(connection, visit.who, Of.card, visit.path["draft"], again=again)
    return visit.done(HERE, "card-kept" if again else "card-deleted", visit.path["draft"])


def _of_form(visit: Visit) -> tuple[dict[str, list[float] | None], UsageError | None]:
    """The changes of the form, after its button; and what is wrong with it."""
    form, changes = visit.form, dict[str, list[float] | None]()
    problem = None
    for place in range(MOST_COLUMNS):
        name = form.get(f"c{place}_name")
        if name is None:
            break
        try:
            cuts = _numbers(form.get(f"c{place}_cuts", ""), name)
            cuts = _after(cuts, form.get("do", ""), place, form.get(f"c{place}_at", ""), name)
        except UsageError as error:
            problem, cuts = error, []
            continue
        changes[name] = None if form.get(f"c{place}_out") else cuts
    return changes, problem


def _after(cuts: list[float], do: str, place: int, at: str, name: str) -> list[float]:
    """The cuts after a button: `merge-PLACE-CUT` takes a cut away, `split-PLACE` adds the one typed."""
    act, *places = do.split("-")
    if not places or not all(one.isdecimal() and len(one) < 4 for one in places) or int(places[0]) != place:
        return cuts
    if act == "merge" and len(places) == 2 and int(places[1]) < len(cuts):
        return cuts[: int(places[1])] + cuts[int(places[1]) + 1 :]
    if act == "split" and len(places) == 1:
        return sorted({*cuts, *_numbers(at, name)})
    return cuts


def _numbers(text: str, name: str) -> list[float]:
    try:
        return [float(one) for one in text.replace(";", " ").replace(",", " ").split()]
    except ValueError:
        raise UsageError(
            f"{text[:60]!r} of {name} are no cuts", hint="Give numbers with commas between."
        ) from None


def _page(
    visit: Visit, changes: Mapping[str, Sequence[float] | None], problem: BankmineError | None = None
) -> Response:
    view, trial = visit.view, None
    try:
        made = editing.bench(view)
    except NotFound as error:
        return visit.page("card_editor.html.j2", trial=None, missing=error)
    try:
        trial = editing.trial(view, changes, author=visit.who.name, reason=TRIED)
    except BankmineError as error:
        problem = problem or error
        trial = editing.trial(view, {}, author=visit.who.name, reason=TRIED)
    with visit.site.store.read() as connection:
        drafts = kept.listed(connection, Of.card)
        names = {one.person_id: one.name for one in people.listed(connection)} if drafts else {}
    return visit.page(
        "card_editor.html.j2",
        trial=trial,
        problem=problem,
        drafts=[Draft(one, _again(visit, one, made.run_id)) for one in drafts],
        names=names,
        forms=editing.FORMATS,
        typed=visit.form,
        may_write=visit.may(WRITE),
        may_export=visit.may(Permission.LISTS_EXPORT),
        run=view.run(editing.TASK),
    )


def _again(visit: Visit, proposal: kept.Proposal, run_id: str) -> Trial | None:
    if proposal.content["run_id"] != run_id:
        return None
    try:
        return editing.trial(visit.view, proposal.content["changes"], author=visit.who.name, reason=TRIED)
    except BankmineError:
        return None
