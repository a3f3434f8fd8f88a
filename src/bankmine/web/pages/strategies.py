"""Credit strategies: change the policy's rows and see at once what that would have done; keep and compare.

What is tried changes nothing. A strategy that is kept can be agreed to by somebody else and taken as a
policy's file; it never takes effect by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from bankmine.access import strategies as trying
from bankmine.errors import BankmineError, Forbidden, NotFound
from bankmine.governance import Permission, people
from bankmine.report import Chart, Column, Kind, Tone
from bankmine.report.parts import Mark, Series
from bankmine.report.pictures import Lines
from bankmine.web.pages import strategy_form
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import proposals as kept
from bankmine.work.proposals import Kind as Of

if TYPE_CHECKING:
    from bankmine.access.strategies import Bench, Trial

pages = Pages()
HERE = "/portfolio/strategies"
READ, WRITE = Permission.CREDIT_READ, Permission.STRATEGIES_WRITE
OUTCOMES = ("approve", "refer", "decline")


@dataclass(frozen=True)
class Line:
    """A kept strategy with what it would do; no trial where it cannot be meant any longer."""

    strategy: kept.Proposal
    trial: Trial | None


@pages.get(HERE, permission=READ, dated=True)
def shown(visit: Visit) -> Response:
    """The policy in force, or a kept strategy (`strategy=ID`), on trial, with a form to change it."""
    if not visit.view.everything:
        return visit.page("strategies.html.j2", made=None, missing=False)
    content = None
    if wanted := visit.query.get("strategy"):
        with visit.site.store.read() as connection:
            content = kept.one(connection, Of.strategy, wanted).content
    return _page(visit, content)


@pages.post(f"{HERE}/try", permission=READ)
def tried(visit: Visit) -> Response:
    """The strategy of the form on trial; nothing is kept."""
    return _page(visit, *_of_form(visit))


@pages.post(HERE, permission=WRITE)
def keep(visit: Visit) -> Response:
    """Keeps the strategy of the form under a name."""
    content, problem = _of_form(visit)
    if problem is not None:
        return _page(visit, content, problem)
    try:
        version = trying.trial(visit.view, content).policy.version
        with visit.site.store.begin() as connection:
            made = kept.keep(
                connection, visit.who, Of.strategy, visit.form.get("name", ""),
                visit.form.get("note", "").strip(), content, version,
            )  # fmt: skip
    except BankmineError as error:
        return _page(visit, content, error)
    return visit.done(HERE, "strategy-kept", made)


@pages.get(f"/exports{HERE}/{{strategy}}", permission=Permission.LISTS_EXPORT, also=READ)
def file(visit: Visit) -> Response:
    """A kept strategy as a policy's file (TOML), as `credit.policy` takes it."""
    _whole(visit)
    with visit.site.store.begin() as connection:
        found = kept.one(connection, Of.strategy, visit.path["strategy"])
        kept.record_taken(connection, visit.who, Of.strategy, found)
    headers = {"content-disposition": f'attachment; filename="strategy-{found.version}.toml"'}
    return Response(trying.as_file(found.content), media_type="application/toml", headers=headers)


@pages.post(f"{HERE}/{{strategy}}/agree", permission=WRITE)
def agree(visit: Visit) -> Response:
    """Agrees to somebody else's strategy."""
    _whole(visit)
    with visit.site.store.begin() as connection:
        kept.agree(connection, visit.who, Of.strategy, visit.path["strategy"])
    return visit.done(HERE, "strategy-agreed", visit.path["strategy"])


@pages.post(f"{HERE}/{{strategy}}/disagree", permission=WRITE)
def disagree(visit: Visit) -> Response:
    """Takes one's own agreement back."""
    _whole(visit)
    with visit.site.store.begin() as connection:
        kept.agree(connection, visit.who, Of.strategy, visit.path["strategy"], to=False)
    return visit.done(HERE, "strategy-unagreed", visit.path["strategy"])


@pages.post(f"{HERE}/{{strategy}}/delete", permission=WRITE)
def delete(visit: Visit) -> Response:
    """Deletes one's own strategy."""
    _whole(visit)
    with visit.site.store.begin() as connection:
        kept.remove(connection, visit.who, Of.strategy, visit.path["strategy"])
    return visit.done(HERE, "strategy-deleted", visit.path["strategy"])


@pages.post(f"{HERE}/{{strategy}}/restore", permission=WRITE)
def restore(visit: Visit) -> Response:
    """Brings it back."""
    _whole(visit)
    with visit.site.store.begin() as connection:
        kept.remove(connection, visit.who, Of.strategy, visit.path["strategy"], again=True)
    return visit.done(HERE, "strategy-kept", visit.path["strategy"])


def _whole(visit: Visit) -> None:
    """Refuses whoever sees a part of the bank."""
    if not visit.view.everything:
        raise Forbidden("a strategy speaks of the whole bank", hint="Ask somebody who sees all of it.")


def _of_form(visit: Visit) -> tuple[Mapping[str, Any], BankmineError | None]:
    """The content of the form, and what is wrong with it."""
    base = trying.bench(visit.view).content
    try:
        return strategy_form.read(visit.form, base, trying.exponent(visit.view)), None
    except BankmineError as error:
        return base, error


def _page(visit: Visit, content: Mapping[str, Any] | None, problem: BankmineError | None = None) -> Response:
    view = visit.view
    try:
        made = trying.bench(view)
    except NotFound:
        return visit.page("strategies.html.j2", made=None, missing=True)
    content = made.content if content is None else content
    trial = None
    if problem is None:
        try:
            trial = trying.trial(view, content)
        except BankmineError as error:
            problem = error
    with visit.site.store.read() as connection:
        strategies = kept.listed(connection, Of.strategy)
        names = {one.person_id: one.name for one in people.listed(connection)} if strategies else {}
    return visit.page(
        "strategies.html.j2",
        made=made,
        content=content,
        trial=trial,
        problem=problem,
        chart=None if trial is None else _chart(visit, made, trial),
        rows=strategy_form.shown(content, trying.exponent(view)),
        fields=list(content["fields"]),
        outcomes=OUTCOMES,
        lines=[Line(one, _again(visit, one)) for one in strategies],
        names=names,
        currency=view.currency,
        typed=visit.form,
        may_write=visit.may(WRITE),
        may_export=visit.may(Permission.LISTS_EXPORT),
        run=view.run("application_score"),
        pictures=True,
    )


def _again(visit: Visit, strategy: kept.Proposal) -> Trial | None:
    try:
        return trying.trial(visit.view, strategy.content)
    except BankmineError:
        return None


def _chart(visit: Visit, made: Bench, trial: Trial) -> Chart | None:
    """Profit by share approved over the test, with the policy in force and the strategy marked."""
    if made.cut_off is None:
        return None
    points = made.cut_off.frontier
    label = visit.t("strategies.profit")
    marks = [Mark(at=trial.tested.champion.approved.value, text=visit.t("strategies.present"))]
    if not trial.same:
        marks.append(
            Mark(at=trial.tested.challenger.approved.value, text=visit.t("strategies.tried"), tone=Tone.WATCH)
        )
    return Chart(
        title=visit.t("strategies.frontier"),
        subtitle=visit.t("strategies.frontier_says"),
        picture=Lines(
            x=Column(label=visit.t("strategies.approved"), kind=Kind.SHARE, digits=1),
            y=Column(label=label, kind=Kind.MONEY, unit=visit.view.currency),
            at=[one.approved for one in points],
            series=[Series(name=label, values=[round(one.profit_minor) for one in points])],
            marks=marks,
        ),
        name="frontier",
    )
