"""The serving tables and decisions as JSON, read-only, through the pages' rules."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from data_contracts.errors import AopError
from pipelines.serving.conversing import conversation, waits_for
from pipelines.serving.web.answers import status_of
from pipelines.serving.web.browsing import MOST_ROWS, browse, readable
from pipelines.serving.web.desk import Desk, NotThereError
from pipelines.serving.web.scope import scope_of

PREFIX: Final = "/api/v1"
_BIGGEST: Final = 2**31 - 1


class Refusal(BaseModel):
    """Why there is no answer, and what to do about it."""

    what: str
    fix: str


class TableColumn(BaseModel):
    """One column: its name, DuckDB's type, and what it means with its unit."""

    name: str
    type: str
    description: str


class Table(BaseModel):
    """One serving table."""

    table: str
    columns: list[TableColumn]


class TableRows(BaseModel):
    """Some rows of a table; the next ones begin at ``offset + len(rows)``."""

    table: str
    as_of: date = Field(description="Night the rows are of.")
    plan_version: int | None = Field(description="Plan in force that night.")
    currency: str | None = Field(description="Of every column in cents.")
    total: int = Field(description="Rows that fit, of which some are here.")
    offset: int
    rows: list[dict[str, Any]]


class Version(BaseModel):
    """A plan version; money and lines are in the tables of schema plan."""

    version: int
    state: str
    scenario: str
    parent_version: int | None
    title: str
    as_of: date
    effective_from: date
    effective_to: date
    proposed_by: str
    decided_by: str | None
    why: str
    breach_key: str | None
    scope: str | None
    content_hash: str
    territory_gap_share: float | None
    territory_proof: str | None


class Decisions(BaseModel):
    """What people decided and said about a version."""

    version: Version
    waits_for: str | None
    events: list[dict[str, Any]]
    said: list[dict[str, Any]]


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refusal, "description": told}
    for status, told in {
        400: "A filter does not fit.",
        401: "Nobody is signed in.",
        403: "The role does not show it.",
        404: "There is no such thing, or not for you.",
        422: "A parameter is not of its type.",
        503: "Nothing was published yet.",
    }.items()
}


def api(desk: Desk) -> FastAPI:
    """Return the API of one home, to be mounted at `PREFIX`."""
    app = FastAPI(
        title="continuous-aop",
        version="1",
        description="Read-only. Send a personal token (aop user token) as Bearer, or "
        "sign in on the pages: the session's cookie serves here too. The account's "
        "role and branch decide what is shown.",
        dependencies=[
            Security(HTTPBearer(auto_error=False, scheme_name="token")),
            Security(
                APIKeyCookie(name=desk.cookie, auto_error=False, scheme_name="session")
            ),
        ],
        docs_url=None,
        redoc_url=None,
        responses=_REFUSED,
    )

    @app.exception_handler(AopError)
    def refused(_: Request, error: AopError) -> JSONResponse:
        status = status_of(error)
        return JSONResponse(
            {"what": error.what, "fix": error.fix},
            status_code=status,
            headers={"WWW-Authenticate": "Bearer"} if status == 401 else None,
        )

    @app.exception_handler(RequestValidationError)
    def misread(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return JSONResponse(
            {
                "what": f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
                "fix": f"see {PREFIX}/openapi.json",
            },
            status_code=422,
        )

    @app.exception_handler(HTTPException)
    def missing(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(
            {"what": str(error.detail), "fix": f"see {PREFIX}/openapi.json"},
            status_code=error.status_code,
            headers=error.headers,
        )

    @app.get("/tables")
    def tables(request: Request) -> list[Table]:
        """List the tables that the role may read."""
        visitor = desk.reader(request)
        with desk.serving.snapshot() as snapshot:
            scope = scope_of(visitor, snapshot)
            return [
                Table(
                    table=name,
                    columns=[
                        TableColumn(
                            name=one.name, type=one.kind, description=one.comment
                        )
                        for one in snapshot.catalog[name]
                    ],
                )
                for name in readable(snapshot, scope)
            ]

    @app.get("/tables/{table}")
    def rows(
        request: Request,
        table: Annotated[str, Path(description="As ``plan.fct_plan_quota``.")],
        where: Annotated[
            list[str] | None,
            Query(description="``column:value``; all must fit, empty means null."),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
        offset: Annotated[int, Query(ge=0, le=_BIGGEST)] = 0,
    ) -> TableRows:
        """Return rows of a table in the order of their columns."""
        visitor = desk.reader(request)
        with desk.serving.snapshot() as snapshot:
            scope = scope_of(visitor, snapshot)
            found = browse(
                snapshot, scope, table, where=where or (), limit=limit, offset=offset
            )
            now = desk.now(snapshot)
        return TableRows(
            table=table,
            as_of=now["as_of"],
            plan_version=now["plan"].version if now["plan"] else None,
            currency=now["currency"],
            total=found.total,
            offset=offset,
            rows=[{name: _plain(row[name]) for name in row} for row in found.rows],
        )

    @app.get("/plans")
    def plans(request: Request) -> list[Version]:
        """List every plan version."""
        _require_proposals(desk, request)
        return [_version(plan) for plan in desk.ledger.versions()]

    @app.get("/plans/{version}")
    def plan(
        request: Request, version: Annotated[int, Path(ge=1, le=_BIGGEST)]
    ) -> Decisions:
        """Return a version with every decision and word about it."""
        _require_proposals(desk, request)
        found = desk.ledger.get(version)
        return Decisions(
            version=_version(found),
            waits_for=waits_for(desk.ledger, found),
            events=[
                {name: _plain(getattr(event, name)) for name in _EVENT}
                for event in desk.ledger.events(version)
            ],
            said=[
                {name: _plain(value) for name, value in row.items()}
                for row in conversation(desk.ledger, version)
            ],
        )

    return app


_EVENT: Final = (
    "seq",
    "from_state",
    "to_state",
    "actor",
    "note",
    "happened_at",
    "hash",
)


def _require_proposals(desk: Desk, request: Request) -> None:
    if not desk.reader(request).sees_proposals:
        raise NotThereError(
            "plan versions are for who reviews them",
            fix=f"see what the plan in force means for you: {PREFIX}/tables",
        )


def _version(plan: Any) -> Version:
    whole = asdict(plan)
    return Version(**{name: whole[name] for name in Version.model_fields})


def _plain(value: object) -> object:
    """Return a value that JSON can hold."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
