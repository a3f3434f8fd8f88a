"""What a visitor chooses for themselves: the language of the pages."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bankmine.errors import UsageError
from bankmine.governance import people
from bankmine.web.routing import PUBLIC, Pages
from bankmine.web.security.addresses import own_address
from bankmine.web.texts import LANGUAGES
from bankmine.web.visit import Visit

pages = Pages()
YEAR = 365


@pages.post("/preferences/language", permission=PUBLIC)
def language(visit: Visit) -> Response:
    """Keeps the language in this browser and for the person, and goes back to where the visitor was."""
    chosen = visit.form.get("language", "")
    if chosen not in LANGUAGES:
        raise UsageError(f"there is no language {chosen[:20]!r}", hint=f"Take {', '.join(LANGUAGES)}.")
    if visit.person is not None and visit.person.language != chosen:
        with visit.site.store.begin() as connection:
            people.set_language(connection, visit.person, chosen)
    back = visit.form.get("next", "")
    answer = RedirectResponse("/sign-in" if back.startswith("/sign-in") else own_address(back), 303)
    visit.site.cookies.keep(answer, visit.site.cookies.language, chosen, days=YEAR)
    return answer
