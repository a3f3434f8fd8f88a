"""Decisions: on credit applications by model and policy, on what to offer; durable before they are told."""

from __future__ import annotations

from asyncio import wait_for, wrap_future
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bankmine.access import View
from bankmine.access.forms import form_of
from bankmine.access.lending import lender_of
from bankmine.access.offers import offers_of
from bankmine.errors import UsageError
from bankmine.governance import Permission
from bankmine.service.caller import PREFIX, asks, bearer, site_of
from bankmine.service.plain import plain
from bankmine.work.deciding import Kind, Waiting

router = APIRouter(prefix=PREFIX, tags=["decisions"])
By = Annotated[str, Depends(bearer)]
PATIENCE_SECONDS = 30.0
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


class Credit:
    """Applications: the published model's chance and the bank's policy."""

    name, permission = "credit", Permission.CREDIT_DECIDE

    def check(self, view: View, waiting: Waiting) -> None:
        """Whether the fields can be meant."""
        lender_of(view).check(waiting.asked)

    def answers(self, view: View, waiting: Sequence[Waiting]) -> Sequence[Mapping[str, Any]]:
        """All by one call of the model."""
        return lender_of(view).together(waiting)


class Offers:
    """What to offer: a customer what the published run offers, a stranger what the form's answers say."""

    name, permission = "offer", Permission.OFFERS_DECIDE

    def check(self, view: View, waiting: Waiting) -> None:
        """Whether it says whom to offer something."""
        if (waiting.customer_id is None) == (not waiting.asked):
            raise UsageError("a request names a customer or gives fields", hint="Give one of both.")

    def answers(self, view: View, waiting: Sequence[Waiting]) -> Sequence[Mapping[str, Any]]:
        """One after the other."""
        return [
            _stranger(view, one.asked) if one.customer_id is None else plain(offers_of(view, one.customer_id))
            for one in waiting
        ]


CREDIT, OFFERS = Credit(), Offers()


@router.post("/credit-applications", response_model=dict[str, Any])
@asks(CREDIT.permission)
async def credit(
    request: Request, by: By, application: Application, idempotency_key: Key = None
) -> JSONResponse:
    """Approve, refer or decline, with the reason, the band of the amount and the price.

    The decision and its event of the audit are durable before this answers. Partial applications are
    answered too: `missing` names what was not said, and without it nothing is approved.
    """
    return await _decided(request, CREDIT, by, application, idempotency_key)


@router.post("/offers", response_model=dict[str, Any])
@asks(OFFERS.permission)
async def offers(request: Request, by: By, asked: Offered, idempotency_key: Key = None) -> JSONResponse:
    """What to offer a customer now, best first and only what their flags and consents allow; or a stranger.

    The answer and its event are durable before this answers.
    """
    return await _decided(request, OFFERS, by, asked, idempotency_key)


async def _decided(
    request: Request, kind: Kind, by: str, asked: Application | Offered, key: str | None
) -> JSONResponse:
    """The desk's answer; it looks the token up and asks for the permission."""
    waiting = Waiting(
        kind=kind, by=by, customer_id=asked.customer_id, asked=asked.fields, key=key, what_if=asked.what_if
    )
    told = site_of(request).desk.decide(waiting)
    answer: Mapping[str, Any] = await wait_for(wrap_future(told), PATIENCE_SECONDS)
    return JSONResponse(dict(answer))


def _stranger(view: View, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    form = form_of(view, "cross_sell")
    answer = form.answer({name: value for name, value in asked.items() if value is not None})
    return {
        "run_id": form.run_id, "outcome": answer.best, "reason": "form",
        "probability": plain(answer.probability[answer.best]), "chances": plain(answer.probability),
        "ask_next": [{"field": name, "worth": plain(worth)} for name, worth in answer.ask_next],
        "notes": list(answer.notes),
    }  # fmt: skip
