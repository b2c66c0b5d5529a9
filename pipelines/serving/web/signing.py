"""Sign in and out: one form, slow for who guesses."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from pipelines.serving.web.desk import (
    Desk,
    ForgedFormError,
    local_path,
    refuse_other_origin,
)
from pipelines.serving.web.sessions import LASTS, is_same_token
from pipelines.serving.web.throttle import Throttle

FAILURES_A_NAME: Final = 5
FAILURES_AN_ADDRESS: Final = 20
"""In a quarter of an hour; then the answer is to wait."""

Field = Annotated[str, Form(max_length=1024)]


def signing(desk: Desk) -> APIRouter:
    """Return the routes by which people sign in and out."""
    router = APIRouter()
    by_name, by_address = Throttle(FAILURES_A_NAME), Throttle(FAILURES_AN_ADDRESS)

    @router.get("/sign-in")
    def form(request: Request, next: str = "/") -> Response:  # noqa: A002 the field's name in the URL
        return _form(desk, request, to=next)

    @router.post("/sign-in")
    def sign_in(
        request: Request,
        name: Field = "",
        password: Field = "",
        token: Field = "",
        next: Field = "/",  # noqa: A002 the field's name in the form
    ) -> Response:
        refuse_other_origin(request)
        if not desk.users.any():
            return _form(desk, request, to=next)
        opened = desk.sessions.read(request.cookies.get(desk.cookie, ""))
        if opened is None or not is_same_token(token, opened[0].token):
            raise ForgedFormError
        who = name.strip().casefold()
        address = request.client.host if request.client else ""
        wait = max(by_name.wait_seconds(who), by_address.wait_seconds(address))
        if wait:
            told = f"too many tries; wait {wait // 60 + 1} minutes"
            slow = _form(desk, request, to=next, told=told, status=429)
            slow.headers["Retry-After"] = str(wait)
            return slow
        user = desk.users.checked(name, password)
        if user is None:
            by_name.failed(who)
            by_address.failed(address)
            told = "that name and password do not belong together"
            return _form(desk, request, to=next, told=told, status=401)
        by_name.forget(who)
        answer = RedirectResponse(local_path(next), status_code=303)
        _keep(desk, answer, desk.sessions.begin(user))
        return answer

    @router.post("/sign-out")
    def sign_out(request: Request, token: Field = "") -> Response:
        desk.users.end_sessions(desk.sender(request, token).name)
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(desk.cookie, secure=desk.is_https, httponly=True)
        return answer

    return router


def _form(
    desk: Desk, request: Request, *, to: str, told: str = "", status: int = 200
) -> Response:
    if not desk.users.any():
        return desk.written(request, "sign_in.html", token=None, told="", next="/")
    cookie = request.cookies.get(desk.cookie, "")
    opened = desk.sessions.read(cookie)
    if opened is not None and opened[1] is not None:
        return RedirectResponse(local_path(to), status_code=303)  # signed in already
    if opened is None:  # else a second tab must not spoil the form of the first
        cookie = desk.sessions.begin()
        opened = desk.sessions.read(cookie)
    answer = desk.written(
        request,
        "sign_in.html",
        status,
        token=opened[0].token if opened else "",
        told=told,
        next=local_path(to),
    )
    _keep(desk, answer, cookie)
    return answer


def _keep(desk: Desk, answer: Response, cookie: str) -> None:
    answer.set_cookie(
        desk.cookie,
        cookie,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=desk.is_https,
        httponly=True,
        # a link in a mail may open a page; a form of another site is refused
        samesite="lax",
    )
