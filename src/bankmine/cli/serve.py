"""`bankmine serve`: the working place of one bank, by one process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bankmine.errors import UsageError

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""What TLS 1.2 may use beside 1.3; older versions are not spoken (Python's own least)."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    bank: Annotated[Path, typer.Argument(metavar="BANK", help="The bank's folder.")],
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535)] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="The host name in people's addresses; may be repeated."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="Speak HTTPS with this certificate (PEM).")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The certificate's key (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy on this machine speaks HTTPS for it.")
    ] = False,
) -> None:
    """Serve pages and HTTP API, until interrupted; plain HTTP on this machine only."""
    import uvicorn

    from bankmine.cli.beside import beside
    from bankmine.service import create_api
    from bankmine.web import create_app

    own = require_safe(host, name or [], certificate, key, behind_proxy)
    plain = certificate is None and not behind_proxy
    pages = create_app(bank, insecure_cookies=plain, hosts=own)
    site = pages.state.site
    app = beside(pages, create_api(site.store, site.place), own)
    typer.echo(f"Open {'http' if certificate is None else 'https'}://{own[0]}:{port} · end with Ctrl-C")
    uvicorn.run(
        app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
        proxy_headers=behind_proxy, forwarded_allow_ips="127.0.0.1,::1" if behind_proxy else None,
        ssl_certfile=certificate, ssl_keyfile=key, ssl_ciphers=CIPHERS, timeout_graceful_shutdown=10,
    )  # fmt: skip


def require_safe(
    host: str, names: Sequence[str], certificate: Path | None, key: Path | None, behind_proxy: bool
) -> list[str]:
    """The names under which it answers; UsageError where people's passwords would travel open."""
    if (certificate is None) != (key is None):
        raise UsageError("a certificate and its key belong together", hint="Give --certificate and --key.")
    local = host in LOOPBACK
    if not local and certificate is None and not behind_proxy:
        raise UsageError(
            f"{host} is open to other machines and nothing would be encrypted",
            hint="Give --certificate and --key, or --behind-proxy where a proxy speaks HTTPS.",
        )
    if not names and (behind_proxy or not local):
        raise UsageError(
            "it is not said under which name people reach this bank",
            hint="Give --name bank.example.org as it stands in the address.",
        )
    return [*names] if names else ["localhost", "127.0.0.1", "[::1]"]
