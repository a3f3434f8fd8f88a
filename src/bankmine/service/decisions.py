"""Decisions: on credit applications by model and policy, on what to offer; durable before they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from bankmine.access import View
from bankmine.access.forms import form_of
from bankmine.access.lending import lender_of, token_of_customer
from bankmine.access.offers import offers_of
from bankmine.errors import UsageError
from bankmine.governance import Permission, Person
from bankmine.service.caller import PREFIX, needs, site_of
from bankmine.service.plain import plain
from bankmine.work.deciding import Waiting

router = APIRouter(prefix=PREFIX, tags=["decisions"])
Lending = Annotated[Person, Depends(needs(Permission.CREDIT_DECIDE))]
Selling = Annotated[Person, Depends(needs(Permission.OFFERS_DECIDE))]
ONCE = "One of your own making; the same again gives the first answer again and decides nothing anew."
Key = Annotated[str | None, Header(max_length=100, description=ONCE)]
Fields = Annotated[
    dict[str, str | float | int | bool | None],
    Field(max_length=200, description="product, amount_minor, term_months, stated_income_minor, channel, or "
          "any feature of the model by its name; what is left out is missing."),
]  # fmt: skip


class Application(BaseModel):
    """A credit application: whose, and what it says."""

    model_config = ConfigDict(extra="forbid")
    customer_id: str | None = Field(default=None, max_length=40, description="None: nobody the bank knows.")
    fields: Fields
    what_if: bool = Field(default=False, description="Answer only: nothing is kept.")


class Offered(BaseModel):
    """Whom to offer something: a customer, or the fields of a stranger's form."""

    model_config = ConfigDict(extra="forbid")
    customer_id: str | None = Field(default=None, max_length=40)
    fields: dict[str, str | float | int | bool | None] = Field(default_factory=dict, max_length=50)
    what_if: bool = Field(default=False, description="Answer only: nothing is kept.")


@router.post("/credit-applications")
def credit(
    request: Request, person: Lending, application: Application, idempotency_key: Key = None
) -> dict[str, Any]:
    """Approve, refer or decline, with the reason, the band of the amount and the price.

    The decision and its event of the audit are durable before this answers. Partial applications are
    answered too: `missing` names what was not said, and without it nothing is approved.
    """
    site = site_of(request)
    view = site.place.as_seen_by(person)
    lender = lender_of(view)
    lender.check(application.fields)
    token = token_of_customer(view, application.customer_id)
    waiting = Waiting(
        kind="credit", person=person, customer_id=application.customer_id, token=token,
        asked=application.fields, answers=lender.together, key=idempotency_key,
        what_if=application.what_if,
    )  # fmt: skip
    return dict(site.desk.decide(waiting))


@router.post("/offers")
def offers(request: Request, person: Selling, asked: Offered, idempotency_key: Key = None) -> dict[str, Any]:
    """What to offer a customer now, best first and only what their flags and consents allow; or a stranger.

    The answer and its event are durable before this answers.
    """
    site = site_of(request)
    view = site.place.as_seen_by(person)
    if (asked.customer_id is None) == (not asked.fields):
        raise UsageError("a request names a customer or gives fields", hint="Give one of both.")
    token = token_of_customer(view, asked.customer_id)
    source = partial(_offering, view)
    waiting = Waiting(
        kind="offer", person=person, customer_id=asked.customer_id, token=token, asked=asked.fields,
        answers=source, key=idempotency_key, what_if=asked.what_if,
    )  # fmt: skip
    return dict(site.desk.decide(waiting))


def _offering(view: View, waiting: Sequence[Waiting]) -> list[Mapping[str, Any]]:
    return [
        _stranger(view, one.asked) if one.customer_id is None else plain(offers_of(view, one.customer_id))
        for one in waiting
    ]


def _stranger(view: View, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    form = form_of(view, "cross_sell")
    answer = form.answer({name: value for name, value in asked.items() if value is not None})
    return {
        "run_id": form.run_id, "outcome": answer.best, "reason": "form",
        "probability": plain(answer.probability[answer.best]), "chances": plain(answer.probability),
        "ask_next": [{"field": name, "worth": plain(worth)} for name, worth in answer.ask_next],
        "notes": list(answer.notes),
    }  # fmt: skip
