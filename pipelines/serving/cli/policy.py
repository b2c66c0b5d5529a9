"""`aop policy`: hold the policy to its rules, and help editors to write it."""

import json
from typing import Any

import typer

from data_contracts.policy import CompanyPolicy, load_policy
from pipelines.files import write_text
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What the business decided: policy.yaml of a home.",
)

SCHEMA_FILE = "policy.schema.json"


@app.command(epilog="Next: aop plan propose --anew --as YOU")
def check(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Hold policy.yaml to its rules; every broken value is named with its line."""
    settings = Settings.from_env(home).require_home()
    policy = load_policy(settings.policy_file)
    told = {
        "policy": str(settings.policy_file),
        "digest": policy.digest,
        "approval_levels": [level.name for level in policy.approval.levels],
        "is_automatic": policy.approval.automatic is not None,
    }
    if as_json:
        document(told)
        return
    levels = ", ".join(level.name for level in policy.approval.levels)
    print(
        f"{settings.policy_file} keeps every rule; digest {policy.digest[:12]}; "
        f"approved by {levels or 'anybody but the proposer'}"
    )


@app.command()
def schema(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write policy.schema.json beside the policy, so that editors help with it."""
    shape = policy_schema()
    if as_json:
        document(shape)
        return
    settings = Settings.from_env(home).require_home()
    file = settings.home / SCHEMA_FILE
    write_text(json.dumps(shape, indent=1, ensure_ascii=False) + "\n", file)
    print(f"{file} is written; policy.yaml names it in its first line")


def policy_schema() -> dict[str, Any]:
    """Return the JSON schema of a policy, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CompanyPolicy.model_json_schema(),
    }
