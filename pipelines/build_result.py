"""What became of a build of the warehouse, node by node, whoever ran its SQL."""

from dataclasses import dataclass
from typing import Final

from data_contracts.errors import AopError

_BROKEN: Final = frozenset({"error", "fail", "runtime error"})


class WarehouseError(AopError):
    """A model could not be built, or a test on its rows did not hold."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one model or test.

    ``status`` is dbt's word: success, pass, warn, fail, error or skipped; ``failures``
    counts the rows that break a test and is None for a model.
    """

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    message: str

    @property
    def name(self) -> str:
        """Name without kind and package."""
        return self.unique_id.split(".")[2]

    @property
    def is_model(self) -> bool:
        """True for a model, false for a test."""
        return self.unique_id.startswith("model.")

    @property
    def is_broken(self) -> bool:
        """True for what failed itself, not for what was skipped behind it."""
        return self.status in _BROKEN

    @property
    def is_ok(self) -> bool:
        """True for what was built or holds, with a warning or without."""
        return not self.is_broken and self.status != "skipped"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What one pass did, in the order in which it did it."""

    nodes: tuple[NodeResult, ...]

    @property
    def ok(self) -> bool:
        """True where everything was built and every test holds."""
        return all(node.is_ok for node in self.nodes)

    def raise_if_broken(self) -> None:
        """Raise the first fault, so that nothing broken looks fresh.

        Raises
        ------
        WarehouseError
            If a model could not be built or a test does not hold.
        """
        if self.ok:
            return
        broken = [node for node in self.nodes if node.is_broken]
        skipped = sum(node.status == "skipped" for node in self.nodes)
        first = broken[0] if broken else next(n for n in self.nodes if not n.is_ok)
        kind = first.unique_id.split(".")[0].replace("_", " ")
        more = f"; {len(broken) - 1} more broke" if len(broken) > 1 else ""
        behind = f"; {skipped} were skipped behind it" if skipped else ""
        raise WarehouseError(
            f"{kind} {first.name} ended as {first.status}{more}{behind}: "
            f"{' '.join(first.message.split())}",
            fix=f"look at {first.name} under dbt/models; nothing was published",
        )
