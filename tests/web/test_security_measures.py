"""The measures one by one, without a bank: origin, token, redirects, body size, cookies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bankmine.web.security.addresses import own_address
from bankmine.web.security.cookies import Cookies
from bankmine.web.security.limits import BodyLimit
from bankmine.web.security.origin import OwnOrigin, from_own_page, is_token_of, token_of
from bankmine.web.security.policy import POLICY, PolicyHeaders

pytestmark = pytest.mark.xdist_group("pages")

HOST = "bank.example"


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": f"https://{HOST}"}, True),
        ({"origin": f"https://{HOST}"}, True),
        ({}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": f"https://{HOST}.evil.example"}, False),
        ({"origin": f"https://evil.example/{HOST}"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, False),
        ({"sec-fetch-site": "cross-site", "origin": f"https://{HOST}"}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers, own):
    assert from_own_page(Headers({"host": HOST, **headers})) is own


def test_a_token_is_good_for_its_own_secret_only():
    assert is_token_of(token_of("one"), "one")
    assert not is_token_of(token_of("one"), "other")
    assert not is_token_of("", "one")
    assert not is_token_of(token_of(""), "")
    assert not is_token_of("文", "one")


@pytest.mark.parametrize("own", ["/", "/customers", "/customers?asof=2026-01-01&page=2", "/lists/churn/work"])
def test_a_redirect_may_lead_to_our_own_pages(own):
    assert own_address(own) == own


@pytest.mark.parametrize(
    "foreign",
    [
        None, "", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "javascript:1",
        "/\t/evil.example", "/\n/evil.example", "http:evil.example", "customers", "/ok\r\nset-cookie: a=b",
        "///evil.example", "/a\\b", "/sign-in", "/sign-in?next=/sign-in", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_a_redirect_never_leads_elsewhere(foreign):
    assert own_address(foreign) == "/"


@given(st.text(max_size=60))
def test_no_text_makes_a_redirect_leave_the_site(text):
    found = own_address(text)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert not set(found) & set("\\\r\n\t ")


async def echo(request):
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client():
    app = Starlette(
        routes=[Route("/", echo, methods=["GET", "POST"])],
        middleware=[
            Middleware(PolicyHeaders, secure=True),
            Middleware(OwnOrigin),
            Middleware(BodyLimit, most=1000),
        ],
    )
    return TestClient(app, base_url=f"https://{HOST}")


OWN = {"sec-fetch-site": "same-origin"}


def test_a_body_up_to_the_limit_arrives(client):
    assert client.post("/", content=b"a" * 1000, headers=OWN).text == "1000"


def test_a_body_above_the_limit_is_refused_by_its_stated_length(client):
    assert client.post("/", content=b"a" * 1001, headers=OWN).status_code == 413


def test_a_body_that_hides_its_length_is_refused_once_it_is_too_large(client):
    answer = client.post("/", content=(b"a" * 100 for _ in range(50)), headers=OWN)
    assert answer.status_code == 413


def test_an_act_from_elsewhere_is_refused_with_all_headers(client):
    answer = client.post("/", content=b"a")
    assert answer.status_code == 403
    assert answer.headers["content-security-policy"] == POLICY


def test_the_policy_allows_nothing_inline_and_no_other_host(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'")
    assert client.get("/").headers["strict-transport-security"].startswith("max-age=")
    assert client.get("/").headers["cache-control"] == "no-store"


def test_cookies_are_secure_out_of_scripts_reach_and_for_this_host_alone():
    answer = Response()
    cookies = Cookies()
    cookies.keep(answer, cookies.session, "token")
    said = answer.headers["set-cookie"].lower()
    assert said.startswith("__host-bankmine-session=token")
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= {part.strip() for part in said.split(";")}
    assert "domain" not in said


def test_cookies_on_plain_http_lose_the_prefix_that_browsers_would_refuse():
    answer = Response()
    cookies = Cookies(secure=False)
    cookies.keep(answer, cookies.session, "token")
    said = answer.headers["set-cookie"].lower()
    assert said.startswith("bankmine-session=")
    assert "httponly" in said
