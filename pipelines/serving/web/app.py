"""The review pages as one ASGI application. They read; people decide by `aop plan`."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.middleware.trustedhost import TrustedHostMiddleware

from data_contracts.errors import AopError, LedgerError
from pipelines.ledger.queries import LedgerReader
from pipelines.serving.cli.output import text
from pipelines.serving.comparing import differences, moves, summary
from pipelines.serving.drifting import board, breaches
from pipelines.serving.nights import loads, quarantined, state
from pipelines.serving.standing import by_month, by_node
from pipelines.serving.web.chart import month_bars
from pipelines.settings import Settings

_HERE = Path(__file__).parent

HEADERS = {
    # nothing from elsewhere, nothing inline: a page can only show what we sent
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def pages(settings: Settings) -> FastAPI:
    """Build the pages of one home.

    Parameters
    ----------
    settings : Settings
        Home to show; its serving copy is opened anew for every page.
    """
    app = FastAPI(
        title="continuous-aop", docs_url=None, redoc_url=None, openapi_url=None
    )
    # a foreign name that resolves to this machine must not read the plan
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    templates = Jinja2Templates(directory=_HERE / "templates")
    templates.env.filters["shown"] = text
    templates.env.trim_blocks = templates.env.lstrip_blocks = True

    def page(request: Request, name: str, **content: Any) -> Response:
        content["now"] = state(settings)
        return templates.TemplateResponse(
            request, f"{name}.html", content, headers=HEADERS
        )

    @app.exception_handler(AopError)
    def refused(request: Request, error: AopError) -> Response:
        status = 404 if isinstance(error, LedgerError) else 503
        return templates.TemplateResponse(
            request,
            "error.html",
            {"error": error, "now": None},
            status_code=status,
            headers=HEADERS,
        )

    @app.get("/")
    def home(request: Request) -> Response:
        months = by_month(settings)
        return page(
            request,
            "home",
            months=months,
            bars=month_bars(months),
            nodes=by_node(settings),
        )

    @app.get("/drift")
    def drift(request: Request) -> Response:
        return page(
            request, "drift", breaches=breaches(settings), board=board(settings)
        )

    @app.get("/plans")
    def plans(request: Request) -> Response:
        return page(request, "plans", versions=_ledger(settings).versions())

    @app.get("/plans/{version}")
    def plan(request: Request, version: int) -> Response:
        ledger = _ledger(settings)
        found, content = ledger.get(version), ledger.content(version)
        parent = found.parent_version
        changes = differences(ledger.content(parent), content) if parent else []
        return page(
            request,
            "plan",
            plan=found,
            totals=summary(content),
            moved=moves(content),
            changes=changes,
            events=ledger.events(version),
        )

    @app.get("/data")
    def data(request: Request) -> Response:
        return page(
            request, "data", loads=loads(settings), rows_refused=quarantined(settings)
        )

    return app


def _ledger(settings: Settings) -> LedgerReader:
    return LedgerReader(settings.require_home().ledger_url)
