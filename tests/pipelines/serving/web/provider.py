"""A small OpenID provider on a port of its own, made of Authlib's server classes."""

import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from joserfc.jwk import RSAKey

CLIENT, SECRET = "aop", "known to both"


class _Client(ClientMixin):
    """The review pages, as the provider knows them; any address of ours may return."""

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/oidc/back")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Provider:
    """Who is signed in there, and what it says of them; tests change both."""

    issuer: str = ""
    email: str = "app@example.com"
    claims: dict[str, Any] = field(default_factory=lambda: {"email_verified": True})
    said: dict[str, Any] = field(default_factory=dict)  # in place of what is right
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    shown_key: RSAKey | None = None  # in place of the key that signs
    codes: dict[str, Any] = field(default_factory=dict)


class _Code(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        data = request.payload.data
        self.server.provider.codes[code] = SimpleNamespace(
            code=code,
            challenge=data.get("code_challenge"),
            method=data.get("code_challenge_method"),
            nonce=data.get("nonce"),
            redirect_uri=request.payload.redirect_uri,
            get_redirect_uri=lambda: request.payload.redirect_uri,
            get_scope=lambda: request.payload.scope,
            get_nonce=lambda: data.get("nonce"),
            get_auth_time=lambda: int(time.time()),
            get_acr=lambda: None,
            get_amr=lambda: None,
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Any) -> Any:
        return self.server.provider.codes.get(code)

    def delete_authorization_code(self, authorization_code: Any) -> None:
        del self.server.provider.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Any) -> str:
        return str(self.server.provider.email)


class _OpenId(OpenIDCode):
    def __init__(self, provider: Provider) -> None:
        super().__init__(require_nonce=True)
        self.provider = provider

    def resolve_client_private_key(self, client: Any) -> RSAKey:
        return self.provider.key

    def get_client_algorithm(self, client: Any) -> str:
        return "RS256"

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        return {"iss": self.provider.issuer}

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self.provider.codes.values())

    def generate_user_info(self, user: str, scope: str) -> dict[str, Any]:
        told = {"sub": user, "email": user, **self.provider.claims}
        return {**told, **self.provider.said}


class _Asked(OAuth2Request):
    def __init__(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> None:
        # Authlib speaks HTTPS only; here the wire is this machine's own
        super().__init__(method, url.replace("http://", "https://"), headers=headers)
        self.given = dict(parse_qsl(body.decode()))
        query = dict(parse_qsl(url.partition("?")[2]))
        self.payload = BasicOAuth2Payload({**query, **self.given})

    @property
    def form(self) -> dict[str, str]:
        return self.given


class _Server(AuthorizationServer):
    def __init__(self, provider: Provider) -> None:
        super().__init__(scopes_supported=["openid", "email"])
        self.provider = provider
        self.register_grant(_Code, [_OpenId(provider), CodeChallenge(required=True)])
        self.register_token_generator("default", self._token)

    @staticmethod
    def _token(**asked: Any) -> dict[str, Any]:
        token = secrets.token_urlsafe(16)
        scope = asked["scope"]
        return {"token_type": "Bearer", "access_token": token, "scope": scope}

    def query_client(self, client_id: str) -> _Client | None:
        return _Client() if client_id == CLIENT else None

    def save_token(self, token: Any, request: Any) -> None:
        """Nobody asks for anything by an access token here."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return request if isinstance(request, OAuth2Request) else _Asked(*request)

    def handle_response(self, status: int, body: Any, headers: Any) -> Any:
        return status, body, dict(headers)


def _app(provider: Provider) -> FastAPI:
    app, server = FastAPI(), _Server(provider)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> dict[str, Any]:
        return {
            "issuer": provider.issuer,
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
            "jwks_uri": f"{provider.issuer}/jwks",
        }

    @app.get("/jwks")
    def jwks() -> dict[str, Any]:
        key = provider.shown_key or provider.key
        return {"keys": [key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        asked = _Asked("GET", str(request.url), b"", dict(request.headers))
        grant = server.get_consent_grant(asked, provider.email)
        return _answer(
            server.create_authorization_response(asked, provider.email, grant)
        )

    @app.post("/token")
    async def token(request: Request) -> Response:
        headers = {name.title(): value for name, value in request.headers.items()}
        asked = ("POST", str(request.url), await request.body(), headers)
        return _answer(server.create_token_response(asked))

    return app


def _answer(found: tuple[int, Any, dict[str, str]]) -> Response:
    status, body, headers = found
    if isinstance(body, dict):
        return JSONResponse(body, status, headers)
    return Response(body, status, headers)


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a port the system chose; give its address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def running() -> Iterator[Provider]:
    """Run a provider until the block ends."""
    provider = Provider()
    with served(_app(provider)) as address:
        provider.issuer = address
        yield provider
