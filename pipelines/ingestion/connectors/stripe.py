"""Stripe through its API: whole lists once, then what its events say has changed."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.api import Answered, Api, Wait
from pipelines.ingestion.connectors.table import Pull, Record, State, Table
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import Mapping as FileMapping
from pipelines.settings import credential

_URL: Final = "https://api.stripe.com"
_PAGE: Final = 100  # the most Stripe gives at once
_EVENTS: Final = {
    "customers": ("customer.created", "customer.updated", "customer.deleted"),
    "subscriptions": tuple(
        f"customer.subscription.{one}"
        for one in (
            "created",
            "updated",
            "deleted",
            "paused",
            "resumed",
            "pending_update_applied",
            "pending_update_expired",
        )
    ),
    "invoices": tuple(
        f"invoice.{one}"
        for one in (
            "created",
            "updated",
            "deleted",
            "finalized",
            "paid",
            "voided",
            "marked_uncollectible",
            "payment_failed",
        )
    ),
    "credit_notes": tuple(
        f"credit_note.{one}" for one in ("created", "updated", "voided")
    ),
}
_ALL: Final = {"subscriptions": {"status": "all"}}  # the canceled ones too
_INNER: Final = {  # lists inside an object; long ones come in pages of their own
    "invoices": ("lines", "v1/invoices/{id}/lines", ""),
    "subscriptions": ("items", "v1/subscription_items", "subscription"),
    "credit_notes": ("lines", "v1/credit_notes/{id}/lines", ""),
}


class Stripe:
    """A Stripe account.

    Parameters
    ----------
    source : Source
        Its name gives the credential ``AOP_<NAME>_API_KEY``, a restricted key that may
        read customers, subscriptions, invoices, credit notes and events.
    mapping : Mapping
        Which lists are of use, by the names of its files.
    wait : callable, default time.sleep
        Waits so many seconds before the next try.

    Notes
    -----
    Stripe keeps events for 30 days. Where the last one seen has gone, the whole list is
    read again, which also shows what was deleted in between.
    """

    def __init__(
        self, source: Source, mapping: FileMapping, *, wait: Wait = time.sleep
    ) -> None:
        self._name = source.name
        self._mapping = mapping
        self._api = Api(source.name, source.url or _URL, self._key, wait=wait)

    def tables(self) -> list[Table]:
        """List what the mapping reads."""
        return [Table(one, "id") for one in _EVENTS if one in self._mapping.files]

    def records(self, table: Table, state: State, pull: Pull) -> Iterator[Record]:
        """Yield the objects changed since the last event seen, or all of them."""
        try:
            changed = self._changed(table, state)
        except Answered as refused:
            if "resource_missing" not in refused.text:
                raise self._refused(table, refused) from refused
            pull.notes.append(f"{table.name}: its events are gone; read whole")
            changed = None
        pull.is_full = changed is None
        try:
            if changed is None:
                # the mark comes first: what changes while the list is read comes again
                state["event"] = self._newest_event(table)
                every = self._pages(f"v1/{table.name}", _ALL.get(table.name, {}))
            else:
                every = self._current(table, changed)
            for one in every:
                yield self._whole(table, one)
        except Answered as refused:
            raise self._refused(table, refused) from refused

    def _changed(self, table: Table, state: State) -> list[str] | None:
        """Return ids changed since the last event seen; None to read the whole list."""
        last = state.get("event")
        if not last:
            return None
        changed: dict[str, None] = {}
        while True:
            page = self._api.get(
                "v1/events",
                {"limit": _PAGE, "ending_before": last, "types[]": _EVENTS[table.name]},
            )
            # newest first on each page, but the pages go forward in time
            for event in reversed(page["data"]):
                if event["type"].endswith(".deleted") and table.name == "customers":
                    return None  # only the whole list shows that one is gone
                if event["type"] != "invoice.deleted":  # a draft was, and no more
                    changed[event["data"]["object"]["id"]] = None
                last = event["id"]
            if not page["has_more"]:
                state["event"] = last
                return list(changed)

    def _current(self, table: Table, changed: list[str]) -> Iterator[Record]:
        """Yield objects as they are now; a draft that is gone meanwhile was nothing."""
        for one in changed:
            try:
                yield self._api.get(f"v1/{table.name}/{one}")
            except Answered as refused:
                if refused.status != 404:
                    raise

    def _newest_event(self, table: Table) -> str:
        page = self._api.get("v1/events", {"limit": 1, "types[]": _EVENTS[table.name]})
        return str(page["data"][0]["id"]) if page["data"] else ""

    def _pages(self, path: str, parameters: Mapping[str, Any]) -> Iterator[Record]:
        after: dict[str, str] = {}
        while True:
            page = self._api.get(path, {"limit": _PAGE, **parameters, **after})
            yield from page["data"]
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}

    def _whole(self, table: Table, record: Record) -> Record:
        """Fill in an inner list that came cut short."""
        if table.name not in _INNER:
            return record
        name, path, parameter = _INNER[table.name]
        inner = record.get(name)
        if not isinstance(inner, dict) or not inner.get("has_more"):
            return record
        asked = {parameter: record["id"]} if parameter else {}
        every = list(self._pages(path.format(id=record["id"]), asked))
        return {**record, name: {**inner, "data": every, "has_more": False}}

    def _key(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {credential(self._name, 'API_KEY')}"}

    def _refused(self, table: Table, refused: Answered) -> HomeError:
        return HomeError(
            f"{self._name} refused to give {table.name} ({refused.status}): "
            f"{refused.text[:300]}",
            fix=f"let the key in AOP_{self._name.upper()}_API_KEY read it",
        )
