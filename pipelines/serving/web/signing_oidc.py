"""Sign in by the company's identity provider: leave for it, and come back."""

import hashlib
from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer

from pipelines.serving.web.desk import Desk, ForgedFormError, local_path
from pipelines.serving.web.oidc import Asked, Oidc, RefusedError
from pipelines.serving.web.sessions import LASTS, is_same_token

BACK: Final = "/oidc/back"
_WAITS_SECONDS: Final = 10 * 60  # a password and a second factor at the provider

Text = Annotated[str, Query(max_length=4096)]


def signing_oidc(desk: Desk, oidc: Oidc) -> APIRouter:
    """Return the two routes by which people sign in at a provider."""
    router = APIRouter()
    cookie = f"{desk.cookie}-oidc"

    def signer() -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            desk.users.secret(),
            salt="aop-oidc",
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    @router.get("/oidc/start")
    def start(request: Request, next: Text = "/") -> Response:  # noqa: A002 the field's name in the URL
        page, asked = oidc.start(_back(desk, request))
        held = {**asdict(asked), "next": local_path(next)}
        answer = RedirectResponse(page, status_code=303)
        answer.set_cookie(
            cookie,
            str(signer().dumps(held)),
            max_age=_WAITS_SECONDS,
            path="/",
            secure=desk.is_https,
            httponly=True,
            samesite="lax",  # the provider sends people back by a link
        )
        return answer

    @router.get(BACK)
    def back(
        request: Request, code: Text = "", state: Text = "", error: Text = ""
    ) -> Response:
        try:
            held = signer().loads(
                request.cookies.get(cookie, ""), max_age=_WAITS_SECONDS
            )
        except BadData as wrong:
            raise ForgedFormError from wrong
        asked = Asked(held["state"], held["nonce"], held["verifier"])
        if not is_same_token(state, asked.state):
            raise ForgedFormError
        if error or not code:
            raise RefusedError(
                f"{oidc.name} did not sign you in", fix="try again: /sign-in"
            )
        email = oidc.finish(asked, code, _back(desk, request))
        user = desk.users.find(email)
        if user is None:
            raise RefusedError(
                f"{email} was not given an account here",
                fix=f"ask an admin: aop user add {email} --without-password",
            )
        answer = RedirectResponse(held["next"], status_code=303)
        answer.delete_cookie(cookie, secure=desk.is_https, httponly=True)
        answer.set_cookie(
            desk.cookie,
            desk.sessions.begin(user),
            max_age=int(LASTS.total_seconds()),
            path="/",
            secure=desk.is_https,
            httponly=True,
            samesite="lax",
        )
        return answer

    return router


def _back(desk: Desk, request: Request) -> str:
    # the middleware lets only names of ours through
    scheme = "https" if desk.is_https else "http"
    return f"{scheme}://{request.headers['host']}{BACK}"
