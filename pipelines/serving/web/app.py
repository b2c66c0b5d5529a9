"""The review pages as one ASGI application: who may open what, at which address."""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from data_contracts.errors import AopError
from pipelines.logs import logger
from pipelines.serving.web.answers import status_of
from pipelines.serving.web.api import PREFIX, api
from pipelines.serving.web.deciding import deciding
from pipelines.serving.web.desk import Desk, SignInNeededError
from pipelines.serving.web.headers import Headers
from pipelines.serving.web.oidc import Oidc
from pipelines.serving.web.sections import Page
from pipelines.serving.web.signing import signing
from pipelines.serving.web.signing_oidc import signing_oidc
from pipelines.serving.web.views.capacity import capacity
from pipelines.serving.web.views.data import data
from pipelines.serving.web.views.drift import drift
from pipelines.serving.web.views.forecasts import forecasts
from pipelines.serving.web.views.home import home
from pipelines.serving.web.views.lines import lines
from pipelines.serving.web.views.people import account, rep, reps
from pipelines.serving.web.views.proposal import plans, proposal
from pipelines.serving.web.views.quotas import quotas
from pipelines.serving.web.views.rows import rows, tables
from pipelines.serving.web.views.scenarios import scenarios
from pipelines.serving.web.views.territories import territories
from pipelines.settings import Settings

_LOG: Final = logger(__name__)
_STATIC: Final = Path(__file__).parent / "static"

THIS_MACHINE: Final = ("127.0.0.1", "localhost")

Text = Annotated[str, Query(max_length=200)]


def pages(
    settings: Settings,
    *,
    names: Sequence[str] = (),
    must_sign_in: bool = False,
    is_https: bool = False,
    oidc: Oidc | None = None,
    desk: Desk | None = None,
    is_warmed: bool = False,
) -> FastAPI:
    """Build the pages of one home.

    Parameters
    ----------
    settings : Settings
        Home to show; its serving copy may be replaced at any moment.
    names : sequence of str
        Host names besides this machine's by which the pages may be asked for.
    must_sign_in : bool
        Ask for an account even where none was added yet.
    is_https : bool
        Cookies go over HTTPS only.
    oidc : Oidc, optional
        Provider by which people may sign in, besides passwords.
    desk : Desk, optional
        Made from the settings by default.
    is_warmed : bool
        Read in the background, once started, what a first visitor would wait for.
    """
    desk = desk or Desk(
        settings, must_sign_in=must_sign_in, is_https=is_https, oidc=oidc
    )

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        if is_warmed:
            threading.Thread(target=_warm, args=[desk], daemon=True).start()
        yield
        desk.close()

    app = FastAPI(
        title="continuous-aop",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=running,
    )
    # a foreign name that resolves to this machine must not read the plan
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*THIS_MACHINE, *names])
    app.add_middleware(Headers, is_https=is_https)
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.mount(PREFIX, api(desk))
    app.include_router(signing(desk))
    if desk.oidc is not None:
        app.include_router(signing_oidc(desk, desk.oidc))
    app.include_router(deciding(desk))
    _add_errors(app, desk)
    _add_company(app, desk)
    _add_people(app, desk)
    return app


def _warm(desk: Desk) -> None:
    try:
        desk.warm()
    except AopError as error:  # the page that needs it says the same to its visitor
        _LOG.warning("%s; %s", error.what, error.fix)


def _add_errors(app: FastAPI, desk: Desk) -> None:
    @app.exception_handler(AopError)
    def refused(request: Request, error: AopError) -> Response:
        if isinstance(error, SignInNeededError) and request.method == "GET":
            asked = request.url.path
            if request.url.query:
                asked += f"?{request.url.query}"
            return RedirectResponse(
                f"/sign-in?next={quote(asked, safe='')}", status_code=303
            )
        return _said(desk, request, error, status_of(error))

    @app.exception_handler(RequestValidationError)
    def misread(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        told = AopError(
            f"{first['loc'][-1]}: {first['msg']}", fix="open the page from the menu"
        )
        return _said(desk, request, told, 422)

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        told = AopError(str(error.detail), fix="open a page from the menu")
        answer = _said(desk, request, told, error.status_code)
        answer.headers.update(error.headers or {})
        return answer


def _said(desk: Desk, request: Request, error: AopError, status: int) -> Response:
    return desk.written(request, "error.html", status, error=error)


def _add_company(app: FastAPI, desk: Desk) -> None:
    @app.get("/")
    def home_page(request: Request) -> Response:
        return desk.page(request, lambda page: home(desk, page))

    @app.get("/drift")
    def drift_page(
        request: Request, metric: Text = "", level: Text = "", node: Text = ""
    ) -> Response:
        return desk.page(request, lambda page: drift(page, metric, level, node))

    @app.get("/plans")
    def plans_page(request: Request) -> Response:
        return desk.page(request, lambda page: plans(desk, page))

    @app.get("/plans/{version}")
    def plan_page(request: Request, version: int, done: Text = "") -> Response:
        return desk.page(request, lambda page: proposal(desk, page, version, done))

    @app.get("/plans/{version}/lines/{component}")
    def lines_page(
        request: Request,
        version: int,
        component: str,
        offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    ) -> Response:
        is_whole = "csv" in request.query_params
        return desk.page(
            request,
            lambda page: lines(
                desk, page, version, component, offset, is_whole=is_whole
            ),
        )

    @app.get("/scenarios")
    def scenarios_page(request: Request) -> Response:
        return desk.page(request, lambda page: scenarios(desk, page))

    @app.get("/capacity")
    def capacity_page(request: Request) -> Response:
        return desk.page(request, lambda page: capacity(page, _shown(page)))

    @app.get("/forecasts")
    def forecasts_page(
        request: Request, level: Text = "company", node: Text = "company"
    ) -> Response:
        return desk.page(request, lambda page: forecasts(page, level, node))

    @app.get("/data")
    def data_page(request: Request) -> Response:
        return desk.page(request, data)

    @app.get("/rows")
    def tables_page(request: Request) -> Response:
        return desk.page(request, tables)

    @app.get("/rows/{table}")
    def rows_page(
        request: Request,
        table: str,
        where: Annotated[list[str] | None, Query(max_length=20)] = None,
        offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    ) -> Response:
        is_whole = "csv" in request.query_params
        return desk.page(
            request,
            lambda page: rows(page, table, where or (), offset, is_whole=is_whole),
        )


def _add_people(app: FastAPI, desk: Desk) -> None:
    @app.get("/territories")
    def territories_page(request: Request, on: date | None = None) -> Response:
        return desk.page(
            request, lambda page: territories(page, on or _night(page)), on=on
        )

    @app.get("/quotas")
    def quotas_page(request: Request) -> Response:
        def build(page: Page) -> None:
            version = _shown(page)
            quotas(page, version, desk.content)

        return desk.page(request, build)

    @app.get("/reps")
    def reps_page(request: Request) -> Response:
        return desk.page(request, reps)

    @app.get("/reps/{rep_id}")
    def rep_page(request: Request, rep_id: str) -> Response:
        return desk.page(request, lambda page: rep(page, rep_id, _shown(page)))

    @app.get("/accounts/{account_id}")
    def account_page(request: Request, account_id: str) -> Response:
        return desk.page(request, lambda page: account(page, account_id, _shown(page)))


def _night(page: Page) -> date:
    night: date = page.snapshot.ask("select as_of from meta.publication")[0]["as_of"]
    return night


def _shown(page: Page) -> int | None:
    """Return the version the tables of the night show as in force."""
    found = page.snapshot.ask("select plan_version from meta.publication")
    version: int | None = found[0]["plan_version"]
    return version
