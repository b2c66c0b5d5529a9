"""What is kept of a copy: made once, forgotten when it is too much, never a failure."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.serving.web.keeping import Kept


def test_of_many_who_ask_at_once_one_computes() -> None:
    kept, made, ready = Kept(10), [], threading.Barrier(8)

    def make() -> str:
        made.append(1)
        return "found"

    def ask(_: int) -> str:
        ready.wait()
        return kept.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["found"] * 8
    assert len(made) == 1


def test_what_failed_is_asked_again() -> None:
    kept = Kept(10)

    def fail() -> str:
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        kept.get("key", fail)
    assert kept.get("key", lambda: "found") == "found"


def test_nothing_found_is_found_too() -> None:
    kept = Kept(10)
    assert kept.get("key", lambda: None) is None
    assert kept.get("key", lambda: "made again") is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 7)), max_size=40))
def test_the_weight_kept_never_passes_its_bound(asked: list[tuple[int, int]]) -> None:
    kept = Kept(12, weigh=len)
    lately: list[tuple[int, int]] = []
    for key, size in asked:
        assert kept.get((key, size), lambda size=size: "x" * size) == "x" * size
        lately = [one for one in lately if one != (key, size)] + [(key, size)]
    # the longest unused went first: what fits from the end of the list is there
    total = 0
    for key, size in reversed(lately):
        total += size
        if total > 12:
            break
        assert kept.get((key, size), lambda: "gone") != "gone"


def test_what_is_too_heavy_is_given_but_not_kept() -> None:
    kept = Kept(3, weigh=len)
    assert kept.get("key", lambda: "long text") == "long text"
    assert kept.get("key", lambda: "new") == "new"
