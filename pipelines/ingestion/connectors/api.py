"""Speak to a company's API politely: wait when told to, try again, renew a token."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from dlt.sources.helpers import requests

from data_contracts.errors import HomeError

_ATTEMPTS = 6
_LONGEST_WAIT = 300.0  # seconds
_TIMEOUT = 60.0  # seconds
_SHOWN = 200

Wait = Callable[[float], None]


class Answered(Exception):  # noqa: N818 - an answer a connector may know how to take
    """The API refused a request; connectors expect some refusals.

    Attributes
    ----------
    status : int
        HTTP status, 400 or above.
    text : str
        The answer as it came.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class Api:
    """One system's API.

    Parameters
    ----------
    name : str
        The source's name, for people.
    base : str
        Address every path is below; no request leaves its host.
    authorize : callable
        Gives the headers that prove who asks; asked again once they have expired.
    wait : callable, default time.sleep
        Waits so many seconds before the next try.

    Notes
    -----
    429 and 5xx and broken connections are tried again, after ``Retry-After`` where the
    answer states it, else after 1, 2, 4 … seconds; the client and its waits are dlt's.
    """

    def __init__(
        self,
        name: str,
        base: str,
        authorize: Callable[[], Mapping[str, str]],
        *,
        wait: Wait = time.sleep,
    ) -> None:
        self._name = name
        self.base = base.rstrip("/") + "/"
        self._authorize = authorize
        self._headers: Mapping[str, str] | None = None
        self._session = _session(wait)

    def get(self, path: str, parameters: Any = None) -> Any:
        """Ask for a path and return its JSON.

        Raises
        ------
        Answered
            If the API refuses, with its status and text.
        HomeError
            If it cannot be reached, still fails after several tries, does not accept
            the credentials, or answers with something that is not JSON.
        """
        return self._send("GET", path, params=parameters)

    def post(self, path: str, body: Any) -> Any:
        """Send JSON to a path and return the answer's; raises as `get` does."""
        return self._send("POST", path, json=body)

    def _send(self, method: str, path: str, **given: Any) -> Any:
        url = urljoin(self.base, path)
        if urlsplit(url).netloc != urlsplit(self.base).netloc:
            raise HomeError(
                f"{self._name} answered with a page on another host: {url[:_SHOWN]}",
                fix="check url of the source in sources.yaml",
            )
        is_renewed = self._headers is None
        while True:
            if self._headers is None:
                self._headers = self._authorize()
            answer = sent(
                self._session, self._name, method, url, headers=self._headers, **given
            )
            if answer.status_code != 401 or is_renewed:
                break
            self._headers, is_renewed = None, True  # the token ran out: ask for another
        return taken(self._name, answer)


def taken(name: str, answer: requests.Response) -> Any:
    """Return an answer's JSON, or raise what it means.

    Raises
    ------
    Answered
        If the API refused the request.
    HomeError
        If it does not accept the credentials, fails, or does not answer with JSON.
    """
    status, text = answer.status_code, answer.text
    if status in (401, 403):
        raise HomeError(
            f"{name} does not accept the credentials ({status}): {text[:_SHOWN]}",
            fix=f"renew AOP_{name.upper().replace('-', '_')}_… in the environment, and "
            "give its user leave to read these tables",
        )
    if status == 429 or status >= 500:
        raise HomeError(
            f"{name} still answers {status} after {_ATTEMPTS} tries: {text[:_SHOWN]}",
            fix="nothing was lost; run the night again later: aop refresh",
        )
    if status >= 400:
        raise Answered(status, text)
    try:
        return answer.json()
    except ValueError as error:
        raise HomeError(
            f"{name} answered with something that is not JSON: {text[:_SHOWN]!r}",
            fix="check url of the source in sources.yaml",
        ) from error


def sent(
    session: requests.Session, name: str, method: str, url: str, **given: Any
) -> requests.Response:
    """Send one request with its tries; the answer may still be a refusal.

    Raises
    ------
    HomeError
        If the host cannot be reached.
    """
    try:
        return session.request(method, url, allow_redirects=False, **given)
    except requests.RequestException as error:
        raise HomeError(
            f"{name} cannot be reached at {urlsplit(url).netloc}: "
            f"{type(error).__name__}",
            fix="check url of the source in sources.yaml and the network",
        ) from error


def _session(wait: Wait) -> requests.Session:
    client = requests.Client(
        request_timeout=_TIMEOUT,
        raise_for_status=False,
        request_max_attempts=_ATTEMPTS,
        request_max_retry_delay=_LONGEST_WAIT,
    )
    session = client.session
    session.send.retry.sleep = wait  # type: ignore[attr-defined]  # tenacity adds it
    return session


def session(wait: Wait) -> requests.Session:
    """Open a session that tries again, for requests without an `Api`."""
    return _session(wait)
