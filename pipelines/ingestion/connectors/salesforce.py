"""Salesforce through its REST API: SOQL by time of change, deleted rows included.

Only fields that the mapping reads are asked for.
"""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.api import Answered, Api, Wait, sent, session, taken
from pipelines.ingestion.connectors.table import Pull, Record, State, Table
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import Mapping as FileMapping
from pipelines.settings import credential

VERSION: Final = "v62.0"
_OVERLAP: Final = timedelta(minutes=5)  # a long transaction shows up with an older time
_RESTARTS: Final = 3
_CURSORS: Final = {  # what is never deleted, or says so itself; the rest is read whole
    "User": "SystemModstamp",
    "Account": "SystemModstamp",
    "Opportunity": "SystemModstamp",
    "OpportunityHistory": "SystemModstamp",
    "OpportunityFieldHistory": "CreatedDate",
}
_REQUIRED: Final = {"User", "Account", "Opportunity"}
_OBJECT: Final = re.compile(r"^\*\*/(\w+)\[!")
_WORD: Final = re.compile(r"\w+")


class Salesforce:
    """A Salesforce org, read as the connected app's user.

    Parameters
    ----------
    source : Source
        ``url`` is My Domain, such as ``https://acme.my.salesforce.com``; its name gives
        the credentials ``AOP_<NAME>_CLIENT_ID`` and ``AOP_<NAME>_CLIENT_SECRET`` of a
        connected app with the client credentials flow.
    mapping : Mapping
        Which objects and fields are of use.
    wait : callable, default time.sleep
        Waits so many seconds before the next try.
    """

    def __init__(
        self, source: Source, mapping: FileMapping, *, wait: Wait = time.sleep
    ) -> None:
        if not source.url:
            raise HomeError(
                f"source {source.name} has no url",
                fix="give its My Domain in sources.yaml: "
                "url: https://acme.my.salesforce.com",
            )
        self._source = source
        self._mapping = mapping
        self._session = session(wait)
        self._api = Api(source.name, source.url, self._token, wait=wait)

    def tables(self) -> list[Table]:
        """List the objects the mapping reads."""
        found = (_OBJECT.match(one) for one in self._mapping.files.values())
        names = [one.group(1) for one in found if one]
        return [Table(one, "Id", one not in _REQUIRED) for one in names]

    def records(self, table: Table, state: State, pull: Pull) -> Iterator[Record]:
        """Yield an object's rows changed since the last pull, or all of them."""
        described = self._describe(table, pull)
        if described is None:
            return
        fields, is_new = self._fields(table, described, state, pull)
        cursor = _CURSORS.get(table.name)
        since = None if is_new or cursor is None else state.get("cursor")
        pull.is_full = since is None
        last = since
        seen = ""
        for attempt in range(_RESTARTS + 1):
            try:
                for row in self._rows(table, fields, cursor, last):
                    if cursor is not None:
                        seen = max(seen, row[cursor])
                    yield row
                break
            except Answered as refused:
                is_expired = "INVALID_QUERY_LOCATOR" in refused.text
                if not is_expired or attempt == _RESTARTS:
                    raise _refused(self._source.name, table, refused) from refused
                pull.notes.append(f"{table.name}: a page had expired; read on from it")
                last = _earlier(seen) if seen else since
        if seen:
            state["cursor"] = _earlier(seen)
        state["fields"] = sorted(described)

    def _rows(
        self, table: Table, fields: list[str], cursor: str | None, since: str | None
    ) -> Iterator[Record]:
        where = f" WHERE {cursor} >= {since}" if since else ""
        order = f" ORDER BY {cursor}, Id" if cursor else ""
        soql = f"SELECT {', '.join(fields)} FROM {table.name}{where}{order}"  # noqa: S608 - names are Salesforce's own
        verb = "queryAll" if cursor else "query"
        page = self._api.get(f"/services/data/{VERSION}/{verb}", {"q": soql})
        while True:
            for row in page["records"]:
                yield _plain(row)
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            page = self._api.get(page["nextRecordsUrl"])

    def _describe(self, table: Table, pull: Pull) -> dict[str, str] | None:
        """Return an object's fields and relationships; None where the org has none."""
        path = f"/services/data/{VERSION}/sobjects/{table.name}/describe"
        try:
            told = self._api.get(path)
        except Answered as refused:
            if table.is_optional and refused.status in (400, 404):
                pull.notes.append(f"{table.name}: this org does not have it")
                return None
            raise _refused(self._source.name, table, refused) from refused
        return {
            one["name"]: str(one.get("relationshipName") or "")
            for one in told["fields"]
        }

    def _fields(
        self, table: Table, described: Mapping[str, str], state: State, pull: Pull
    ) -> tuple[list[str], bool]:
        """Choose the fields to ask for; say whether all rows must be read for them."""
        wanted = self._wanted(table)
        links = {one for one in described.values() if one}
        found = sorted(
            one
            for one in wanted | {"Id", "IsDeleted", _CURSORS.get(table.name, "Id")}
            if one in described or ("." in one and one.split(".")[0] in links)
        )
        grown = sorted(set(described) - set(state.get("fields", described)))
        if grown:
            pull.notes.append(f"{table.name}: new field {', '.join(grown)}")
        return found, any(one in wanted for one in grown)

    def _wanted(self, table: Table) -> set[str]:
        files = {
            name
            for name, pattern in self._mapping.files.items()
            if (one := _OBJECT.match(pattern)) and one.group(1) == table.name
        }
        wanted: set[str] = set()
        for recipe in self._mapping.contracts.values():
            if recipe.sql is not None:  # any word of it may be a field
                wanted |= set(_WORD.findall(recipe.sql))
            elif recipe.file in files:
                for column in recipe.columns.values():
                    wanted |= set(column.headers)
                    wanted |= set(_WORD.findall(column.sql or ""))
        return wanted

    def _token(self) -> Mapping[str, str]:
        name = self._source.name
        answer = sent(
            self._session,
            name,
            "POST",
            self._api.base + "services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": credential(name, "CLIENT_ID"),
                "client_secret": credential(name, "CLIENT_SECRET"),
            },
        )
        try:
            token = taken(name, answer)["access_token"]
        except Answered as refused:
            raise HomeError(
                f"{name} gave no token ({refused.status}): {refused.text[:200]}",
                fix=f"check AOP_{name.upper()}_CLIENT_ID and _CLIENT_SECRET, and that "
                "the connected app allows the client credentials flow",
            ) from refused
        return {"Authorization": f"Bearer {token}"}


def _plain(row: dict[str, Any]) -> Record:
    """Return a row without what Salesforce says about the row."""
    return {
        name: _plain(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if name != "attributes"
    }


def _earlier(moment: str) -> str:
    """Return a moment of Salesforce a little earlier, as SOQL writes it."""
    known = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%f%z")
    return (known - _OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refused(name: str, table: Table, refused: Answered) -> HomeError:
    return HomeError(
        f"{name} refused to give {table.name} ({refused.status}): {refused.text[:300]}",
        fix="give the connected app's user leave to read it, or take it out of the "
        "mapping's files",
    )
