"""What each role may see and do on the pages; not who has which role."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is to the plan, from seeing least to deciding most."""

    VIEWER = "viewer"
    REP = "rep"
    MANAGER = "manager"
    PLANNER = "planner"
    APPROVER = "approver"
    ADMIN = "admin"


class Deed(StrEnum):
    """What somebody may do to a plan version."""

    APPROVE = "approve"
    REJECT = "reject"
    SEND_BACK = "send_back"
    COMMENT = "comment"
    SUBMIT = "submit"
    RECALL = "recall"
    PUBLISH = "publish"
    FIX_OWNER = "fix_owner"


BRANCH_ROLES: Final = frozenset({Role.REP, Role.MANAGER})
"""Roles that see the rows of their own branch of the reporting tree only."""

_PLANNING: Final = frozenset({Deed.COMMENT, Deed.SUBMIT, Deed.RECALL, Deed.FIX_OWNER})
_DECIDING: Final = frozenset(
    {Deed.APPROVE, Deed.REJECT, Deed.SEND_BACK, Deed.COMMENT, Deed.PUBLISH}
)

MAY: Final[dict[Role, frozenset[Deed]]] = {
    Role.VIEWER: frozenset(),
    Role.REP: frozenset(),
    Role.MANAGER: frozenset({Deed.COMMENT}),
    Role.PLANNER: _PLANNING | {Deed.PUBLISH},
    Role.APPROVER: _DECIDING,
    Role.ADMIN: frozenset(Deed),
}
"""Who may ask for what; the ledger still holds them to levels and authorship."""

SEES_PAY: Final = frozenset({Role.PLANNER, Role.APPROVER, Role.ADMIN})
SEES_PROPOSALS: Final = frozenset(Role) - {Role.REP}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page: a person who signed in, or a reader on this machine."""

    name: str  # e-mail address; empty for a reader on this machine
    role: Role
    rep_id: str | None = None  # their place in the reporting tree
    token: str = ""  # what their forms must carry

    @property
    def is_signed_in(self) -> bool:
        """Tell whether anything may be stored in their name."""
        return bool(self.name)

    @property
    def sees_whole_company(self) -> bool:
        """Tell whether rows of every branch are theirs to see."""
        return self.role not in BRANCH_ROLES

    @property
    def sees_pay(self) -> bool:
        """Tell whether pay is theirs to see."""
        return self.role in SEES_PAY

    @property
    def sees_proposals(self) -> bool:
        """Tell whether versions that are not in force are theirs to see."""
        return self.role in SEES_PROPOSALS

    def may(self, deed: Deed) -> bool:
        """Tell whether they may ask for a deed; never without a name."""
        return self.is_signed_in and deed in MAY[self.role]


LOCAL_READER: Final = Visitor(name="", role=Role.VIEWER)
"""Whoever sits at this machine while nobody was given an account."""
