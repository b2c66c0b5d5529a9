"""The life of a plan version: which state may follow which, and who may ask.

::

    draft ──submit──► proposed ──approve──► approved ──publish──► published
      ▲                 │   │                  │                     │
      └─────recall──────┘   └─────reject───────┴──► rejected         ▼
                                                                 superseded
"""

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Final

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState


class Move(StrEnum):
    """What somebody asks of a version."""

    SUBMIT = "submit"
    RECALL = "recall"
    APPROVE = "approve"
    REJECT = "reject"
    PUBLISH = "publish"
    SUPERSEDE = "supersede"


MOVES: Final[dict[Move, dict[PlanState, PlanState]]] = {
    Move.SUBMIT: {PlanState.DRAFT: PlanState.PROPOSED},
    Move.RECALL: {PlanState.PROPOSED: PlanState.DRAFT},
    Move.APPROVE: {PlanState.PROPOSED: PlanState.APPROVED},
    Move.REJECT: {
        PlanState.DRAFT: PlanState.REJECTED,
        PlanState.PROPOSED: PlanState.REJECTED,
        PlanState.APPROVED: PlanState.REJECTED,
    },
    Move.PUBLISH: {PlanState.APPROVED: PlanState.PUBLISHED},
    Move.SUPERSEDE: {PlanState.PUBLISHED: PlanState.SUPERSEDED},
}
"""Each move: the states it may leave and the state it leads to."""

ALLOWED: Final = frozenset(
    (start, end) for ends in MOVES.values() for start, end in ends.items()
)
"""Every pair of states that may follow each other."""

_PARTICIPLE: Final = {
    Move.SUBMIT: "proposed",
    Move.RECALL: "recalled",
    Move.APPROVE: "approved",
    Move.REJECT: "rejected",
    Move.PUBLISH: "published",
    Move.SUPERSEDE: "superseded",
}

_NEXT_STEP: Final = {
    PlanState.DRAFT: "propose it first: aop plan propose {version}",
    PlanState.PROPOSED: "approve it first: aop plan approve {version} --as YOU",
    PlanState.APPROVED: "publish or reject it: aop plan publish {version}",
    PlanState.PUBLISHED: "change a published plan by proposing a new version",
    PlanState.SUPERSEDED: "propose a new version; this one is history",
    PlanState.REJECTED: "propose a new version; a rejected one stays rejected",
}


def after(
    move: Move,
    state: PlanState,
    *,
    version: int,
    decided_by: str | None = None,
    decided_at: datetime | None = None,
) -> PlanState:
    """Return the state a version reaches by a move.

    Parameters
    ----------
    move : Move
        What is asked.
    state : PlanState
        State the version is in now.
    version : int
        Number of the version, for the message.
    decided_by, decided_at : str, datetime, optional
        Who brought it into that state and when, for the message.

    Raises
    ------
    LedgerError
        If the table of moves does not hold the pair. The message says who
        decided before and when, so that the second of two approvers learns it.

    Examples
    --------
    >>> after(Move.APPROVE, PlanState.PROPOSED, version=4)
    <PlanState.APPROVED: 'approved'>
    """
    ends = MOVES[move]
    if state in ends:
        return ends[state]
    when = f" at {decided_at:%Y-%m-%d %H:%M:%S} UTC" if decided_at else ""
    who = f", {_BY[state]} {decided_by}{when}" if decided_by and state in _BY else ""
    starts = " or ".join(ends)
    article = "an" if starts[0] in "aeiou" else "a"
    raise LedgerError(
        f"plan version {version} is '{state}'{who}; only {article} {starts} version "
        f"can be {_PARTICIPLE[move]}",
        fix=_NEXT_STEP[state].format(version=version),
    )


_BY: Final = {
    PlanState.APPROVED: "approved by",
    PlanState.REJECTED: "rejected by",
    PlanState.PUBLISHED: "approved by",
    PlanState.SUPERSEDED: "approved by",
}


def named(actor: str) -> str:
    """Return who acts, without surrounding blanks.

    Raises
    ------
    LedgerError
        If nobody is named.
    """
    name = " ".join(actor.split())
    if not name:
        raise LedgerError(
            "nobody is named as the one who acts",
            fix="say who you are, e.g. --as name@example.com",
        )
    return name


def same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person, whatever their case and blanks.

    Examples
    --------
    >>> same_person("Ana@Example.com", " ana@example.COM ")
    True
    """
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
