"""Carry a version into the CRM and read back whether it arrived."""

import time

from pipelines.publication.bulk_api import BulkApi
from pipelines.publication.outbox import Outbox, write_outbox
from pipelines.publication.push import Direction, Pushed, export_live, push
from pipelines.settings import Settings

LONGEST_WAIT_SECONDS = 20


def sent_to_crm(
    settings: Settings, version: int, url: str, *, is_reverse: bool = False
) -> Pushed:
    """Send the written outbox of a version, or the files that undo it.

    Raises
    ------
    HomeError
        If the address or the token cannot be used.
    BusyError
        If the CRM cannot be reached; run it again, nothing is sent twice.
    """
    direction: Direction = "reverse" if is_reverse else "crm"
    return push(settings, version, _api(settings, url), direction=direction)


def held_by_crm(settings: Settings, version: int, url: str = "") -> Outbox:
    """Compare what the CRM holds with a version; an empty outbox is a good answer.

    Parameters
    ----------
    url : str
        The CRM to export from first; empty to take ``outbox/live`` as it is.
    """
    if url:
        export_live(settings, _api(settings, url))
    return write_outbox(settings, version, dry_run=True)


def _api(settings: Settings, url: str) -> BulkApi:
    return BulkApi(url, settings.crm_token, wait=_wait)


def _wait(asked: int) -> None:
    time.sleep(min(2**asked, LONGEST_WAIT_SECONDS))
