"""How much one request may send: a body is counted while it arrives and cut off at the limit."""

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEBIBYTE = 1 << 20
FIELDS = 200
"""How many fields a form may have."""


class _TooLarge(Exception):
    """The body went past the limit."""


class BodyLimit:
    """Refuses (413) a body above `most` bytes, by its stated length or once that many arrived."""

    def __init__(self, app: ASGIApp, *, most: int = MEBIBYTE) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with its body counted."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if not stated.isdigit() or int(stated) > self.most:
            await self._refuse(scope, receive, send)
            return
        arrived = 0
        answering = False

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self.most:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal answering
            answering = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLarge:
            if not answering:
                await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        text = f"The request is larger than the {self.most >> 10} KiB that are allowed.\n"
        await PlainTextResponse(text, 413)(scope, receive, send)
