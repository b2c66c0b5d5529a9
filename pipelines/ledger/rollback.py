"""Go back to what an earlier version promised, by a new version like any other."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger


def propose_rollback(
    ledger: Ledger,
    version: int,
    *,
    effective_from: date,
    proposed_by: str,
    why: str,
    approval: Approval | None = None,
) -> PlanVersion:
    """Propose an earlier plan again, from a day on.

    Nothing is undone in the ledger: the days before stay as they were promised, and
    the new version needs approval and publication like any other.

    Parameters
    ----------
    version : int
        Published or superseded version to go back to.
    effective_from : date
        First day it is to govern again; within the version's own period.
    proposed_by, why : str
        Who asks and for what reason; kept with the version.
    approval : Approval, optional
        Levels that must sign it; those of the version in force by default.

    Returns
    -------
    PlanVersion
        State ``proposed``. Its parent is the version in force on `effective_from`;
        accounts only that one knows keep their owner, for nobody may be left
        without. A rep who left meanwhile would own accounts again: look before
        approving.

    Raises
    ------
    LedgerError
        If the version is unknown, was never published, does not speak of the day,
        or is the one in force.
    """
    plan = ledger.get(version)
    if not plan.was_published:
        raise LedgerError(
            f"plan version {version} is '{plan.state}' and never was the plan",
            fix="go back to a published or superseded version: aop plan list",
        )
    if not plan.effective_from <= effective_from <= plan.effective_to:
        raise LedgerError(
            f"plan version {version} says nothing about {effective_from}, only "
            f"{plan.effective_from} to {plan.effective_to}",
            fix="choose a day within its period",
        )
    parent = ledger.in_force(effective_from)
    if parent is None or parent.version == version:
        raise LedgerError(
            f"plan version {version} is in force on {effective_from} already",
            fix="nothing needs to be done, or choose another version: aop plan list",
        )
    content = content_from(ledger.content(version), effective_from)
    held = content_from(ledger.content(parent.version), effective_from)
    content["assignment"] = _books(content["assignment"], held["assignment"], version)
    undone, again = way_back(ledger, parent.version, version)
    told = [f"undoes version {each}" for each in undone]
    told += [f"brings back version {each}" for each in again if each != version]
    return ledger.propose(
        content,
        scenario=plan.scenario,
        title=f"back to version {version} from {effective_from}",
        as_of=plan.as_of,
        effective_from=effective_from,
        effective_to=plan.effective_to,
        proposed_by=proposed_by,
        why="; ".join([why, *told]),
        parent_version=parent.version,
        scope="company",
        policy_hash=plan.policy_hash,
        input_hash=plan.input_hash,
        code_hash=plan.code_hash,
        territory_gap_share=plan.territory_gap_share,
        territory_proof=plan.territory_proof,
        approval=approval or ledger.standing(parent.version).rules,
    )


def way_back(
    ledger: LedgerReader, here: int, version: int
) -> tuple[list[int], list[int]]:
    """Return the versions that going back undoes and those it brings back, in order.

    Parameters
    ----------
    here : int
        Version in force that is left.
    version : int
        Version gone back to.

    Returns
    -------
    list of int, list of int
        From `here` up its parents to what both have in common, which is not undone;
        and from below that down to `version`. Both end at a version without a parent
        where they have nothing in common.
    """

    def line(number: int | None) -> list[int]:
        found: list[int] = []
        while number is not None:
            found.append(number)
            number = ledger.get(number).parent_version
        return found

    ours, theirs = line(here), line(version)
    undone = [each for each in ours if each not in theirs]
    again = [each for each in theirs if each not in ours]
    return undone, again[::-1]


def content_from(
    content: Mapping[str, pl.DataFrame], start: date
) -> dict[str, pl.DataFrame]:
    """Return the lines of a plan that speak of a day or later.

    Months that began before the day are left out, for the version before governs
    them; spells of ownership that run over the day begin on it.
    """
    cut = {}
    for component, frame in content.items():
        if component == "assignment":
            cut[component] = frame.filter(
                pl.col("valid_to").is_null() | (pl.col("valid_to") >= start)
            ).with_columns(pl.max_horizontal("valid_from", pl.lit(start)))
        elif "month_start" in frame.columns:
            cut[component] = frame.filter(pl.col("month_start") >= start)
        else:
            cut[component] = frame
    return cut


def _books(wanted: pl.DataFrame, held: pl.DataFrame, version: int) -> pl.DataFrame:
    """Say of each account whether going back moves it, and keep those unknown then."""
    today = (
        held.sort("valid_from")
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("rep_id").first().alias("today_rep_id"))
    )
    known = wanted.join(today, on="account_id", how="left")
    is_first = pl.col("valid_from") == pl.col("valid_from").min().over("account_id")
    is_moved = is_first & pl.col("rep_id").ne_missing(pl.col("today_rep_id"))
    back = known.with_columns(
        previous_rep_id=pl.when(is_first)
        .then("today_rep_id")
        .otherwise("previous_rep_id"),
        is_moved=pl.when(is_first).then(is_moved).otherwise("is_moved"),
        reason=pl.when(is_moved)
        .then(pl.lit(f"back to its owner in version {version}"))
        .otherwise("reason"),
    ).select(wanted.columns)
    new = held.join(wanted, on="account_id", how="anti").with_columns(
        is_moved=pl.lit(value=False),
        reason=pl.lit(f"kept: version {version} did not know the account"),
    )
    return pl.concat([back, new])
