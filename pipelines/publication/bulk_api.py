"""Talk to the CRM's Bulk API 2.0: load a file, ask for results, export a query.

Waiting is somebody else's: `wait` is called between questions and before a retry.
"""

import contextlib
import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from data_contracts.errors import BusyError, HomeError

API: Final = "/services/data/v62.0/jobs"
OVER: Final = {"JobComplete", "Failed", "Aborted"}
BEGUN: Final = OVER | {"UploadComplete", "InProgress"}
BUSY: Final = {408, 429, 500, 502, 503, 504}
SECONDS: Final = 60
MOST_POLLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Results:
    """What became of one load: the CRM's own two files, as CSV text."""

    state: str
    loaded: str
    failed: str


class BulkApi:
    """One CRM organisation.

    Parameters
    ----------
    url : str
        Its address, ``https://…``; plain http only on this machine.
    token : str
        Access token of the integration user.
    wait : callable
        Lets time pass; called with the number of times asked so far.
    tries : int, default 4
        How often a request is made before a busy or unreachable CRM is an error.

    Raises
    ------
    HomeError
        If the address is not one to send a token to, or there is no token.
    """

    def __init__(
        self, url: str, token: str, *, wait: Callable[[int], None], tries: int = 4
    ) -> None:
        parts = urlsplit(url)
        is_here = parts.hostname in ("localhost", "127.0.0.1")
        if not parts.hostname or parts.scheme not in ("https", "http"):
            raise HomeError(
                f"{url!r} is no address of a CRM",
                fix="give https://YOUR-ORGANISATION.my.salesforce.com",
            )
        if parts.scheme == "http" and not is_here:
            raise HomeError(
                f"{url!r} would carry the token in the open", fix="use https://"
            )
        if not token:
            raise HomeError(
                "there is no token for the CRM",
                fix="set AOP_CRM_TOKEN to an access token of the integration user",
            )
        self._parts, self._token = parts, token
        self._wait, self._tries = wait, tries

    def open_job(self, crm_object: str, operation: str) -> str:
        """Open a load and return its id; nothing is loaded yet."""
        told = {
            "object": crm_object,
            "operation": operation,
            "contentType": "CSV",
            "lineEnding": "LF",
        }
        return str(self._json("POST", f"{API}/ingest", told)["id"])

    def upload(self, job: str, csv: str) -> None:
        """Give a load its records and let it begin.

        A step whose answer was lost is refused the second time; where the load has
        begun nevertheless, all is well.
        """
        path = f"{API}/ingest/{job}"
        with contextlib.suppress(HomeError):
            self._ask("PUT", f"{path}/batches", csv.encode(), "text/csv")
        try:
            self._json("PATCH", path, {"state": "UploadComplete"})
        except HomeError:
            if self.state(job) not in BEGUN:
                raise

    def state(self, job: str) -> str:
        """Return where a load stands, once, without waiting."""
        return str(self._json("GET", f"{API}/ingest/{job}")["state"])

    def results(self, job: str) -> Results:
        """Wait for a load to end and return what became of its records."""
        path = f"{API}/ingest/{job}"
        state = self._finished(path)
        loaded = self._ask("GET", f"{path}/successfulResults").decode()
        return Results(
            state, loaded, self._ask("GET", f"{path}/failedResults").decode()
        )

    def export(self, query: str) -> str:
        """Return the records of a query as CSV."""
        told = {"operation": "query", "query": query}
        path = f"{API}/query/{self._json('POST', f'{API}/query', told)['id']}"
        state = self._finished(path)
        if state != "JobComplete":
            raise HomeError(
                f"the CRM could not answer {query!r}: {state}",
                fix="check the integration user's rights to these objects",
            )
        return self._ask("GET", f"{path}/results").decode()

    def _finished(self, path: str) -> str:
        for asked in range(MOST_POLLS):
            state = str(self._json("GET", path)["state"])
            if state in OVER:
                return state
            self._wait(asked)
        raise BusyError(
            f"the CRM has not finished {path}", fix="run the same command again later"
        )

    def _json(self, verb: str, path: str, told: object = None) -> Any:
        body = None if told is None else json.dumps(told).encode()
        return json.loads(self._ask(verb, path, body, "application/json"))

    def _ask(
        self, verb: str, path: str, body: bytes | None = None, kind: str = "text/csv"
    ) -> bytes:
        """Make a request, again while the CRM is busy or out of reach."""
        told = ""
        for tried in range(self._tries):
            try:
                status, answer = self._once(verb, path, body, kind)
            except (OSError, http.client.HTTPException) as error:
                told = str(error) or type(error).__name__
            else:
                if status < 400:
                    return answer
                told = f"{status} {answer.decode(errors='replace')[:300]}"
                if status not in BUSY:
                    raise HomeError(
                        f"the CRM refused {verb} {path}: {told}",
                        fix="check the token, the API version and the user's rights",
                    )
            # a job may have been opened although the answer was lost: ask anew
            self._wait(tried)
        raise BusyError(
            f"the CRM at {self._parts.hostname} did not answer {verb} {path}: {told}",
            fix="run the same command again; what arrived is not sent twice",
        )

    def _once(
        self, verb: str, path: str, body: bytes | None, kind: str
    ) -> tuple[int, bytes]:
        is_tls = self._parts.scheme == "https"
        way = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        host = str(self._parts.hostname)
        connection = way(host, self._parts.port, timeout=SECONDS)
        try:
            headers = {
                "Authorization": f"Bearer {self._token}",
                "Content-Type": kind,
            }
            connection.request(verb, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
