"""The lines of a plan in one canonical form, and the hash of that form.

The hash is over values, not over a file format, so it does not change with the
library that happens to write them.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import polars as pl

from data_contracts.errors import LedgerError
from data_contracts.plan import COMPONENTS, FOUNDING, KEYS, Kind
from pipelines.ledger.schema import DTYPES


def canonical(content: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return every component with its columns in order, typed, sorted by its key.

    Parameters
    ----------
    content : mapping of component name to frame
        Columns as in ``data_contracts.plan.COMPONENTS``, in any order. A
        component that is missing has no lines.

    Returns
    -------
    dict
        All components, in the order of ``COMPONENTS``; the same lines in any
        order give the same frames.

    Raises
    ------
    LedgerError
        If a component or column is unknown or missing, a value does not fit its
        type, a key is null or used twice, or a number is not finite.
    """
    for component in content:
        if component not in COMPONENTS:
            raise LedgerError(
                f"a plan has no component {component!r}",
                fix=f"use one of {', '.join(COMPONENTS)}",
            )
    return {
        component: _canonical_lines(component, content.get(component))
        for component in COMPONENTS
    }


def content_hash(content: Mapping[str, pl.DataFrame]) -> str:
    """Return the SHA-256, in hex, of a plan in canonical form.

    Parameters
    ----------
    content : mapping of component name to frame
        As `canonical` returns it.

    Notes
    -----
    Per component and column: name, kind, which values are null, then the values
    as little-endian 64-bit integers (days since 1970 for dates), IEEE doubles,
    bytes 0 and 1, or UTF-8 text preceded by the lengths of all values.

    Examples
    --------
    >>> nothing = content_hash(canonical({}))
    >>> nothing == content_hash(canonical({"hire": canonical({})["hire"]}))
    True
    """
    digest = hashlib.sha256()
    for component, kinds in COMPONENTS.items():
        frame = content[component]
        if component not in FOUNDING and frame.is_empty():
            continue  # versions stored before the component existed still verify
        digest.update(f"{component}:{frame.height}\n".encode())
        for name, kind in kinds.items():
            digest.update(f"{name}:{kind}\n".encode())
            for part in _as_bytes(frame.get_column(name), kind):
                digest.update(part)
    return digest.hexdigest()


def _canonical_lines(component: str, frame: pl.DataFrame | None) -> pl.DataFrame:
    kinds, keys = COMPONENTS[component], KEYS[component]
    types = {name: DTYPES[kind] for name, kind in kinds.items()}
    if frame is None:
        return pl.DataFrame(schema=types)
    _check_columns(component, frame)
    typed = frame.select(
        _typed(component, frame.get_column(name), kind) for name, kind in kinds.items()
    )
    for key in keys:
        if typed.get_column(key).null_count():
            raise LedgerError(
                f"{component} has lines without {key}",
                fix=f"give every {component} line its {', '.join(keys)}",
            )
    twice = typed.select(keys).filter(pl.struct(keys).is_duplicated())
    if twice.height:
        example = twice.sort(keys).row(0)
        raise LedgerError(
            f"{component} holds {twice.height} lines that share a key, e.g. "
            f"{', '.join(map(str, example))}",
            fix=f"keep one line for each {', '.join(keys)}",
        )
    return typed.sort(keys)


def _check_columns(component: str, frame: pl.DataFrame) -> None:
    kinds = COMPONENTS[component]
    missing = [name for name in kinds if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in kinds]
    if missing or unknown:
        faults = [f"lacks {', '.join(missing)}"] if missing else []
        faults += [f"has the unknown {', '.join(unknown)}"] if unknown else []
        raise LedgerError(
            f"{component} {' and '.join(faults)}",
            fix=f"give it exactly {', '.join(kinds)}",
        )


def _typed(component: str, values: pl.Series, kind: Kind) -> pl.Series:
    whole = kind in (Kind.CENTS, Kind.COUNT)
    if whole and not (values.dtype.is_integer() or values.dtype == pl.Null):
        raise LedgerError(
            f"{component}.{values.name} is {values.dtype}, not whole numbers",
            fix="round to whole cents with data_contracts.money before proposing",
        )
    try:
        typed = values.cast(DTYPES[kind], strict=True)
    except pl.exceptions.PolarsError as error:
        raise LedgerError(
            f"{component}.{values.name} is {values.dtype} and does not fit {kind}",
            fix=f"cast it to {DTYPES[kind]}",
        ) from error
    if kind is not Kind.SHARE:
        return typed
    if not typed.drop_nulls().is_finite().all():
        raise LedgerError(
            f"{component}.{values.name} holds a number that is not finite",
            fix="leave it null where it could not be computed",
        )
    # minus zero and zero are one number, so one hash; Polars optimises + 0.0 away
    return typed.to_frame().to_series().set(typed == 0.0, 0.0)


def _as_bytes(values: pl.Series, kind: Kind) -> list[bytes]:
    is_null = values.is_null().to_numpy().tobytes()
    if kind is Kind.TEXT:
        filled = values.fill_null("")
        lengths = filled.str.len_bytes().to_numpy().astype("<i8").tobytes()
        return [is_null, lengths, "".join(filled.to_list()).encode()]
    physical = values.to_physical().fill_null(
        False if kind is Kind.FLAG else 0.0 if kind is Kind.SHARE else 0
    )
    width = {Kind.SHARE: "<f8", Kind.FLAG: "u1"}.get(kind, "<i8")
    return [is_null, np.asarray(physical.to_numpy()).astype(width).tobytes()]
