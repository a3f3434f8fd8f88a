"""Where a person can go: groups of pages, shown only to those who may open them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bankmine.governance import Permission
from bankmine.web.routing import SIGNED_IN, Needed

if TYPE_CHECKING:
    from bankmine.web.visit import Visit


@dataclass(frozen=True)
class Entry:
    """One line of the navigation: the key of its text, its address, and what it needs."""

    key: str
    path: str
    permission: Needed


_P = Permission
GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("home", "/", SIGNED_IN),)),
    (
        "customers",
        (
            Entry("customers", "/customers", _P.CUSTOMERS_READ),
            Entry("saved_lists", "/saved-lists", _P.LISTS_READ),
            Entry("segments", "/segments", _P.SEGMENTS_READ),
            Entry("value", "/value", _P.VALUE_READ),
            Entry("churn", "/churn", _P.CHURN_READ),
            Entry("offers", "/offers", _P.OFFERS_READ),
        ),
    ),
    (
        "risk",
        (
            Entry("credit", "/applications", _P.CREDIT_READ),
            Entry("scorecards", "/scorecards", _P.CREDIT_READ),
            Entry("portfolio", "/portfolio", _P.CREDIT_READ),
            Entry("warning", "/warnings", _P.WARNINGS_READ),
            Entry("fraud", "/fraud", _P.FRAUD_READ),
        ),
    ),
    (
        "work",
        (
            Entry("data", "/data", _P.DATA_READ),
            Entry("models", "/models", _P.MODELS_READ),
            Entry("tasks", "/tasks", _P.JOBS_READ),
        ),
    ),
    (
        "administration",
        (
            Entry("people", "/administration/people", _P.PEOPLE_READ),
            Entry("sessions", "/administration/sessions", _P.PEOPLE_READ),
            Entry("settings", "/administration/settings", _P.SETTINGS_READ),
            Entry("tokens", "/administration/tokens", _P.API_TOKENS),
            Entry("audit", "/administration/audit", _P.AUDIT_READ),
        ),
    ),
)


@dataclass(frozen=True)
class Shown:
    """An entry as the page shows it."""

    label: str
    address: str
    here: bool


def navigation(visit: Visit) -> list[tuple[str, list[Shown]]]:
    """The groups this person may open, by their labels; nothing for whoever is not signed in."""
    if visit.person is None:
        return []
    groups = []
    for group, entries in GROUPS:
        shown = [
            Shown(visit.t(f"navigation.{one.key}"), visit.link(one.path), _here(visit, one.path))
            for one in entries
            if not isinstance(one.permission, Permission) or visit.may(one.permission)
        ]
        if shown:
            groups.append((visit.t(f"navigation.groups.{group}") if group else "", shown))
    return groups


def _here(visit: Visit, path: str) -> bool:
    asked = visit.asked.partition("?")[0]
    return asked == path or (path != "/" and asked.startswith(f"{path}/"))
