"""A local server that answers as an API would, on a free port, without any wait."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.ingestion.connectors.table import Pull, System
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)


@dataclass
class Request:
    """What was asked for."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: str

    def one(self, name: str) -> str:
        return self.query.get(name, [""])[0]


Answer = tuple[int, dict[str, str], Any]


@dataclass
class Fault:
    """An answer given instead of the right one, so often, where a path holds a word."""

    word: str
    answer: Answer
    times: int = 1


@dataclass
class Server:
    """Answers with `respond`, but with its faults first; remembers what was asked."""

    respond: Callable[[Request], Answer]
    url: str = ""
    asked: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fail(
        self, word: str, status: int, body: Any = "", *, times: int = 1, **headers
    ):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append(Fault(word, (status, named, body), times))

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        for fault in self.faults:
            if fault.times and fault.word in request.path:
                fault.times -= 1
                return fault.answer
        return self.respond(request)

    def paths(self, word: str = "") -> list[str]:
        return [one.path for one in self.asked if word in one.path]


@contextmanager
def serving(respond: Callable[[Request], Answer]) -> Iterator[Server]:
    server = Server(respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            request = Request(
                self.command,
                parts.path,
                parse_qs(parts.query),
                dict(self.headers.items()),
                self.rfile.read(length).decode(),
            )
            status, headers, body = server.answer(request)
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815 - the names the server looks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing on standard error."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path / "home")
    settings.home.mkdir()
    return settings


class Reading:
    """Reads a system table by table, remembering how far it came, as dlt would."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._states: dict[str, dict[str, Any]] = {}

    def __call__(self, name: str) -> tuple[list[dict[str, Any]], Pull]:
        table = next(one for one in self._system.tables() if one.name == name)
        state = dict(self._states.get(name, {}))
        told = Pull(is_full=False, notes=[])
        rows = list(self._system.records(table, state, told))
        self._states[name] = state  # kept only if every record came
        return rows, told
