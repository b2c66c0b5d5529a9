"""Headers of every answer, and the size of what may be sent to us."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 64 * 1024
"""A form: a note of some pages and a few fields."""

PAGE_POLICY: Final = (
    # nothing from elsewhere, nothing inline: a page can only show what we sent
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
DRAWING_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
)


class Headers:
    """Add the headers that keep a browser from doing more than show the page.

    Parameters
    ----------
    app : ASGIApp
    is_https : bool
        Tell browsers to come back by HTTPS only.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message))
            await send(message)

        if _is_too_long(scope):
            await sending(
                {
                    "type": "http.response.start",
                    "status": 413,
                    "headers": [(b"content-type", b"text/plain; charset=utf-8")],
                }
            )
            await send(
                {
                    "type": "http.response.body",
                    "body": b"what you sent is too long, or does not say how long",
                }
            )
            return
        await self._app(scope, receive, sending)

    def _add(self, headers: MutableHeaders) -> None:
        is_drawing = headers.get("content-type", "").startswith("image/svg")
        headers["Content-Security-Policy"] = (
            DRAWING_POLICY if is_drawing else PAGE_POLICY
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"
        if self._is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"


def _is_too_long(scope: Scope) -> bool:
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return False
    sizes = [value for name, value in scope["headers"] if name == b"content-length"]
    return not sizes or not sizes[0].isdigit() or int(sizes[0]) > MOST_BYTES
