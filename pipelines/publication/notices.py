"""What people are told, once each: breaches, proposals, decisions, failed nights."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from data_contracts.errors import HomeError
from data_contracts.plan import PlanState
from pipelines.files import write_text
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.logs import logger
from pipelines.publication import drift_signal
from pipelines.settings import Settings

QUIET: Final = timedelta(minutes=15)  # between two messages; what comes in it is joined
LINES_IN_A_MESSAGE: Final = 20
_KEPT: Final = 5_000  # keys remembered; older ones are of versions long decided
_log = logger(__name__)


class NoticeKind(StrEnum):
    """Why somebody is told something."""

    FAILED_NIGHT = "failed night"
    BREACH = "breach"
    WATCH = "watch"
    PROPOSAL = "proposal waiting"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Notice:
    """One line people should see; `key` is told once, ever."""

    key: str
    kind: NoticeKind
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the notices that were due.

    Parameters
    ----------
    sent, held : int
        Notices sent now; notices kept for the next message.
    reason : str
        Why any are held; empty where none is.
    """

    sent: int
    held: int
    reason: str = ""


def due(settings: Settings) -> list[Notice]:
    """Return what the last night and the ledger have to say, told or not.

    Returns
    -------
    list of Notice
        Open breaches that ask for a re-plan, leading measures that left their usual
        and are only watched, versions that wait for an approver, and versions approved,
        rejected or published; by kind, then key.
    """
    signal = drift_signal.read(settings)
    breaches = [
        Notice(
            f"breach {each.key}",
            NoticeKind.BREACH if each.asks_for else NoticeKind.WATCH,
            f"{each.scope}: {each.cause}" + (f"; {each.why}" if each.why else ""),
        )
        for each in (signal.open if signal else ())
        if each.asks_for or each.tier == "watch"
    ]
    versions = [
        notice
        for version in LedgerReader(settings.ledger_url).versions()
        for notice in _of_version(version)
    ]
    return sorted(breaches + versions, key=lambda each: (each.kind, each.key))


def failed_night(run: str, why: str) -> Notice:
    """Return the notice of a run that failed; the last good plan still serves."""
    text = f"{why}; the last good plan and its marts still serve. See: aop status"
    return Notice(f"failed {run}", NoticeKind.FAILED_NIGHT, text)


def tell(settings: Settings, notices: Iterable[Notice], now: datetime) -> Told:
    """Send what was never told, as one message, to every receiver of the home.

    Parameters
    ----------
    notices : iterable of Notice
    now : datetime
        The moment, UTC. Within fifteen minutes of the last message nothing is sent
        but failed nights; what is held goes with the next one.

    Returns
    -------
    Told
        A receiver that cannot be reached holds the message for the next time; it never
        fails the night.
    """
    told, last = _remembered(settings)
    fresh = [each for each in notices if each.key not in told]
    if not fresh:
        return Told(0, 0)
    if not settings.notify_urls:
        return Told(0, len(fresh), "no receiver is set: AOP_NOTIFY_URLS")
    if last is not None and now - last < QUIET:
        urgent = [each for each in fresh if each.kind is NoticeKind.FAILED_NIGHT]
    else:
        urgent = fresh
    if not urgent:
        return Told(0, len(fresh), f"the last message was sent at {last:%H:%M} UTC")
    if not _sent(settings, urgent):
        return Told(0, len(fresh), "a receiver did not take the message")
    keys = list(told) + [each.key for each in urgent]
    record = {"last_sent_at": now.isoformat(), "told": keys[-_KEPT:]}
    write_text(json.dumps(record, indent=1) + "\n", settings.notices)
    return Told(len(urgent), len(fresh) - len(urgent))


def message(notices: list[Notice]) -> tuple[str, str]:
    """Return the title and the text of one message, grouped by kind."""
    kinds = [kind for kind in NoticeKind if any(n.kind is kind for n in notices)]
    counts = [(sum(n.kind is kind for n in notices), kind) for kind in kinds]
    title = "continuous-aop: " + ", ".join(f"{count} {kind}" for count, kind in counts)
    lines = []
    for kind in kinds:
        lines.append(f"{kind}:")
        lines += [f"- {each.text}" for each in notices if each.kind is kind]
    if len(lines) > LINES_IN_A_MESSAGE:
        left = len(lines) - LINES_IN_A_MESSAGE
        lines = [*lines[:LINES_IN_A_MESSAGE], f"and {left} more: aop status"]
    return title, "\n".join(lines)


def _of_version(version: PlanVersion) -> list[Notice]:
    name = f"version {version.version} ({version.title})"
    if version.state is PlanState.PROPOSED:
        text = f"{name} waits for an approver: aop plan show {version.version}"
        return [Notice(f"proposed {version.version}", NoticeKind.PROPOSAL, text)]
    if version.state in (PlanState.APPROVED, PlanState.REJECTED, PlanState.PUBLISHED):
        text = f"{name} was {version.state} by {version.decided_by}"
        return [Notice(f"{version.state} {version.version}", NoticeKind.DECISION, text)]
    return []


def _sent(settings: Settings, notices: list[Notice]) -> bool:
    # here and not above: its eighty services cost half a second to import
    import apprise

    receivers = apprise.Apprise()
    for number, url in enumerate(settings.notify_urls, 1):
        if not receivers.add(url):
            raise HomeError(  # the URL may hold a password, so it is not repeated
                f"receiver {number} of AOP_NOTIFY_URLS is not understood",
                fix="write it as the notification service asks, e.g. "
                "slack://tokenA/tokenB/tokenC or mailto://user:pass@host",
            )
    title, body = message(notices)
    is_sent = bool(receivers.notify(body=body, title=title))
    if not is_sent:
        _log.warning("a receiver of AOP_NOTIFY_URLS did not take the message")
    return is_sent


def _remembered(settings: Settings) -> tuple[tuple[str, ...], datetime | None]:
    try:
        found = json.loads(settings.notices.read_text(encoding="utf-8"))
        return tuple(found["told"]), datetime.fromisoformat(found["last_sent_at"])
    except FileNotFoundError:
        return (), None
    except (ValueError, KeyError, TypeError) as error:
        raise HomeError(
            f"{settings.notices} is not a record of notices: {error}",
            fix="delete it; what is still waiting is then told once more",
        ) from error
