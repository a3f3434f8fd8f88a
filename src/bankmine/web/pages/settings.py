"""Settings: what is in force and where it comes from; rules of signing in and the bank's name are changed."""

from __future__ import annotations

from starlette.responses import Response

from bankmine.config import LONGEST_NAME
from bankmine.errors import UsageError
from bankmine.governance import Permission, people
from bankmine.web.routing import Pages
from bankmine.web.visit import Visit
from bankmine.work import settings as kept

pages = Pages()
HERE = "/administration/settings"
CHOICES = {"sign_in.second_factor": ("optional", "required")}


@pages.get(HERE, permission=Permission.SETTINGS_READ)
def listed(visit: Visit) -> Response:
    """All settings of the bank."""
    return _page(visit)


@pages.post(HERE, permission=Permission.SETTINGS_WRITE)
def change(visit: Visit) -> Response:
    """Changes one, or gives it back to the file (an empty value)."""
    name, value = visit.form.get("name", ""), visit.form.get("value", "").strip()
    try:
        with visit.site.store.begin() as connection:
            before = kept.change(connection, visit.who, name, value or None)
    except UsageError as problem:
        return _page(visit, problem)
    return visit.done(HERE, "setting-changed", "setting", name=name, value=before or "")


def _page(visit: Visit, problem: UsageError | None = None) -> Response:
    with visit.site.store.read() as connection:
        settings = kept.listed(connection, visit.who, visit.site.bank.config)
        names = {one.person_id: one.name for one in people.listed(connection)}
    return visit.page(
        "settings.html.j2",
        status=400 if problem else 200,
        problem=problem,
        groups=[
            ("here", [one for one in settings if one.changeable]),
            ("file", [one for one in settings if not one.changeable]),
        ],
        choices=CHOICES,
        most=kept.MOST,
        longest=LONGEST_NAME,
        names=names,
        may_write=visit.may(Permission.SETTINGS_WRITE),
    )
