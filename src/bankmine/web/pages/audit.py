"""The audit: read the events, newest first, and verify that none was touched."""

from __future__ import annotations

from starlette.responses import Response

from bankmine.governance import Permission, audit, people
from bankmine.governance.audit import Verified
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()
SHOWN = 50
HERE = "/administration/audit"
ACTS = (
    "customer:look", "customer:unmask", "job_cancelled", "job_started", "list_exported", "password_set",
    "person_added", "person_disabled", "person_enabled", "refused", "roles_changed", "scope_changed",
    "session_ended", "sign_in_refused", "signed_in", "signed_out",
)  # fmt: skip
"""The acts that the list can be narrowed to."""


@pages.get(HERE, permission=Permission.AUDIT_READ)
def events(visit: Visit) -> Response:
    """Events that fit an act and a person, newest first."""
    return _page(visit, None)


@pages.post(f"{HERE}/verify", permission=Permission.AUDIT_READ)
def verify(visit: Visit) -> Response:
    """Reads the whole chain against its anchor; that it was verified is an event too."""
    verified = audit.verify(visit.site.store)
    with visit.site.store.begin() as connection:
        audit.record(
            connection, person=visit.who, act="audit:verify", object_kind="audit", object_id="chain",
            details={"events": verified.events, "faults": len(verified.faults)},
        )  # fmt: skip
    return _page(visit, verified)


def _page(visit: Visit, verified: Verified | None) -> Response:
    query = visit.query
    with visit.site.store.read() as connection:
        found = audit.events(
            connection,
            act=query.get("act") or None,
            person_id=query.get("person") or None,
            before=visit.number("before", 0) or None,
            limit=SHOWN + 1,
        )
        names = {one.person_id: one.name for one in people.listed(connection)}
        total = audit.count(connection)
    return visit.page(
        "audit.html.j2",
        events=found[:SHOWN],
        older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
        names=names,
        acts=ACTS,
        total=total,
        verified=verified,
    )
