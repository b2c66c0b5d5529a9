"""Where in the CRM a plan goes: ids of its set-up that no extract holds."""

from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from data_contracts.errors import HomeError

FILE_NAME: Final = "outbox.yaml"

TEMPLATE: Final = """\
# Where in Salesforce the plan goes. Ids are shown in Setup, or by a query.
territory_model_id: ""    # SELECT Id, Name FROM Territory2Model WHERE State = 'Active'
territory_type_id: ""     # SELECT Id, MasterLabel FROM Territory2Type
forecasting_type_id: ""   # SELECT Id, MasterLabel FROM ForecastingType
account_access: Edit      # what members may do with accounts: Read, Edit or All
opportunity_access: Edit  # and with opportunities: None, Read or Edit
currency: null            # ISO code where the org uses more than one currency
"""
"""A commented file to start from."""


class CrmTarget(BaseModel):
    """Ids that new records need; empty where nobody filled them in yet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    territory_model_id: str = ""
    territory_type_id: str = ""
    forecasting_type_id: str = ""
    account_access: Literal["Read", "Edit", "All"] = "Edit"
    opportunity_access: Literal["None", "Read", "Edit"] = "Edit"
    currency: str | None = None

    @property
    def gaps(self) -> dict[str, str]:
        """Objects that cannot be loaded, each with the key that is empty."""
        needed = {
            "Territory2": ("territory_model_id", "territory_type_id"),
            "ForecastingQuota": ("forecasting_type_id",),
        }
        return {
            crm_object: ", ".join(key for key in keys if not getattr(self, key))
            for crm_object, keys in needed.items()
            if not all(getattr(self, key) for key in keys)
        }


def read_target(home: Path) -> CrmTarget:
    """Return the target of a home; all empty where it has no ``outbox.yaml``.

    Raises
    ------
    HomeError
        If the file is not YAML or holds an unknown key or value.
    """
    file = home / FILE_NAME
    if not file.is_file():
        return CrmTarget()
    try:
        return CrmTarget.model_validate(
            yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        )
    except (yaml.YAMLError, ValidationError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            told = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        else:
            told = str(error).splitlines()[0]
        raise HomeError(
            f"{file} cannot be used: {told}",
            fix=f"keep only {', '.join(CrmTarget.model_fields)}",
        ) from error
