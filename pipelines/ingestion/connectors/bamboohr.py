"""BambooHR through its API: a report of all employees once, then who has changed."""

import base64
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.api import Answered, Api, Wait
from pipelines.ingestion.connectors.table import Pull, Record, State, Table
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import Mapping as FileMapping
from pipelines.settings import credential

_TABLES: Final = {"jobs": "jobInfo", "pay": "compensation"}  # by a mapping's file names
_LONG_AGO: Final = "1970-01-01T00:00:00Z"


class BambooHR:
    """A BambooHR company.

    Parameters
    ----------
    source : Source
        ``url`` is its API, such as ``https://acme.bamboohr.com/api``; its name gives
        the credential ``AOP_<NAME>_API_KEY``.
    mapping : Mapping
        Which tables and fields are of use.
    wait : callable, default time.sleep
        Waits so many seconds before the next try.

    Notes
    -----
    An employee's row is asked for again once BambooHR says it changed; its tables of
    jobs and pay are then read whole, as a removed row shows in no other way.
    """

    def __init__(
        self, source: Source, mapping: FileMapping, *, wait: Wait = time.sleep
    ) -> None:
        if not source.url:
            raise HomeError(
                f"source {source.name} has no url",
                fix="give its API in sources.yaml: url: https://acme.bamboohr.com/api",
            )
        self._name = source.name
        self._mapping = mapping
        self._api = Api(source.name, source.url, self._key, wait=wait)

    def tables(self) -> list[Table]:
        """List what the mapping reads."""
        found = [Table("employees", "id")] if "employees" in self._mapping.files else []
        return found + [
            Table(table, "id", is_optional=True)
            for name, table in _TABLES.items()
            if name in self._mapping.files
        ]

    def records(self, table: Table, state: State, pull: Pull) -> Iterator[Record]:
        """Yield what changed since the last pull, or everything."""
        fields = self._fields()
        is_grown = bool(set(fields) - set(state.get("fields", fields)))
        if is_grown:
            pull.notes.append(f"{table.name}: fields were added; read whole")
        try:
            changed, latest = self._changed(table, state, pull)
            is_whole = changed is None or is_grown
            pull.is_full = is_whole
            if table.name == "employees":
                every = (
                    self._report(fields)
                    if is_whole or changed is None
                    else self._employees(changed, fields)
                )
            else:
                every = [] if changed == {} else self._api.get(self._path(table))
                pull.is_full = True
            yield from every
        except Answered as refused:
            if table.is_optional and refused.status == 404:
                pull.notes.append(f"{table.name}: this company does not have it")
                return
            raise self._refused(table, refused) from refused
        state["since"] = latest
        state["fields"] = fields

    def _changed(
        self, table: Table, state: State, pull: Pull
    ) -> tuple[dict[str, Any] | None, str]:
        """Return changes since the last pull (None: read all) and the new mark."""
        since = state.get("since", "")
        path = "v1/employees/changed"
        if table.name != "employees":
            path += f"/tables/{table.name}"
        try:
            told = self._api.get(path, {"since": since or _LONG_AGO})
        except Answered as refused:
            if not since or refused.status not in (400, 410):
                raise
            pull.notes.append(f"{table.name}: its mark has expired; read whole")
            told, since = self._api.get(path, {"since": _LONG_AGO}), ""
        changed = told.get("employees") or {}
        moments = [str(one.get("lastChanged") or "") for one in changed.values()]
        latest = max([since, str(told.get("latest") or ""), *moments])
        news = {
            key: one
            for key, one in changed.items()
            if not since or str(one.get("lastChanged") or latest) > since
        }
        is_gone = any(one.get("action") == "Deleted" for one in news.values())
        return (news if since and not is_gone else None), latest

    def _report(self, fields: list[str]) -> list[Record]:
        body = {"title": "plan", "fields": fields}
        told = self._api.post("v1/reports/custom?format=JSON&onlyCurrent=false", body)
        return list(told["employees"])

    def _employees(
        self, changed: Mapping[str, Any], fields: list[str]
    ) -> Iterator[Record]:
        asked = {"fields": ",".join(fields)}
        for one in sorted(changed):
            try:
                yield self._api.get(f"v1/employees/{one}", asked)
            except Answered as refused:
                if refused.status != 404:  # deleted meanwhile: the next pull says so
                    raise

    def _fields(self) -> list[str]:
        wanted = {"id"}
        for recipe in self._mapping.contracts.values():
            if recipe.file == "employees":
                for column in recipe.columns.values():
                    wanted |= set(column.headers)
        return sorted(wanted)

    def _path(self, table: Table) -> str:
        return f"v1/employees/all/tables/{table.name}"

    def _key(self) -> Mapping[str, str]:
        pair = f"{credential(self._name, 'API_KEY')}:x".encode()
        return {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Accept": "application/json",
        }

    def _refused(self, table: Table, refused: Answered) -> HomeError:
        return HomeError(
            f"{self._name} refused to give {table.name} ({refused.status}): "
            f"{refused.text[:300]}",
            fix=f"let the key in AOP_{self._name.upper()}_API_KEY read it",
        )
