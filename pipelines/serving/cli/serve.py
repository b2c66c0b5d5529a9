"""`aop serve`: the review pages, on this machine unless told otherwise."""

import ipaddress
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from data_contracts.errors import AopError
from pipelines.serving.cli.options import HomeOption
from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.oidc import Oidc
from pipelines.serving.web.users import Users
from pipelines.settings import Settings, credential

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port.", min=1, max=65535)] = 8642,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Host name people ask for; may repeat."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="TLS certificate, PEM.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    behind_https_proxy: Annotated[
        bool, typer.Option(help="A proxy on this machine speaks HTTPS for us.")
    ] = False,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="OpenID Connect provider.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option(help="What the provider knows the pages by.")
    ] = None,
) -> None:
    """Serve the review pages until stopped; people sign in once one has an account."""
    settings = Settings.from_env(home).require_home()
    is_https = certificate is not None or behind_https_proxy
    is_reachable = behind_https_proxy or not is_loopback(host)
    if is_reachable:
        refuse_unless_safe(settings, host, is_https=is_https, names=name or [])
    desk = Desk(
        settings,
        must_sign_in=is_reachable,
        is_https=is_https,
        oidc=provider(issuer, client_id),
    )
    shown = f"{'https' if certificate else 'http'}://{host}:{port}"
    print(f"review pages of {settings.home}: {shown} (stop: Ctrl-C)")
    uvicorn.run(
        pages(settings, names=name or (), is_https=is_https, desk=desk, is_warmed=True),
        host=host,
        port=port,
        log_level="warning",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        server_header=False,
        # only a proxy on this machine may say for whom it asks
        proxy_headers=behind_https_proxy,
    )


def provider(issuer: str | None, client_id: str | None) -> Oidc | None:
    """Return the identity provider of the options, None where none is named.

    Raises
    ------
    AopError
        If one option lacks the other, or the environment holds no secret for them.
    """
    if issuer is None and client_id is None:
        return None
    if issuer is None or client_id is None:
        raise AopError(
            "sign-in at a provider needs its address and what it knows us by",
            fix="give both --issuer and --client-id",
        )
    return Oidc(issuer, client_id, credential("oidc", "CLIENT_SECRET"))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_unless_safe(
    settings: Settings, host: str, *, is_https: bool, names: list[str]
) -> None:
    """Refuse an address that others reach, unless they must sign in, unheard.

    Raises
    ------
    AopError
        If nobody has an account, or passwords would go over the wire in clear, or no
        host name says what people ask for.
    """
    if not Users(settings).any():
        raise AopError(
            f"{host} can be reached by others, and nobody has to sign in",
            fix="give yourself an account first: aop user add YOU --role admin",
        )
    if not is_https:
        raise AopError(
            f"{host} can be reached by others, and passwords would travel in clear",
            fix="give --certificate and --key, or put an HTTPS proxy in front and say "
            "--behind-https-proxy",
        )
    if not names:
        raise AopError(
            "no host name says by which address people will ask for the pages",
            fix="give it with --name, e.g. --name plan.example.com",
        )
