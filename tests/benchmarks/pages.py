"""Pages: server time of each page and its weight, alone and with 20 people at once.

On the home named by AOP_BENCH_HOME, a played demo of any size; the ratio is to the
time of a page that asks nothing (the style sheet). Times are of this process, with
the client in it, so they are what two cores can do for both.
Run: AOP_BENCH_HOME=... python -m tests.benchmarks pages
"""

import asyncio
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
import httpx

from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.roles import Role
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

PEOPLE, ROUNDS = 20, 5
PAGES = [
    "/",
    "/drift",
    "/plans",
    "/plans/2",
    "/territories",
    "/capacity",
    "/quotas",
    "/forecasts",
    "/data",
    "/reps",
    "/rows/plan.fct_plan_quota",
    "/rows/core.fct_pipeline_snapshot",
]


def enlarge(settings: Settings, times: int) -> None:
    """Repeat accounts, deals and plan lines of a copy under new ids."""
    with duckdb.connect(settings.serving_copy) as connection:
        for schema, table, names in connection.execute(
            "select table_schema, table_name, list(column_name order by "
            "ordinal_position) from information_schema.columns "
            "where table_schema in ('core', 'plan', 'forecast') group by all"
        ).fetchall():
            if "account_id" not in names:
                continue
            chosen = ", ".join(
                f"{name} || '-' || n as {name}"
                if name in ("account_id", "opportunity_id")
                else f'"{name}"'
                for name in names
            )
            connection.execute(
                f"insert into {schema}.{table} select {chosen} "
                f"from {schema}.{table}, range(1, {times}) as copies(n)"
            )


async def measure(settings: Settings) -> None:
    """Ask every page, alone and by many; print medians, 95th percentiles, weights."""
    desk = Desk(settings)
    users = Users(settings)
    who = "bench@example.com"
    user = users.find(who) or users.add(who, "correct horse battery", role=Role.PLANNER)
    cookies = {desk.cookie: desk.sessions.begin(user)}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=pages(settings, desk=desk)),
        base_url="http://127.0.0.1",
        cookies=cookies,
        timeout=120,
    ) as client:

        async def asked(path: str) -> float:
            began = time.perf_counter()
            (await client.get(path)).raise_for_status()
            return time.perf_counter() - began

        base = statistics.median([await asked("/static/style.css") for _ in range(9)])
        print(f"{'page':34} {'kB':>5} {'first ms':>9} {'median ms':>9} {'ratio':>6}")
        for path in PAGES:
            first = await asked(path)
            median = statistics.median([await asked(path) for _ in range(7)])
            weight = len((await client.get(path)).content) / 1000
            print(
                f"{path:34} {weight:5.0f} {first * 1e3:9.0f} {median * 1e3:9.0f} "
                f"{median / base:6.1f}"
            )
        took: list[float] = []

        async def person(number: int) -> None:
            for turn in range(ROUNDS):
                took.append(await asked(PAGES[(number + turn) % len(PAGES)]))

        began = time.perf_counter()
        await asyncio.gather(*(person(number) for number in range(PEOPLE)))
        whole = time.perf_counter() - began
        took.sort()
        print(
            f"{PEOPLE} people at once: median {statistics.median(took) * 1e3:.0f} ms, "
            f"p95 {took[int(len(took) * 0.95)] * 1e3:.0f} ms, "
            f"{len(took) / whole:.0f} pages/s"
        )


def main() -> None:
    """Measure a home as it is and with its accounts repeated twenty times."""
    home = os.environ.get("AOP_BENCH_HOME")
    if not home:
        print("skipped: AOP_BENCH_HOME names no played home (aop demo --play)")
        return
    for times in (1, 20):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "home"
            shutil.copytree(home, copy, symlinks=True)
            settings = Settings(copy)
            if times > 1:
                enlarge(settings, times)
            with duckdb.connect(settings.serving_copy, read_only=True) as connection:
                found = connection.execute(
                    "select count(*) from core.dim_account"
                ).fetchone()
            print(
                f"\n{found[0] if found else 0} accounts, serving copy of "
                f"{settings.serving_copy.stat().st_size / 1e6:.0f} MB"
            )
            asyncio.run(measure(settings))


if __name__ == "__main__":
    main()
