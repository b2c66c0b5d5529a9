"""Errors every package raises. This module imports nothing from the project.

AopError
├── HomeError            a home, a source or a night is missing or misplaced
├── ContractError        an extract breaks its contract, or a contract is malformed
├── PolicyError          a policy file breaks its rules or makes the plan impossible
├── InfeasibleError      a solver proved that no solution exists
├── ForecastError        the history is too thin or too broken to forecast from
├── WorkbookError        an edited workbook holds a cell that cannot be taken over
├── LedgerError          a plan version may not make the asked transition
└── BusyError            another run holds the home, or a source changed under our hands
"""


class AopError(Exception):
    """Base of every error the project raises on purpose.

    Parameters
    ----------
    what : str
        What went wrong, naming the record, file or parameter and its value.
    fix : str
        What the reader can do about it; an error without a way out is a bug.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)  # both in args: survives pickling
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\n  Fix: {self.fix}"


class HomeError(AopError):
    """A home, a source or a night is missing or not where it should be."""


class ContractError(AopError):
    """An extract breaks its contract, or a contract file is malformed."""


class PolicyError(AopError):
    """A policy file breaks its rules, or a policy value makes the plan impossible."""


class InfeasibleError(AopError):
    """A solver proved that no solution exists."""


class ForecastError(AopError):
    """The history is too thin or too broken to forecast from."""


class WorkbookError(AopError):
    """An edited workbook is not the one exported, or a cell cannot be taken over."""


class LedgerError(AopError):
    """A plan version may not make the asked transition, or the ledger is damaged."""


class BusyError(AopError):
    """Another run holds the home, or a source changed while it was read."""
