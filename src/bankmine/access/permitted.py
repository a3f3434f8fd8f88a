"""Which permission each task's answers ask for; a task that is not named here asks for that of models.

The table also decides which of a customer's scores, and which columns of the directory, a person sees.
"""

from __future__ import annotations

from collections.abc import Mapping

from bankmine.governance import Permission, Person

READ: Mapping[str, Permission] = {
    "acquisition": Permission.OFFERS_READ,
    "application_fraud": Permission.FRAUD_READ,
    "application_score": Permission.CREDIT_READ,
    "behaviour": Permission.SEGMENTS_READ,
    "behaviour_score": Permission.CREDIT_READ,
    "card_fraud": Permission.FRAUD_READ,
    "churn": Permission.CHURN_READ,
    "classification": Permission.SEGMENTS_READ,
    "cross_sell": Permission.OFFERS_READ,
    "early_warning": Permission.WARNINGS_READ,
    "inactivity": Permission.CHURN_READ,
    "rating": Permission.CREDIT_READ,
    "segmentation": Permission.SEGMENTS_READ,
    "value": Permission.VALUE_READ,
}


def permission_of(task: str) -> Permission:
    """The permission that reading a task's lists asks for."""
    return READ.get(task, Permission.MODELS_READ)


def may_read(person: Person, task: str) -> bool:
    """Whether the person may read what the task says of customers."""
    return person.may(permission_of(task))
