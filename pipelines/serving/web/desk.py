"""What every page needs: who looks, at which night, and how the answer is written."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import polars as pl
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from fastapi.templating import Jinja2Templates

from data_contracts.contract import all_contracts
from data_contracts.errors import AopError
from data_contracts.plan import PlanState
from pipelines.ledger.records import governing
from pipelines.ledger.store import Ledger
from pipelines.logs import logger
from pipelines.serving.cli.output import text
from pipelines.serving.nights import last_run
from pipelines.serving.web import sections
from pipelines.serving.web.asked import Asked
from pipelines.serving.web.charts import Drawings, Theme, size_of, spec_of
from pipelines.serving.web.contents import Contents
from pipelines.serving.web.downloads import as_csv
from pipelines.serving.web.oidc import Oidc
from pipelines.serving.web.roles import LOCAL_READER, Deed, Visitor
from pipelines.serving.web.scope import Scope, scope_of
from pipelines.serving.web.sections import DRAWN_ROWS, Page, Section
from pipelines.serving.web.serving import Serving, Snapshot
from pipelines.serving.web.sessions import Sessions, is_same_token
from pipelines.serving.web.tokens import Tokens
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

Content = Mapping[str, pl.DataFrame]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LOG: Final = logger(__name__)
_LARGE: Final = ("assignment", "quota")  # of what pages read of a version


class SignInNeededError(AopError):
    """Nobody is signed in, and the page is not for everybody."""

    def __init__(self) -> None:
        super().__init__("you are not signed in", fix="sign in: /sign-in")


class ForgedFormError(AopError):
    """A form did not come from the page we sent to this person."""

    def __init__(self) -> None:
        super().__init__(
            "this form is not the one you were given, or it has expired",
            fix="open the page again and send it once more",
        )


class NotThereError(AopError):
    """There is no such thing, or it is not in the visitor's branch."""


class Desk:
    """Answer requests of one home.

    Parameters
    ----------
    settings : Settings
        Home to show; its serving copy may be replaced at any moment.
    must_sign_in : bool
        Ask for an account even where none was added yet; for addresses that others
        can reach.
    is_https : bool
        Cookies go over HTTPS only.
    users : Users, optional
        Accounts of the home by default.
    oidc : Oidc, optional
        Provider by which people may sign in, besides passwords.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        must_sign_in: bool = False,
        is_https: bool = False,
        users: Users | None = None,
        oidc: Oidc | None = None,
    ) -> None:
        self.settings = settings
        self.users = users or Users(settings)
        self.sessions = Sessions(self.users)
        self.tokens = Tokens(self.users)
        self.serving = Serving(settings)
        self.is_https = is_https
        self.oidc = oidc
        self.cookie = "__Host-aop" if is_https else "aop"
        self._must_sign_in = must_sign_in
        self._drawings = Drawings()
        self._contents = Contents()
        self._asked = Asked()
        self._run: tuple[int, dict[str, Any]] = (-1, {})
        self._templates = Jinja2Templates(directory=_TEMPLATES)
        filters = self._templates.env.filters
        filters["shown"] = text
        self._templates.env.globals |= {
            "link_of": sections.link_of,
            "heading": sections.heading,
            "size_of": size_of,
            "Deed": Deed,
        }
        self._templates.env.trim_blocks = self._templates.env.lstrip_blocks = True
        shared: Any = self._templates.env.get_template("_sections.html").module
        self._section: Callable[..., str] = shared.one

    @cached_property
    def ledger(self) -> Ledger:
        """Return the ledger of the home, opened when first asked for."""
        return Ledger(self.settings.require_home().ledger_url)

    def content(self, version: int) -> Content:
        """Return the components of a version, each read when first asked for."""
        return self._contents.of(self.ledger, version)

    def warm(self) -> None:
        """Read what a first visitor would wait for: libraries, contracts, plans.

        From then on a new night is shown once what was asked lately is ready.
        """
        self.serving.prepare = self.prepare
        self._drawings.draw_apart()
        self._drawings.warm()
        all_contracts()
        for plan in reversed(self.ledger.versions()):
            if plan.state in (PlanState.PUBLISHED, PlanState.PROPOSED):
                for component in _LARGE:
                    self.content(plan.version)[component]

    def close(self) -> None:
        """Give back what `warm` took."""
        self._drawings.close()

    def visitor(self, request: Request) -> Visitor:
        """Return who asks.

        Raises
        ------
        SignInNeededError
            If an account is needed and the request carries no session of one.
        """
        if not self.users.any():
            if self._must_sign_in:
                raise SignInNeededError
            return LOCAL_READER
        found = self.sessions.read(request.cookies.get(self.cookie, ""))
        user = found[1] if found else None
        if found is None or user is None:
            raise SignInNeededError
        return Visitor(
            name=user.name, role=user.role, rep_id=user.rep_id, token=found[0].token
        )

    def reader(self, request: Request) -> Visitor:
        """Return who asks the API: by a personal token, or from a signed-in page.

        Raises
        ------
        SignInNeededError
            If the token is worth nothing, or there is neither.
        """
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if not kind:
            return self.visitor(request)
        user = self.tokens.user(given.strip()) if kind.lower() == "bearer" else None
        if user is None:
            raise SignInNeededError
        return Visitor(name=user.name, role=user.role, rep_id=user.rep_id)

    def sender(self, request: Request, token: str) -> Visitor:
        """Return who sent a form from a page of ours.

        Raises
        ------
        SignInNeededError, ForgedFormError
            If nobody is signed in, or the form came from elsewhere.
        """
        visitor = self.visitor(request)
        if not visitor.is_signed_in:
            raise SignInNeededError
        refuse_other_origin(request)
        if not is_same_token(token, visitor.token):
            raise ForgedFormError
        return visitor

    def page(
        self,
        request: Request,
        build: Callable[[Page], None],
        *,
        on: date | None = None,
    ) -> Response:
        """Answer with a page, with one section as CSV, or with its drawing.

        Parameters
        ----------
        build : callable
            Fills the page for the visitor's scope; ``?csv=NAME`` and ``?draw=NAME``
            ask for one section of it.
        on : date, optional
            Day the page shows, where it is not the night's.
        """
        visitor = self.visitor(request)
        with self.serving.snapshot() as snapshot:
            answer = self._answer(
                request, build, snapshot, scope_of(visitor, snapshot, on)
            )
        self._asked.add(request, visitor, build, on)  # what failed is not asked again
        return answer

    def prepare(self, snapshot: Snapshot) -> None:
        """Answer from a new night what was asked of the last one lately."""
        for question in self._asked.latest():
            try:
                scope = scope_of(question.visitor, snapshot, question.on)
                self._answer(question.again(), question.build, snapshot, scope)
            except AopError as error:  # whoever asks for it will be told
                _LOG.info("not ready: %s: %s", question.path, error.what)

    def _answer(
        self,
        request: Request,
        build: Callable[[Page], None],
        snapshot: Snapshot,
        scope: Scope,
    ) -> Response:
        query = request.query_params
        wanted = query.get("csv") or query.get("draw")
        # a download holds every row, a drawing as many as one can tell apart
        most = None if "csv" in query else DRAWN_ROWS
        page = Page(snapshot, scope, wanted=wanted, wanted_limit=most)
        build(page)
        if wanted is None:
            return self._written(request, page)
        found = next((s for s in page.sections if s.name == wanted), None)
        if found is None:
            raise NotThereError(
                f"this page has no section {wanted!r}", fix="open the page itself"
            )
        if "csv" in query:
            return _download(found, self.now(snapshot))
        return self._drawing(request, found, page)

    def written(
        self, request: Request, template: str, status: int = 200, **content: Any
    ) -> Response:
        """Answer with a template that needs no night."""
        return self._templates.TemplateResponse(
            request,
            template,
            {"now": None, "visitor": None, "oidc": self.oidc} | content,
            status_code=status,
        )

    def now(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return which night and plan every page speaks of.

        Returns
        -------
        dict
            ``as_of``, ``data_through``, ``company``, ``currency``, ``plan`` the tables
            show as in force, ``newer`` where another was published since, ``begun``:
            night last begun.
        """
        night = snapshot.ask("select * from meta.publication")[0]
        known = self.ledger.versions()
        number = night["plan_version"]
        shown = next((plan for plan in known if plan.version == number), None)
        newest = governing(known, night["as_of"])
        return night | {
            "plan": shown,
            "newer": None if newest == shown else newest,
            "begun": self._last_run()["as_of"],
        }

    def _written(self, request: Request, page: Page) -> Response:
        now, path = self.now(page.snapshot), request.url.path
        query = [
            (key, value)
            for key, value in request.query_params.multi_items()
            if key not in ("csv", "draw", "theme")
        ]

        def write(section: Section) -> str:
            def written() -> str:
                names = page.named(section)
                # marked as safe: the macro escapes what is in it
                return self._section(section, now, names, query, path)

            if section.key is None:
                return written()
            version = now["plan"].version if now["plan"] else None
            told = (section.title, section.caption, section.source, version)
            key = (path, *query, section.name, told, page.scope.key, section.key)
            return page.snapshot.kept.get(key, written)

        return self._templates.TemplateResponse(
            request,
            page.extra.get("template", "sections.html"),
            {
                "now": now,
                "visitor": page.scope.visitor,
                "page": page,
                "write": write,
                "query": query,
                **page.extra,
            },
        )

    def _drawing(self, request: Request, section: Section, page: Page) -> Response:
        asked = request.query_params.get("theme")
        theme = Theme.DARK if asked == Theme.DARK else Theme.LIGHT
        drawing = section.drawing
        if drawing is None:
            raise NotThereError(
                f"section {section.name!r} has no drawing", fix="see its table"
            )
        reps = page.scope.reps
        who = "everybody" if reps is None else ",".join(reps)
        key = f"{page.snapshot.key} {request.url.path} {section.name} {who} {theme} "
        key += str(sorted(request.query_params.multi_items()))
        rows = page.labelled(section)[:DRAWN_ROWS]
        svg = self._drawings.svg(
            key, lambda: spec_of(drawing.kind, rows, drawing.options, theme)
        )
        return Response(svg, media_type="image/svg+xml")

    def _last_run(self) -> dict[str, Any]:
        file = self.settings.reference / "run.parquet"
        changed = file.stat().st_mtime_ns if file.is_file() else 0
        if self._run[0] != changed:
            self._run = (changed, {"as_of": None} | last_run(self.settings))
        return self._run[1]


def refuse_other_origin(request: Request) -> None:
    """Refuse a form that a page of another site sends.

    Raises
    ------
    ForgedFormError
        If the browser says so in ``Origin`` or ``Sec-Fetch-Site``.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers["host"]:
        raise ForgedFormError
    if request.headers.get("sec-fetch-site", "same-origin") not in (
        "same-origin",
        "none",
    ):
        raise ForgedFormError


def local_path(path: str) -> str:
    r"""Return a path on this site, never another site's address.

    Examples
    --------
    >>> local_path("/plans/2"), local_path("//evil.example"), local_path("/\\evil")
    ('/plans/2', '/', '/')
    """
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path.isprintable() and "\\" not in path else "/"


def _download(section: Section, now: Mapping[str, Any]) -> Response:
    plan = now["plan"]
    version = section.plan_version or (plan.version if plan else None)
    stamp = f"{now['as_of']}" + (f"_v{version}" if version else "")
    return StreamingResponse(
        as_csv(section.rows, section.columns),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{section.name}_{stamp}.csv"'
        },
    )
