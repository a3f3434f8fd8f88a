"""Items of the security standard that no other test checks, asked of the application itself."""

import re
import stat

import pytest
from guests import OWN, PASSWORD

from bankmine.errors import SignInRefused
from bankmine.governance import Role
from bankmine.governance.sign_in import with_password
from bankmine.store import Store
from bankmine.web.app import routes
from bankmine.web.routing import PUBLIC

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pages")]
TYPED = "<script>alert(1)</script>{{7*7}}{0.__class__}%s'\""


def test_what_is_typed_comes_back_as_text(chief):
    for path in ("/customers", "/lists/churn"):
        page = chief.client.get(path, params={"search": TYPED}).text
        assert "<script>alert(1)" not in page
        assert "{{7*7}}" in page  # as typed: no template's 49
    chief.post("/administration/people", {"name": TYPED, "password": PASSWORD, "roles": ["auditor"]})
    page = chief.get("/administration/people").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_no_other_origin_is_allowed_anything(guest):
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = guest().client.request(method, "/sign-in", headers=asked)
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_says_its_type(chief):
    paths = ("/", "/customers", "/nowhere", "/exports/customers", "/sign-in")
    for path in paths:
        said = chief.client.get(path).headers["content-type"]
        assert re.fullmatch(r"text/(html|csv|plain); charset=utf-8", said), path


def test_a_file_in_a_form_is_refused(guest):
    one = guest()
    sent = one.client.post(
        "/sign-in", data={"csrf": one.token()}, files={"name": ("a.txt", b"a", "text/plain")}, headers=OWN
    )
    assert sent.status_code == 400
    assert "a.txt" not in sent.text


def test_the_three_ways_of_signing_in_are_public_and_no_other():
    public = {route.path for route in routes() if route.permission is PUBLIC}
    assert {path for path in public if not path.startswith(("/static/", "/sign-in"))} <= {
        "/preferences/language"
    }


def test_password_fields_hide_and_let_managers_fill(signed_in, guest):
    pages = [guest().get("/sign-in").text, signed_in(Role.auditor, name="fields").get("/account").text]
    fields = [tag for page in pages for tag in re.findall(r"<input[^>]*assword[^>]*>", page)]
    hidden = [tag for tag in fields if 'type="password"' in tag]
    assert len(hidden) >= 3
    assert all('autocomplete="' in tag for tag in hidden)
    assert not [tag for tag in fields if 'name="password"' in tag and tag not in hidden]


def test_an_empty_store_signs_nobody_in(tmp_path, quick_hashes):
    store = Store.open(tmp_path / "operations.db")
    store.migrate()
    for name in ("admin", "root", "bankmine", "administrator"):
        with pytest.raises(SignInRefused):
            with_password(store, name, "admin")
    store.close()


def test_every_page_has_the_way_out(chief):
    for path in ("/", "/customers", "/models", "/tasks", "/account", "/nowhere"):
        assert '<form method="post" action="/sign-out">' in chief.get(path).text, path


def test_keys_are_readable_by_their_owner_alone(app, chief):
    folder = app.state.site.store.keys
    chief.get("/customers")
    files = [file for file in folder.iterdir() if file.is_file()]
    assert len(files) >= 3
    assert not [file.name for file in files if stat.S_IMODE(file.stat().st_mode) & 0o077]


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT"])
def test_unused_methods_are_refused(guest, method):
    answer = guest().client.request(method, "/sign-in", headers=OWN)
    assert answer.status_code in (404, 405)
