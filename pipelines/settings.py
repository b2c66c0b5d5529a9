"""Where things are: the one reader of the environment. Not for what was decided."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from data_contracts.errors import HomeError


@dataclass(frozen=True, slots=True)
class Settings:
    """Every place of one home, all absolute.

    Parameters
    ----------
    home : Path
        Folder of one company's plan; need not exist yet.
    ledger_url : str
        SQLAlchemy URL of the ledger; empty means SQLite inside the home.
    crm_token : str
        Access token for the CRM's API; empty where nothing is pushed.
    notify_urls : tuple of str
        Who is told of breaches, proposals and failed nights; may hold passwords.
    """

    home: Path
    ledger_url_override: str = ""
    crm_token: str = field(default="", repr=False)
    notify_urls: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_env(cls, home: Path | None = None) -> Self:
        """Take the home given, else ``AOP_HOME``, else ``.aop`` in this folder."""
        chosen = home or Path(os.environ.get("AOP_HOME", "") or ".aop")
        return cls(
            home=chosen.expanduser().resolve(),
            ledger_url_override=os.environ.get("AOP_LEDGER_URL", ""),
            crm_token=os.environ.get("AOP_CRM_TOKEN", ""),
            notify_urls=tuple(os.environ.get("AOP_NOTIFY_URLS", "").split()),
        )

    def require_home(self) -> Self:
        """Return self where a home was initialised.

        Raises
        ------
        HomeError
            If the folder or its policy file is missing.
        """
        if not self.home.is_dir():
            raise HomeError(
                f"home {self.home} does not exist",
                fix=f"make one: aop init --home {self.home}",
            )
        if not self.policy_file.is_file():
            raise HomeError(
                f"home {self.home} has no policy.yaml",
                fix=f"make one: aop init --home {self.home}",
            )
        return self

    @property
    def policy_file(self) -> Path:
        """What the business decided."""
        return self.home / "policy.yaml"

    @property
    def sources_file(self) -> Path:
        """Where the extracts are and how they map onto the contracts."""
        return self.home / "sources.yaml"

    @property
    def scenarios(self) -> Path:
        """What-if overlays, one YAML file each."""
        return self.home / "scenarios"

    @property
    def landing(self) -> Path:
        """Files as delivered."""
        return self.home / "landing"

    @property
    def raw(self) -> Path:
        """Accepted row versions, one Parquet file per table and night."""
        return self.home / "raw"

    @property
    def quarantine(self) -> Path:
        """Refused rows with the rule each one broke."""
        return self.home / "quarantine"

    @property
    def reference(self) -> Path:
        """Run date, policy and calendar as rows."""
        return self.home / "reference"

    @property
    def forecast(self) -> Path:
        """Forecasts of the last night."""
        return self.home / "forecast"

    @property
    def inputs(self) -> Path:
        """What every proposed version was computed from."""
        return self.home / "inputs"

    @property
    def decisions(self) -> Path:
        """What planning decided about breaches, night by night."""
        return self.inputs / "decisions.parquet"

    @property
    def plan_book(self) -> Path:
        """Published plan versions as rows."""
        return self.home / "plan_book"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt alone writes."""
        return self.home / "warehouse.duckdb"

    @property
    def dbt_target(self) -> Path:
        """What dbt compiled and logged for this home."""
        return self.home / "dbt"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the plan ledger."""
        return self.ledger_url_override or f"sqlite:///{self.home / 'ledger.sqlite'}"

    @property
    def serving(self) -> Path:
        """What readers may open at any moment."""
        return self.home / "serving"

    @property
    def serving_copy(self) -> Path:
        """The DuckDB file readers open, replaced by atomic rename."""
        return self.serving / "aop.duckdb"

    @property
    def drift_signal(self) -> Path:
        """The small file the drift sensor reads."""
        return self.serving / "drift_signal.json"

    @property
    def last_night(self) -> Path:
        """Which night was run or looked at last, and which one the tables are of."""
        return self.serving / "last_night.json"

    @property
    def notices(self) -> Path:
        """What people were told, and when."""
        return self.home / "notices.json"

    @property
    def outbox(self) -> Path:
        """Load files for CRM and compensation, one folder a version."""
        return self.home / "outbox"

    @property
    def packs(self) -> Path:
        """Review packs."""
        return self.home / "packs"

    @property
    def dagster_home(self) -> Path:
        """The Dagster instance of this home."""
        return self.home / "dagster"

    @property
    def lock_file(self) -> Path:
        """Held by the one run that may write this home."""
        return self.home / ".lock"


def credential(source: str, key: str) -> str:
    """Read one credential of a source from the environment, where alone it stands.

    Parameters
    ----------
    source : str
        The source's name in sources.yaml, such as ``salesforce``.
    key : str
        Such as ``CLIENT_SECRET``: together ``AOP_SALESFORCE_CLIENT_SECRET``.

    Raises
    ------
    HomeError
        If the environment does not hold it.
    """
    variable = credential_name(source, key)
    value = os.environ.get(variable, "")
    if not value:
        raise HomeError(
            f"source {source} needs {variable}, which the environment does not hold",
            fix=f"set {variable} where the command or the service runs",
        )
    return value


def has_credential(source: str, key: str) -> bool:
    """Tell whether the environment holds a credential of a source."""
    return bool(os.environ.get(credential_name(source, key), ""))


def credential_name(source: str, key: str) -> str:
    """Name the variable of a credential: ``AOP_<SOURCE>_<KEY>``."""
    return f"AOP_{source.upper().replace('-', '_')}_{key}"
