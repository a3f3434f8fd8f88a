"""All pages a person reaches by links, from the routes themselves, so that new pages are crawled too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urldefrag, urlsplit

from guests import Guest

from bankmine.web.app import routes

MOST = 3
"""How many addresses of one route are looked at; lists have a route for each task."""

NO_PAGE = ("/static/", "/exports/", "/api/", "/sign-out")
LINK = re.compile(r'(?:href|hx-get)="(/[^"]*)"')


def pattern_of(path: str) -> str:
    """The route that answers an address, as its pattern; the address itself where none does."""
    fits = [
        one.path
        for one in routes()
        if one.method == "GET" and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one.path), path)
    ]
    return min(fits, key=lambda one: one.count("{"), default=path)


def all_pages(guest: Guest, *, most: int = MOST, refused: bool = False) -> Iterator[tuple[str, str, str]]:
    """Pattern, address and page of everything this person reaches; at most `most` addresses a pattern.

    Addresses that only differ in order, page or filter count as further ones of their pattern.
    """
    plain = [one.path for one in routes() if one.method == "GET" and "{" not in one.path]
    waiting, seen, looked = ["/", *plain], set(), {}
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        pattern = pattern_of(path)
        if address in seen or path.startswith(NO_PAGE) or "file=" in address:
            continue
        seen.add(address)
        if looked.get(pattern, 0) >= most:
            continue
        answer = guest.get(address)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if answer.status_code == 403 and not refused:
            continue
        looked[pattern] = looked.get(pattern, 0) + 1
        yield pattern, address, answer.text
        found = dict.fromkeys(urldefrag(unescape(one))[0] for one in LINK.findall(answer.text))
        waiting += [one for one in found if one not in seen]
