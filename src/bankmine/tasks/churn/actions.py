"""What may be done to keep a customer: the place in the list, restrained by the customer's conditions.

An open complaint is settled before anything is offered; who is deceased or held for fraud is not called; who
gave no consent to marketing gets service, not offers. The first rule that holds decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from bankmine.customers.conditions import NO_CONSENT, NO_CONTACT
from bankmine.tasks.contract import Decision

_RULES: tuple[tuple[frozenset[str], str], ...] = (
    (NO_CONTACT, "do not contact"),
    (frozenset({"complaint_open"}), "settle first"),
    (frozenset({"arrears", "vulnerable"}), "with care"),
    (frozenset({NO_CONSENT}), "service only"),
)
RESTRAINED = MappingProxyType(
    {
        "do not contact": "No action: the customer is deceased, held for fraud, or gone.",
        "settle first": "Settle the open complaint first, and say so; offer nothing until then.",
        "with care": "Speak through the team in charge of arrears or vulnerable customers; offer nothing.",
        "service only": "Service contact only: there is no consent to marketing. Ask what is amiss.",
    }
)
WORKED = ("first", "next", "watch")


def restraint(flags: Sequence[str]) -> str | None:
    """The grade a customer's conditions force; None where anything may be done."""
    held = set(flags)
    return next((grade for conditions, grade in _RULES if held & conditions), None)


def restrained(decision: Decision, flags: Sequence[Sequence[str]]) -> Decision:
    """The decision with the grades of worked rows replaced where a condition restrains them.

    Those who must not be contacted come after all others.
    """
    forced = [restraint(one) for one in flags]
    grade = [
        force if force and own in WORKED else own for own, force in zip(decision.grade, forced, strict=True)
    ]
    last = np.array([force == "do not contact" for force in forced])
    order = np.asarray(decision.order, dtype=np.float64) + np.where(last, len(forced), 0)
    summary = dict(decision.summary) | {
        "customers_by_grade": {word: grade.count(word) for word in (*decision.actions, *RESTRAINED)}
    }
    return replace(
        decision, grade=grade, order=order, actions={**decision.actions, **RESTRAINED}, summary=summary
    )
