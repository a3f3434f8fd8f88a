"""Where a redirect may lead: to a page of this site and nowhere else."""

import re
from urllib.parse import urlsplit

_OWN = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def own_address(text: str | None, otherwise: str = "/") -> str:
    """The address if it is a path of this site; else `otherwise`.

    Refused are other hosts in any spelling (`//host`, `/\\host`, `https:…`), control characters and the
    sign-in pages themselves.
    """
    if not text or len(text) > 2_000 or not _OWN.fullmatch(text):
        return otherwise
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path in ("/sign-in", "/sign-out"):
        return otherwise
    return text
