"""Saved lists as people work them: kept, shared, compared, undone; each sees the customers of own scope."""

from __future__ import annotations

import re
from html import unescape

import pytest
from guests import Guest, text_of

from bankmine.access import saved
from bankmine.governance import Permission, Person, Role, Scope

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
HERE = "/saved-lists"


@pytest.fixture
def keeper(signed_in) -> Guest:
    return signed_in(Role.operator, name="keeper of lists")


@pytest.fixture
def of_branch(signed_in, app):
    """A person of the branch with most customers, and that branch."""
    site = app.state.site
    branch = next(iter(site.place.as_seen_by(person()).counts("branch_id")))
    return signed_in(Role.operator, name="of one branch", scope=Scope(branches=frozenset({branch}))), branch


def person(permissions=frozenset(Permission)) -> Person:
    """Somebody who sees the whole bank and may do these things."""
    return Person("p" * 26, "Ada", (Role.operator,), frozenset(permissions), Scope())


def keep(guest: Guest, name: str, **fields: str) -> str:
    """Keeps a list and gives its address."""
    answer = guest.post(HERE, {"list_name": name, **fields})
    assert answer.status_code == 303, text_of(answer.text)[:400]
    return answer.headers["location"]


def counted(page: str) -> int:
    """How many customers a page says there are."""
    return int(re.search(r"(\d[\d,]*) row", text_of(page))[1].replace(",", ""))


def undone(guest: Guest, location: str):
    """Sends the undo that the page after an act offers."""
    page = guest.get(location).text
    form = re.search(r'<div class="done".*?<form method="post" action="([^"]+)">(.*?)</form>', page, re.S)
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[2])}
    answer = guest.post(unescape(form[1]), fields, token=fields.pop("csrf"))
    assert answer.status_code == 303, text_of(answer.text)[:400]
    return answer


def id_of(location: str) -> str:
    return re.search(r"saved-lists/(\w{26})", location)[1]


def test_a_list_is_kept_with_its_conditions_and_the_undo_deletes_it(keeper, events):
    at = keep(keeper, "Persons in flux", kind="person", churn_chance_from="2")
    asked = keeper.get("/customers?kind=person&churn_chance_from=2").text
    assert counted(keeper.get(at).text) == counted(asked) > 0
    assert events()[0].act == "saved_list_made"
    assert "Persons" not in str(events()[0].details)
    undone(keeper, at)
    assert events()[0].act == "saved_list_deleted"
    assert keeper.get(f"{HERE}/{id_of(at)}").status_code == 404
    assert "Persons in flux" not in keeper.get(HERE).text


def test_a_deleted_list_comes_back_by_undo(keeper):
    of = id_of(keep(keeper, "Comes back", kind="company"))
    answer = keeper.post(f"{HERE}/{of}/delete")
    assert keeper.get(f"{HERE}/{of}").status_code == 404
    undone(keeper, answer.headers["location"])
    assert "Comes back" in keeper.get(f"{HERE}/{of}").text


def test_a_new_name_and_sharing_are_taken_back(keeper, signed_in):
    of = id_of(keep(keeper, "First name", kind="person"))
    other = signed_in(Role.operator, name="reader of lists")
    assert other.get(f"{HERE}/{of}").status_code == 404
    named = keeper.post(f"{HERE}/{of}/rename", {"name": "Second name"})
    shared = keeper.post(f"{HERE}/{of}/share", {"shared": "yes"})
    assert "Second name" in other.get(f"{HERE}/{of}").text
    assert other.post(f"{HERE}/{of}/rename", {"name": "Taken"}).status_code == 404
    assert other.post(f"{HERE}/{of}/delete").status_code == 404
    undone(keeper, shared.headers["location"])
    assert other.get(f"{HERE}/{of}").status_code == 404
    undone(keeper, named.headers["location"])
    assert "First name" in keeper.get(f"{HERE}/{of}").text


def test_a_shared_list_shows_each_the_customers_of_their_own_scope(keeper, of_branch):
    guest, branch = of_branch
    for how in ("fresh", "fixed"):
        of = id_of(keep(keeper, f"All persons {how}", kind="person", how_kept=how, shared="yes"))
        own = counted(guest.get("/customers?kind=person").text)
        assert counted(guest.get(f"{HERE}/{of}").text) == own > 0
        assert counted(keeper.get(f"{HERE}/{of}").text) == counted(keeper.get("/customers?kind=person").text)
        assert own < counted(keeper.get(f"{HERE}/{of}").text)
        taken = guest.get(f"/exports/saved-lists/{of}").text.strip().splitlines()[1:]
        assert len(taken) == own
        assert all(f",{branch}," in line for line in taken)


def test_fixed_members_stay_and_conditions_are_asked_anew(keeper, app):
    view = app.state.site.place.as_seen_by(person())
    since = sorted(row["since"] for row in view.customers(size=1000) if row["since"])
    early = since[len(since) // 2].isoformat()
    fresh = id_of(keep(keeper, "Fresh everybody"))
    answer = keeper.post(f"{HERE}?asof={early}", {"list_name": "Fixed everybody", "how_kept": "fixed"})
    fixed = id_of(answer.headers["location"])
    then = counted(keeper.get(f"/customers?asof={early}").text)
    assert counted(keeper.get(f"{HERE}/{fixed}").text) == then
    assert counted(keeper.get(f"{HERE}/{fresh}").text) > then
    page = text_of(keeper.get(f"{HERE}?first={fixed}&second={fresh}").text)
    assert re.search(rf"On both\s+{then:,}\s+Only on Fixed everybody\s+0\s", page)


def test_several_words_of_a_column_and_ranges_are_asked_together(keeper):
    one, other = (counted(keeper.get(f"/customers?kind={kind}").text) for kind in ("person", "company"))
    assert counted(keeper.get("/customers?kind=person&kind=company").text) == one + other
    assert counted(keeper.get("/customers?kind=person~company").text) == one + other
    flagged = counted(keeper.get("/customers?no_flags=yes").text)
    assert 0 < flagged < counted(keeper.get("/customers").text)
    low = counted(keeper.get("/customers?value_minor_from=1000").text)
    assert low + counted(keeper.get("/customers?value_minor_to=999.99").text) <= one + other
    assert counted(keeper.get("/customers?value_minor_from=nonsense").text) == counted(
        keeper.get("/customers").text
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"list_name": " "}, "no name that fits"), ({"list_name": "n" * 81}, "no name that fits")],
)
def test_a_name_that_does_not_fit_is_refused(keeper, fields, said):
    answer = keeper.post(HERE, fields)
    assert answer.status_code == 400
    assert said in text_of(answer.text)


def test_two_own_lists_do_not_share_a_name(keeper):
    keep(keeper, "Only one")
    answer = keeper.post(HERE, {"list_name": "Only one"})
    assert answer.status_code == 400


def test_whoever_may_not_read_churn_learns_nothing_of_it_from_a_shared_list(keeper, app, store):
    fields = {"churn_chance_from": "2"}
    limited = person(set(Permission) - {Permission.CHURN_READ})
    assert not saved.readable(app.state.site.place.as_seen_by(limited), fields)
    assert saved.readable(app.state.site.place.as_seen_by(person()), fields)
