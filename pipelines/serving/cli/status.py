"""`aop status`: what is fresh, what failed, what is missing, what waits for whom."""

from typing import Any

import typer

from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.nights import state
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show where the nights and the plan stand. Reads only."""
    now = state(Settings.from_env(home))
    if as_json:
        document(now)
        return
    if now["as_of"] is None:
        print(f"{now['home']}: no night was run yet; run one: aop refresh")
        return
    print(f"{now['company']} ({now['home']})")
    print(f"  last night    {_night(now)}")
    print(f"  readers see   {now['serving_as_of'] or 'nothing yet'}")
    if now["serving_as_of"] != now["as_of"] or now["is_last_night_whole"] is False:
        print("                the last night did not finish; run it: aop refresh")
    plan = now["plan"]
    print(f"  plan in force {_plan(plan) if plan else 'none published yet'}")
    for title, rows, columns, empty in (
        ("refused files", now["refused"], ("contract", "file", "reason"), "none"),
        (
            "stale inputs: the last good rows serve on, and nothing is published",
            now["stale"],
            ("contract", "check", "night", "good_until", "reason"),
            "none",
        ),
        (
            "not computed for want of input",
            now["not_computed"],
            ("what_is_not_computed", "why", "contract"),
            "nothing: every input is there",
        ),
        (
            "forecasting models set aside or not judged yet",
            now["models"],
            ("measure", "node_level", "speaks", "verdict"),
            "none: every model beat its baseline at past dates",
        ),
        (
            "waits for somebody",
            now["waiting"],
            ("version", "state", "title", "waits_for"),
            "nothing",
        ),
        (
            "open breaches",
            now["open_breaches"],
            ("breach_key", "asks_for", "cause", "decision_why"),
            "none",
        ),
    ):
        print(f"\n{title}:")
        table(rows, columns=columns, empty=empty)


def _night(now: dict[str, Any]) -> str:
    """Say which night it was, what files go through, and whether it was a quiet one."""
    quiet, night = now["why_quiet"], now["last_night"] or now["as_of"]
    files = f"extracts through {now['data_through']}"
    if not quiet:
        return f"{night}, {files}"
    days = (night - now["data_through"]).days
    return f"{night}: {quiet}; {files}, {days} days before"


def _plan(plan: dict[str, object]) -> str:
    return (
        f"version {plan['version']}, {plan['title']}, "
        f"{plan['effective_from']} to {plan['effective_to']}"
    )
