"""Make a new home: the files a planner edits and the instance Dagster keeps."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import data_contracts
from data_contracts.errors import HomeError
from data_contracts.policy import CompanyPolicy
from pipelines.files import write_text
from pipelines.serving.orchestrator import instance_template
from pipelines.settings import Settings

POLICIES: Final = Path(data_contracts.__file__).parent / "policies"
SCHEMA_FILE: Final = "policy.schema.json"


@dataclass(frozen=True, slots=True)
class Example:
    """A company whose files we can read as they are."""

    mapping: str
    extracted_on: date  # its files are undated; the last day they cover
    night: date  # the first night worth refreshing
    marker: str  # a file that tells its folder from any other


EXAMPLES: Final = {
    "adventureworks": Example(
        mapping="adventureworks",
        extracted_on=date(2020, 5, 31),
        night=date(2020, 6, 1),
        marker="FactResellerSales.csv",
    ),
}

OWN_SOURCES: Final = """\
# Where the extracts are and how their columns map onto the contracts.
# A date in a path (2026-04-30) is the night the file was delivered.
sources:
  - folder: landing # relative to this home, or absolute
    # landing/<system>/<table>/<any>.(csv|tsv|jsonl|parquet)[.gz|.zst]
    layout: by_contract
    delivery: full # full: a missing row is a deleted row; changes: only what changed
"""


def make_home(
    settings: Settings, *, policy: str = "template", sources: str = OWN_SOURCES
) -> dict[Path, str]:
    """Write policy, sources and the Dagster instance of a new home.

    Parameters
    ----------
    settings : Settings
        Home to make; its folder may exist, a policy in it may not.
    policy : str
        Stem of a policy under ``data_contracts/policies``.
    sources : str
        Text of sources.yaml.

    Returns
    -------
    dict
        Each file or folder made and what it is for.

    Raises
    ------
    HomeError
        If there is a home already.
    """
    if settings.policy_file.exists():
        raise HomeError(
            f"home {settings.home} is there already",
            fix="edit its policy.yaml, or choose another folder with --home",
        )
    settings.landing.mkdir(parents=True, exist_ok=True)
    template = instance_template()
    if template is not None:
        write_text(template, settings.dagster_home / "dagster.yaml")
    write_text(sources, settings.sources_file)
    schema = write_policy_schema(settings)
    decided = (POLICIES / f"{policy}.yaml").read_text(encoding="utf-8")
    write_text(decided, settings.policy_file)  # last: with it, a home is a home
    return {
        settings.policy_file: "what the business decided",
        schema: "lets an editor help with policy.yaml",
        settings.sources_file: "where the extracts are",
        settings.landing: "files as delivered",
        settings.dagster_home: "the instance Dagster keeps, for `dagster dev`",
    }


def policy_schema() -> dict[str, Any]:
    """Return the JSON schema of a policy, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CompanyPolicy.model_json_schema(),
    }


def write_policy_schema(settings: Settings) -> Path:
    """Write the schema that the first line of policy.yaml names; return its path."""
    file = settings.home / SCHEMA_FILE
    write_text(json.dumps(policy_schema(), indent=1, ensure_ascii=False) + "\n", file)
    return file


def example_sources(example: str, data: Path | None) -> str:
    """Point a home at the files of a ready-made company; nothing is copied.

    Raises
    ------
    HomeError
        If the example is unknown, or `data` is not its folder.
    """
    if example not in EXAMPLES:
        raise HomeError(
            f"there is no example {example!r}", fix=f"use {', '.join(EXAMPLES)}"
        )
    chosen = EXAMPLES[example]
    folder = (data or Path()).expanduser().resolve()
    if data is None or not (folder / chosen.marker).is_file():
        raise HomeError(
            f"{folder} does not hold {chosen.marker}",
            fix=f"give the folder of {example}'s files with --data",
        )
    return (
        "# Where the extracts are and how their columns map onto the contracts.\n"
        "sources:\n"
        f"  - folder: {json.dumps(str(folder))}\n"
        f"    mapping: {chosen.mapping} # data_contracts/mappings/ has it\n"
        f"    extracted_on: {chosen.extracted_on} # its files carry no date\n"
        "    delivery: full\n"
    )
