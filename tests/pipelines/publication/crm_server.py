"""A server on this machine that behaves like the CRM's Bulk API 2.0, with faults."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "let-me-in"
EXPORTED = {
    "Account": ("Id", "OwnerId"),
    "Territory2": ("Id", "DeveloperName", "Name"),
    "UserTerritory2Association": ("Id", "UserId", "Territory2Id"),
    "ObjectTerritory2Association": ("Id", "ObjectId", "Territory2Id"),
    "ForecastingQuota": ("Id", "QuotaOwnerId", "StartDate", "QuotaAmount"),
}


@dataclass
class Crm:
    """Its records, its jobs, and what shall go wrong."""

    records: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)  # value of a field: error
    busy: int = 0  # answers of 503 before it works again
    hang_up_on: list[str] = field(default_factory=list)  # does it, answers nothing
    polls: int = 2  # questions until a job is done
    url: str = ""

    def load(self, job: dict[str, Any]) -> None:
        """Do what a job asks, record by record."""
        kept = self.records.setdefault(job["object"], {})
        loaded, failed = [], []
        for row in csv.DictReader(io.StringIO(job.get("csv", ""))):
            told = next((self.refuse[v] for v in row.values() if v in self.refuse), "")
            if told:
                failed.append({"sf__Id": "", "sf__Error": told, **row})
                continue
            number = row.get("Id") or f"{job['object'][:3]}{len(kept):04d}"
            if job["operation"] == "delete":
                kept.pop(number, None)
            else:
                kept[number] = {**kept.get(number, {}), **row, "Id": number}
            created = str(job["operation"] == "insert").lower()
            loaded.append({"sf__Id": number, "sf__Created": created, **row})
        job["loaded"], job["failed"] = loaded, failed

    def answer(self, verb: str, path: str, body: bytes) -> tuple[int, str]:
        parts = path.split("/jobs/")[1].split("/")
        kind, number = parts[0], parts[1] if len(parts) > 1 else ""
        if verb == "POST":
            told = json.loads(body)
            number = f"job{len(self.jobs)}"
            state = "Open" if kind == "ingest" else "UploadComplete"
            self.jobs[number] = {**told, "id": number, "state": state, "asked": 0}
            return 200, json.dumps({"id": number, "state": state})
        job = self.jobs[number]
        if verb == "PUT":
            if "csv" in job:
                return 400, "only one upload"
            job["csv"] = body.decode()
            return 201, ""
        if verb == "PATCH":
            if job["state"] != "Open":
                return 400, "InvalidJobState"
            job["state"] = "UploadComplete"
            return 200, json.dumps({"state": job["state"]})
        if len(parts) == 3:
            return 200, self._results(job, parts[2])
        job["asked"] += job["state"] == "UploadComplete"
        if job["state"] == "UploadComplete" and job["asked"] >= self.polls:
            if kind == "ingest":
                self.load(job)
            job["state"] = "JobComplete"
        return 200, json.dumps({"state": job["state"]})

    def _results(self, job: dict[str, Any], which: str) -> str:
        text = io.StringIO()
        if which == "results":
            crm_object = job["query"].split(" FROM ")[1].split()[0]
            names = EXPORTED[crm_object]
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(names)
            for record in self.records.get(crm_object, {}).values():
                writer.writerow([record.get(name, "") for name in names])
            return text.getvalue()
        rows = job["loaded" if which == "successfulResults" else "failed"]
        if rows:
            table = csv.DictWriter(text, rows[0], lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
        return text.getvalue()


@contextmanager
def serving(crm: Crm) -> Iterator[Crm]:
    """Answer on a port the system chooses, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            crm.requests.append(f"{self.command} {self.path.split('/jobs/')[1]}")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._tell(401, "INVALID_SESSION_ID")
                return
            if crm.busy:
                crm.busy -= 1
                self._tell(503, "busy")
                return
            status, text = crm.answer(self.command, self.path, body)
            if self.command in crm.hang_up_on:
                crm.hang_up_on.remove(self.command)
                self.close_connection = True
                return
            self._tell(status, text)

        do_GET = do_POST = do_PUT = do_PATCH = handle_one  # noqa: N815 - their names

        def _tell(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        crm.url = f"http://127.0.0.1:{server.server_port}"
        yield crm
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
