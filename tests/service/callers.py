"""What the fixture `caller` is: it makes clients with tokens of their own."""

from collections.abc import Callable

from starlette.testclient import TestClient

Caller = Callable[..., TestClient]
