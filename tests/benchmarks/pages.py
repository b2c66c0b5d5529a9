"""Pages: server time and weight of each page, alone and with 20 people at once.

A server process as ``aop serve`` starts it, asked over HTTP by this process on the
same cores. AOP_BENCH_HOME names a played home: of the tiny demo, whose people and
accounts are then repeated to the numbers of the large one, or of the large one itself,
which is asked as it is. The ratio is to the time of the style sheet, which asks for
nothing.
Run: AOP_BENCH_HOME=... python -m tests.benchmarks pages
"""

import asyncio
import multiprocessing
import os
import re
import shutil
import socket
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
import httpx
import uvicorn
from _large_company import enlarge

from pipelines.ledger.store import Ledger
from pipelines.serving.web.app import pages
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.roles import Role
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

PEOPLE, ROUNDS = 20, 12
LARGE = 100_000  # accounts
NOT_SERVED = ("warehouse.duckdb*", "landing", "raw", "quarantine", "truth", "dagster")
PAGES = [
    "/",
    "/drift",
    "/plans",
    "/plans/{plan}",
    "/scenarios",
    "/territories",
    "/territories?on=2025-06-01",
    "/capacity",
    "/quotas",
    "/forecasts",
    "/data",
    "/reps",
    "/reps/{rep}",
    "/accounts/{account}",
    "/rows/plan.fct_plan_quota",
    "/rows/core.fct_pipeline_snapshot",
]


def serve(home: Path, port: int) -> None:
    """Run the server until this process ends."""
    settings = Settings(home)
    uvicorn.run(pages(settings, is_warmed=True), port=port, log_level="warning")


def paths_of(settings: Settings) -> list[str]:
    """Return the pages to ask, with a rep, an account and the newest plan."""
    with duckdb.connect(settings.serving_copy, read_only=True) as connection:
        found = connection.execute(
            "select any_value(rep_id), any_value(account_id) "
            "from plan.fct_plan_assignment where is_moved is not null"
        ).fetchone() or ("", "")
    newest = max(plan.version for plan in Ledger(settings.ledger_url).versions())
    return [path.format(rep=found[0], account=found[1], plan=newest) for path in PAGES]


async def measure(settings: Settings, client: httpx.AsyncClient) -> None:
    """Ask every page, alone and by many; print medians, 95th percentiles, weights."""
    paths = paths_of(settings)
    drawings: list[str] = []

    async def asked(path: str) -> tuple[float, httpx.Response]:
        began = time.perf_counter()
        answer = (await client.get(path)).raise_for_status()
        return time.perf_counter() - began, answer

    for _ in range(600):  # until it is up, and has read what it reads at the start
        try:
            if (await asked("/plans"))[0] < 0.5:
                break
        except httpx.ConnectError:
            pass
        await asyncio.sleep(0.1)
    base = statistics.median([(await asked("/static/style.css"))[0] for _ in range(9)])
    print(f"{'page':34} {'kB':>5} {'first ms':>9} {'median ms':>9} {'ratio':>6}")
    for path in paths:
        first, answer = await asked(path)
        median = statistics.median([(await asked(path))[0] for _ in range(9)])
        drawn = re.findall(r'<img src="([^"]+)"', answer.text)
        drawings += [one.replace("&amp;", "&") for one in drawn]
        print(
            f"{path[:34]:34} {len(answer.content) / 1000:5.0f} {first * 1e3:9.0f} "
            f"{median * 1e3:9.0f} {median / base:6.1f}"
        )
    first = sorted([(await asked(one))[0] for one in drawings])
    again = sorted([(await asked(one))[0] for one in drawings])
    print(
        f"{len(drawings)} drawings: first median {statistics.median(first) * 1e3:.0f} "
        f"ms, longest {first[-1] * 1e3:.0f}; again {statistics.median(again) * 1e3:.0f}"
    )
    await many(asked, paths, "at once, without a pause")
    nights = [put_next(settings)]
    seen: set[str] = set()

    async def until_shown(path: str) -> tuple[float, httpx.Response]:
        answer = await asked(path)
        seen.update(re.findall(r"As of (\d{4}-\d\d-\d\d),", answer[1].text))
        return answer

    for _ in range(20):
        await many(until_shown, paths, "while a new night is put in place")
        if set(nights) <= seen:
            break
    await many(until_shown, paths, "of the new night")


def put_next(settings: Settings) -> str:
    """Put a copy in place that is of the day after; return its night."""
    newer = settings.serving_copy.with_suffix(".newer")
    shutil.copy(settings.serving_copy, newer)
    with duckdb.connect(newer) as connection:
        connection.execute("update meta.publication set as_of = as_of + 1")
        found = connection.execute("select as_of from meta.publication").fetchone()
    newer.replace(settings.serving_copy)
    return str(found[0]) if found else ""


async def many(asked, paths: list[str], when: str) -> None:
    """Let twenty people ask page after page; print what they waited."""
    took: dict[str, list[float]] = {path: [] for path in paths}

    async def person(number: int) -> None:
        for turn in range(ROUNDS):
            path = paths[(number * 7 + turn * 3) % len(paths)]
            took[path].append((await asked(path))[0])

    began = time.perf_counter()
    await asyncio.gather(*(person(number) for number in range(PEOPLE)))
    whole = time.perf_counter() - began
    every = sorted(one for each in took.values() for one in each)
    slowest = max(took, key=lambda path: statistics.median(took[path] or [0]))
    print(
        f"{PEOPLE} people {when}: median {statistics.median(every) * 1e3:.0f} ms, "
        f"p95 {every[int(len(every) * 0.95)] * 1e3:.0f} ms, longest "
        f"{every[-1] * 1e3:.0f} ms, {len(every) / whole:.0f} pages/s; slowest page "
        f"{slowest[:30]} median {statistics.median(took[slowest]) * 1e3:.0f} ms"
    )


async def run(settings: Settings) -> None:
    """Start a server of a home, measure it, stop it."""
    desk, users = Desk(settings), Users(settings)
    who = "bench@example.com"
    user = users.find(who) or users.add(who, "correct horse battery", role=Role.PLANNER)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(settings.home, port))
    server.start()
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            cookies={desk.cookie: desk.sessions.begin(user)},
            timeout=120,
            limits=httpx.Limits(keepalive_expiry=2),  # before the server lets go
        ) as client:
            await measure(settings, client)
    finally:
        server.terminate()
        server.join()


def main() -> None:
    """Measure a home as it is and, if it is not large, repeated to a large company."""
    home = os.environ.get("AOP_BENCH_HOME")
    if not home:
        print("skipped: AOP_BENCH_HOME names no played home (aop demo --play)")
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        left_out = shutil.ignore_patterns(*NOT_SERVED)
        shutil.copytree(home, copy, symlinks=True, ignore=left_out)
        settings = Settings(copy)
        if measured(settings) < LARGE:
            enlarge(settings)
            measured(settings)


def measured(settings: Settings) -> int:
    """Measure a home; return how many accounts it holds."""
    with duckdb.connect(settings.serving_copy, read_only=True) as connection:
        found = connection.execute(
            "select count(*), (select count(*) from core.dim_rep) from core.dim_account"
        ).fetchone() or (0, 0)
    print(
        f"\n{found[0]} accounts, {found[1]} reps, serving copy of "
        f"{settings.serving_copy.stat().st_size / 1e6:.0f} MB"
    )
    asyncio.run(run(settings))
    return int(found[0])


if __name__ == "__main__":
    main()
