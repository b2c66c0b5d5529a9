"""Sign-in by a company's own identity provider: OpenID Connect, code flow with PKCE.

The provider says who somebody is; what they may see and do stays with the account
that ``aop user add`` gave them. Protocol checks are Authlib's and joserfc's.
"""

import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import (  # type: ignore[import-untyped] # has no stubs
    create_s256_code_challenge,
)
from authlib.oidc.core import (  # type: ignore[import-untyped] # has no stubs
    CodeIDToken,
)
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from data_contracts.errors import AopError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256")
"""Signatures only the provider can make; a shared secret or none is no proof."""

LEEWAY_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 10.0


class ProviderError(AopError):
    """The identity provider cannot be reached, or answers what it must not."""


class RefusedError(AopError):
    """The provider, or what it says about somebody, does not let them in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one sign-in must come back with; kept in a cookie until then."""

    state: str
    nonce: str
    verifier: str  # proves that who asked is who comes back (RFC 7636)


class Oidc:
    """Talk to one provider.

    Parameters
    ----------
    issuer : str
        Its address, such as ``https://login.example.com/realms/acme``; HTTPS, or
        this machine.
    client_id, secret : str
        What the provider gave us when we were registered there.
    clock : callable returning a datetime with a zone, optional
        The present moment by default.

    Raises
    ------
    AopError
        If the issuer could be listened to on its way.

    References
    ----------
    OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        if not _is_private(issuer):
            raise AopError(
                f"issuer {issuer} is not reached by HTTPS",
                fix="give its https:// address, as its own discovery page has it",
            )
        self.issuer = issuer.rstrip("/")
        self._client_id = client_id
        self._secret = secret
        self._clock = clock or (lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        """Return what people know the provider by: its host."""
        return urlsplit(self.issuer).hostname or self.issuer

    def start(self, back: str) -> tuple[str, Asked]:
        """Return the provider's page to send somebody to, and what to hold them to.

        Parameters
        ----------
        back : str
            Address of ours to which the provider sends them back.
        """
        asked = Asked(*(secrets.token_urlsafe(48) for _ in range(3)))
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back,
            "scope": "openid email",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        page = str(self._metadata()["authorization_endpoint"])
        return f"{page}{'&' if '?' in page else '?'}{urlencode(query)}", asked

    def finish(self, asked: Asked, code: str, back: str) -> str:
        """Return the verified e-mail address of who came back with a code.

        Raises
        ------
        ProviderError
            If the provider does not answer, or its answer is not signed by it, for
            us, for this sign-in, and now.
        RefusedError
            If it takes the code for none of its own, or has not verified the address.
        """
        metadata = self._metadata()
        answer = self._asked(
            "POST",
            str(metadata["token_endpoint"]),
            auth=(self._client_id, self._secret),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "code_verifier": asked.verifier,
            },
        )
        if answer.is_client_error:
            raise RefusedError(
                f"{self.name} does not accept this sign-in", fix="sign in: /sign-in"
            )
        tokens = self._content(answer)
        keys = self._content(self._asked("GET", str(metadata["jwks_uri"])))
        claims = self._claims(tokens, keys, asked)
        if claims.get("email_verified") is not True or not claims.get("email"):
            raise RefusedError(
                f"{self.name} has not verified your e-mail address",
                fix="verify it there, then sign in: /sign-in",
            )
        return str(claims["email"])

    def _claims(
        self, tokens: dict[str, Any], keys: Any, asked: Asked
    ) -> dict[str, Any]:
        try:
            token = jwt.decode(
                str(tokens["id_token"]),
                KeySet.import_key_set(keys),
                algorithms=list(ALGORITHMS),
            )
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                params={
                    "nonce": asked.nonce,
                    "client_id": self._client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(int(self._clock().timestamp()), LEEWAY_SECONDS)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise self._wrong(f"a token that cannot be trusted ({error})") from error
        return dict(claims)

    def _metadata(self) -> dict[str, Any]:
        found = self._content(
            self._asked("GET", f"{self.issuer}/.well-known/openid-configuration")
        )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_private(str(found.get(name, ""))):
                raise self._wrong(f"no private {name}")
        if str(found.get("issuer", "")).rstrip("/") != self.issuer:
            raise self._wrong(f"for another issuer ({found.get('issuer')})")
        return found

    def _asked(self, method: str, url: str, **how: Any) -> httpx.Response:
        try:
            return httpx.request(method, url, timeout=_PATIENCE_SECONDS, **how)
        except httpx.HTTPError as error:
            raise ProviderError(
                f"{self.name} does not answer: {error}",
                fix="try again; if it stays so, ask who runs it",
            ) from error

    def _content(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._wrong(f"{answer.url} with {answer.status_code}") from error
        if not isinstance(found, dict):
            raise self._wrong(f"{answer.url} with something else than an object")
        return found

    def _wrong(self, what: str) -> ProviderError:
        return ProviderError(
            f"{self.name} answers {what}",
            fix="hold --issuer and --client-id of aop serve to what it says of itself",
        )


def _is_private(url: str) -> bool:
    """Tell whether nobody between us and an address can listen."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    host = parts.hostname or ""
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return parts.scheme == "http" and host == "localhost"
