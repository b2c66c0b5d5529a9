"""`aop policy`: hold the policy to its rules, and help editors to write it."""

import typer

from data_contracts.policy import load_policy
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.serving.home import policy_schema, write_policy_schema
from pipelines.serving.policy_facts import refuse_unknown_names
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What the business decided: policy.yaml of a home.",
)


@app.command(epilog="Next: aop plan propose --anew --as YOU")
def check(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Hold policy.yaml to its rules; every broken value is named with its line.

    Products, accounts and industries it names must be known to the last night, where
    there was one.
    """
    settings = Settings.from_env(home).require_home()
    policy = load_policy(settings.policy_file)
    refuse_unknown_names(settings, policy)
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
    if as_json:
        document(policy_schema())
        return
    file = write_policy_schema(Settings.from_env(home).require_home())
    print(f"{file} is written; policy.yaml names it in its first line")
