"""Credit applications as a person works them: the run's queue in their scope, and one with what it stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bankmine.access.lists import ListSource
from bankmine.bank.keys import parse_key
from bankmine.engine.session import Session
from bankmine.errors import NotFound
from bankmine.governance import Permission

if TYPE_CHECKING:
    from bankmine.access.view import View

TASK, TABLE = "application_score", "applications"
STATED = """
SELECT product_code AS product, amount_minor, term_months, stated_income_minor, channel, decision,
       CAST(decided_at AS DATE) AS decided_on
FROM credit_application WHERE application_id = $application
""".strip()
MISSING = "Choose one of the queue."


@dataclass(frozen=True, kw_only=True)
class ApplicationSeen:
    """One application: the run's row by column, and what it stated as known at the view's date."""

    application_id: str
    customer_id: str
    row: Mapping[str, Any]
    stated: Mapping[str, Any]


def queue(view: View) -> ListSource:
    """The applications the published run scored, in the person's scope. Forbidden without `credit:read`."""
    view.person.require(Permission.CREDIT_READ)
    return view.list(TASK, TABLE)


def application(view: View, application_id: str) -> ApplicationSeen:
    """One of them; NotFound where unknown or out of the scope."""
    source = queue(view)
    found = source.rows({}, None, 1, 1, search=application_id) if len(application_id) == 16 else None
    names = [one.name for one in source.columns]
    rows = [dict(zip(names, row, strict=True)) for row in (found.rows if found else ())]
    row = next((one for one in rows if one["application"] == application_id), None)
    if row is None:
        raise NotFound(f"there is no application {application_id[:40]!r}", hint=MISSING)
    with Session(view.state.warehouse, view.cutoff, until=view.cutoff) as session:
        stated = session.arrow(STATED, {"application": parse_key(application_id)}).to_pylist()
    return ApplicationSeen(
        application_id=application_id,
        customer_id=row["customer_id"],
        row=row,
        stated=stated[0] if stated else {},
    )
