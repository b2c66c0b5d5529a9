"""What each solver proved about its part of a plan, as the plan's proof lines."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import polars as pl

from solvers.result import Proof

PROOF_SCHEMA = {
    "solver": pl.String,
    "node_id": pl.String,
    "proof": pl.String,
    "unit": pl.String,
    "objective": pl.Float64,
    "bound": pl.Float64,
    "gap_share": pl.Float64,
    "is_verified": pl.Boolean,
    "statement": pl.String,
}
COMPANY = "company"


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One statement about one answer. Fields as in ``plan.fct_plan_proof``."""

    solver: str
    node_id: str
    proof: Proof
    unit: str
    objective: float
    bound: float | None  # no answer that keeps the rules beats it
    gap_share: float | None
    is_verified: bool  # worked out again by other code than the search
    statement: str


def proof_lines(lines: Iterable[ProofLine]) -> pl.DataFrame:
    """Return proof lines as a frame, sorted by solver and node."""
    rows = [(line.solver, line.node_id, *_rest(line)) for line in lines]
    return pl.DataFrame(rows, schema=PROOF_SCHEMA, orient="row").sort(
        "solver", "node_id"
    )


def _rest(line: ProofLine) -> tuple[object, ...]:
    _, _, proof, *others = astuple(line)
    return (Proof(proof).value, *others)
