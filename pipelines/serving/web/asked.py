"""What people ask for lately, so that it can be ready before a new night is shown."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fastapi import Request

from pipelines.serving.web.roles import Visitor
from pipelines.serving.web.sections import Page

KEPT_QUESTIONS: Final = 300
"""Addresses remembered, each once for everybody who sees the same of it."""

MOST_SECONDS: Final = 60.0
"""How long a new night may be made ready before it is shown as it is."""


@dataclass(frozen=True, slots=True)
class Question:
    """One page, or a drawing of it, that somebody opened."""

    path: str
    query: str
    visitor: Visitor  # for whose rows; without the token of their session
    build: Callable[[Page], None]
    on: date | None

    def again(self) -> Request:
        """Return the request without what says who sent it."""
        return Request(
            {
                "type": "http",
                "method": "GET",
                "path": self.path,
                "query_string": self.query.encode(),
                "headers": [(b"host", b"127.0.0.1")],
            }
        )


class Asked:
    """Remember the questions of late, the latest last; safe from many threads."""

    def __init__(self, most: int = KEPT_QUESTIONS) -> None:
        self._most = most
        self._questions: OrderedDict[object, Question] = OrderedDict()
        self._lock = threading.Lock()

    def add(
        self,
        request: Request,
        visitor: Visitor,
        build: Callable[[Page], None],
        on: date | None,
    ) -> None:
        """Remember a question; a download is none, it is too large to be kept."""
        if "csv" in request.query_params:
            return
        path, query = request.url.path, request.url.query
        key = (path, query, visitor.role, visitor.rep_id)
        with self._lock:
            self._questions[key] = Question(
                path, query, replace(visitor, token=""), build, on
            )
            self._questions.move_to_end(key)
            while len(self._questions) > self._most:
                self._questions.popitem(last=False)

    def latest(self, seconds: float = MOST_SECONDS) -> Iterator[Question]:
        """Give the questions, the latest first, until the time is over."""
        with self._lock:
            questions = list(reversed(self._questions.values()))
        end = time.monotonic() + seconds
        for question in questions:
            began = time.monotonic()
            if began > end:
                return
            yield question
            # half of the time is for who waits for the night that is still shown
            time.sleep(min(time.monotonic() - began, 1.0))
