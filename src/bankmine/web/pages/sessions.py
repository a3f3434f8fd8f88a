"""Sessions: who is signed in now; end one."""

from __future__ import annotations

from starlette.responses import Response

from bankmine.governance import Permission, sessions
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit

pages = Pages()
HERE = "/administration/sessions"


@pages.get(HERE, permission=Permission.PEOPLE_READ)
def listed(visit: Visit) -> Response:
    """All open sessions, the latest request first."""
    with visit.site.store.read() as connection:
        found = sessions.listed(connection, visit.site.store)
    return visit.page("sessions.html.j2", sessions=found, may_end=visit.may(Permission.SESSIONS_END))


@pages.post(f"{HERE}/{{session}}/end", permission=Permission.SESSIONS_END)
def end(visit: Visit) -> Response:
    """Ends somebody's session at once; they sign in again to go on."""
    with visit.site.store.begin() as connection:
        sessions.end_one(connection, visit.who, visit.path["session"])
    return visit.done(HERE, "session-ended")
