"""What a plan was made from, as hashes: the same inputs and code give the same plan."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import polars as pl

import data_contracts
import ml
import pipelines
import solvers
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts

_LIBRARIES = ("numpy", "scipy", "polars", "scikit-learn", "ortools")


def input_hash(facts: Facts, forecasts: Forecasts) -> str:
    """Hash every row the plan was made from, in any order of rows."""
    state = hashlib.sha256(str((facts.as_of, facts.last_full_month)).encode())
    frames = {
        "reps": facts.reps,
        "accounts": facts.accounts,
        "rep_months": facts.rep_months,
        "won": facts.won,
        "ramp": forecasts.ramp,
        "productivity": forecasts.productivity,
        "attrition": forecasts.attrition,
        "capacity": forecasts.capacity,
        "expected": forecasts.bookings,
        "potential": forecasts.potential,
    }
    # plans made before these were read keep their hash
    later = {
        "arr": facts.arr,
        "products": facts.products,
        "leaves": facts.leaves,
        "held_quotas": facts.held_quotas,
    }
    frames |= {name: frame for name, frame in later.items() if frame.height}
    for name, frame in frames.items():
        state.update(name.encode())
        state.update(frame_bytes(frame))
    return state.hexdigest()


def code_hash() -> str:
    """Hash the planning code and the releases of the libraries it computes with."""
    state = hashlib.sha256()
    for package in (data_contracts, ml, solvers, pipelines):
        root = Path(str(package.__file__)).parent
        folder = root / "planning" if package is pipelines else root
        for path in sorted(folder.rglob("*.py")):
            state.update(str(path.relative_to(root)).encode())
            state.update(path.read_bytes())
    for library in _LIBRARIES:
        state.update(f"{library}=={version(library)}".encode())
    return state.hexdigest()


def model_version() -> str:
    """Return a short name of the forecasting code, for the scores it earned."""
    state = hashlib.sha256()
    root = Path(str(ml.__file__)).parent
    for path in sorted(root.rglob("*.py")):
        state.update(str(path.relative_to(root)).encode())
        state.update(path.read_bytes())
    return state.hexdigest()[:12]


def frame_bytes(frame: pl.DataFrame) -> bytes:
    """Return a frame's rows as text, sorted, so their order does not count."""
    columns = sorted(frame.columns)
    return frame.select(columns).sort(columns, nulls_last=True).write_csv().encode()
