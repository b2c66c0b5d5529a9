"""SQL stays short, portable and without a clock."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "dbt"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))

# Functions and forms that one engine has and another has not; macros hide them.
ENGINE_ONLY = re.compile(
    r"\bqualify\b|::|\bunnest\s*\(|\bgenerate_series\s*\(|\bgroup by all\b"
    r"|\bdate_trunc\s*\(|\bdate_diff\s*\(|\bdatediff\s*\(|\bdateadd\s*\(|\binterval\s+['\d]"
    r"|\barg_max\s*\(|\bmax_by\s*\(|\bstring_agg\s*\(|\blistagg\s*\(|\bexclude\s*\("
    r"|\bmedian\s*\(|\blast_day\s*\(|\bstrftime\s*\(|\bread_parquet\s*\(|\bilike\b"
    r"|\bany_value\s*\(|\blist_\w+\s*\(|\bcount_if\s*\(|\bmake_date\s*\(",
    re.IGNORECASE,
)
CLOCK = re.compile(
    r"\bcurrent_date\b|\bcurrent_timestamp\b|\bnow\s*\(|\btoday\s*\(|\bgetdate\s*\(",
    re.IGNORECASE,
)


def bare(path: Path) -> str:
    """Return the SQL without comments and without what braces hold."""
    text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)
    return re.sub(r"{{.*?}}|{%.*?%}", "", text, flags=re.DOTALL)


def names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def test_no_model_is_longer_than_120_lines() -> None:
    long = [path for path in MODELS if len(path.read_text("utf-8").splitlines()) > 120]
    assert names(long) == []


def test_no_model_asks_the_clock() -> None:
    everything = [*MODELS, *(PROJECT / "macros").rglob("*.sql")]
    assert names([path for path in everything if CLOCK.search(bare(path))]) == []


def test_no_model_takes_a_var_or_branches_on_one() -> None:
    texts = {path: path.read_text("utf-8") for path in MODELS}
    assert names([path for path, text in texts.items() if "var(" in text]) == []
    branched = [
        path
        for path, text in texts.items()
        if re.search(r"{%-?\s*if(?! (not )?loop\.last| is_incremental\(\))", text)
    ]
    assert names(branched) == []


def test_what_only_one_engine_knows_stays_in_macros() -> None:
    found = {
        path.stem: match.group()
        for path in MODELS
        if (match := ENGINE_ONLY.search(bare(path)))
    }
    assert found == {}


def test_division_goes_through_the_macro_that_knows_zero() -> None:
    risky = [
        path
        for path in MODELS
        if re.search(r"/\s*(?:count|sum|\(?\w+\.\w+_cents)", bare(path))
    ]
    assert names(risky) == []


def test_there_are_no_python_models_and_no_init() -> None:
    assert sorted(PROJECT.rglob("*.py")) == []
