"""From what is live to what is wanted: the fewest records to load, and in order."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from pipelines.publication.crm_state import CrmState
from pipelines.publication.crm_target import CrmTarget

_KEYS: Final = {
    "Account": ["account_id"],
    "Territory2": ["territory"],
    "UserTerritory2Association": ["user_id", "territory"],
    "ObjectTerritory2Association": ["account_id", "territory"],
    "ForecastingQuota": ["owner_id", "start_date"],
}

ORDER: Final = (
    ("Territory2", "insert"),
    ("Territory2", "update"),
    ("UserTerritory2Association", "delete"),
    ("ObjectTerritory2Association", "delete"),
    ("UserTerritory2Association", "insert"),
    ("ObjectTerritory2Association", "insert"),
    ("Account", "update"),
    ("ForecastingQuota", "delete"),
    ("ForecastingQuota", "update"),
    ("ForecastingQuota", "insert"),
)
"""In which order the files are loaded: a territory before who is in it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file to load: an object, an operation and its records as the CRM names them.

    ``waiting`` counts records that cannot be loaded yet because the CRM has not
    given an id to what they point at, or to themselves.
    """

    crm_object: str
    operation: str
    records: pl.DataFrame
    waiting: int

    @property
    def file_name(self) -> str:
        """Name of the load file."""
        return f"{self.crm_object}.{self.operation}.csv"


def changes(
    wanted: CrmState,
    live: CrmState,
    target: CrmTarget,
    *,
    since: date,
    may_delete_quotas_of: frozenset[str] = frozenset(),
) -> list[Change]:
    """Return what must be loaded so that the CRM holds what is wanted.

    Parameters
    ----------
    wanted, live : CrmState
        Compared by key; equal records give nothing to load, so that loading twice
        is loading once.
    target : CrmTarget
        Ids of the CRM's own set-up that new records need.
    since : date
        First day that may change; quotas of earlier months stay.
    may_delete_quotas_of : frozenset of str
        Owners whose quotas are ours to delete; a manager's quota that the plan
        never held stays.

    Returns
    -------
    list of Change
        In loading order, one per file even if empty.
    """
    ids = dict(live["Territory2"].select("territory", "id").iter_rows())
    made = {
        "Territory2": _territories(wanted, live, target),
        "UserTerritory2Association": _members(wanted, live, ids),
        "ObjectTerritory2Association": _objects(wanted, live, ids),
        "Account": _owners(wanted, live),
        "ForecastingQuota": _quotas(
            wanted, live, target, since=since, ours=may_delete_quotas_of
        ),
    }
    return [
        _change(crm_object, operation, made[crm_object][operation])
        for crm_object, operation in ORDER
    ]


def _territories(
    wanted: CrmState, live: CrmState, target: CrmTarget
) -> dict[str, pl.DataFrame]:
    added, _, kept = _split(wanted, live, "Territory2")
    renamed = kept.filter(pl.col("name") != pl.col("name_live"))
    return {
        "insert": added.select(
            pl.col("name").alias("Name"),
            pl.col("territory").alias("DeveloperName"),
            pl.lit(target.territory_model_id).alias("Territory2ModelId"),
            pl.lit(target.territory_type_id).alias("Territory2TypeId"),
            pl.lit(target.account_access).alias("AccountAccessLevel"),
            pl.lit(target.opportunity_access).alias("OpportunityAccessLevel"),
        ),
        "update": renamed.select(
            pl.col("id_live").alias("Id"), pl.col("name").alias("Name")
        ),
    }


def _members(
    wanted: CrmState, live: CrmState, ids: dict[str, str]
) -> dict[str, pl.DataFrame]:
    added, gone, _ = _split(wanted, live, "UserTerritory2Association")
    return {
        "insert": added.select(
            pl.col("user_id").alias("UserId"), _territory_id(ids).alias("Territory2Id")
        ),
        "delete": gone.select(pl.col("id").alias("Id")),
    }


def _objects(
    wanted: CrmState, live: CrmState, ids: dict[str, str]
) -> dict[str, pl.DataFrame]:
    added, gone, _ = _split(wanted, live, "ObjectTerritory2Association")
    return {
        "insert": added.select(
            pl.col("account_id").alias("ObjectId"),
            _territory_id(ids).alias("Territory2Id"),
            pl.lit("Territory2Manual").alias("AssociationCause"),
        ),
        "delete": gone.select(pl.col("id").alias("Id")),
    }


def _owners(wanted: CrmState, live: CrmState) -> dict[str, pl.DataFrame]:
    _, _, kept = _split(wanted, live, "Account")
    moved = kept.filter(pl.col("owner_id").ne_missing(pl.col("owner_id_live")))
    return {
        "update": moved.select(
            pl.col("account_id").alias("Id"), pl.col("owner_id").alias("OwnerId")
        )
    }


def _quotas(
    wanted: CrmState,
    live: CrmState,
    target: CrmTarget,
    *,
    since: date,
    ours: frozenset[str],
) -> dict[str, pl.DataFrame]:
    added, gone, kept = _split(wanted, live, "ForecastingQuota")
    changed = kept.filter(pl.col("quota_cents") != pl.col("quota_cents_live"))
    currency = (
        [pl.lit(target.currency).alias("CurrencyIsoCode")] if target.currency else []
    )
    return {
        "insert": added.select(
            pl.col("owner_id").alias("QuotaOwnerId"),
            pl.col("start_date").dt.to_string("%Y-%m-%d").alias("StartDate"),
            pl.lit(target.forecasting_type_id).alias("ForecastingTypeId"),
            amount("quota_cents").alias("QuotaAmount"),
            *currency,
        ),
        "update": changed.select(
            pl.col("id_live").alias("Id"), amount("quota_cents").alias("QuotaAmount")
        ),
        "delete": gone.filter(
            pl.col("start_date") >= since.replace(day=1),
            pl.col("owner_id").is_in(sorted(ours)),
        ).select(pl.col("id").alias("Id")),
    }


def amount(cents: str) -> pl.Expr:
    """Return a column of whole cents as text with two decimals, exactly.

    Examples
    --------
    >>> pl.DataFrame({"c": [5, -120, 123456]}).select(amount("c"))["c"].to_list()
    ['0.05', '-1.20', '1234.56']
    """
    value = pl.col(cents).abs()
    sign = pl.when(pl.col(cents) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(
        sign,
        (value // 100).cast(pl.String),
        pl.lit("."),
        (value % 100).cast(pl.String).str.zfill(2),
    ).alias(cents)


def _territory_id(ids: dict[str, str]) -> pl.Expr:
    return pl.col("territory").replace_strict(ids, default=None, return_dtype=pl.String)


def _split(
    wanted: CrmState, live: CrmState, crm_object: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return what is new, what is gone and what stays (live values ``_live``)."""
    keys, want, have = _KEYS[crm_object], wanted[crm_object], live[crm_object]
    kept = want.join(have, on=keys, how="inner", suffix="_live")
    return (
        want.join(have, on=keys, how="anti"),
        have.join(want, on=keys, how="anti"),
        kept,
    )


def _change(crm_object: str, operation: str, records: pl.DataFrame) -> Change:
    is_loadable = pl.all_horizontal(pl.all().is_not_null())
    ready = records.filter(is_loadable) if records.width else records
    return Change(
        crm_object=crm_object,
        operation=operation,
        records=ready.sort(ready.columns),
        waiting=records.height - ready.height,
    )


def after_loading(
    wanted: CrmState, live: CrmState, *, since: date, ours: frozenset[str]
) -> CrmState:
    """Return what the CRM holds once every change is loaded.

    Records that were there keep their ids; new ones have none, for only the CRM
    gives them. `since` and `ours` are those of `changes`.
    """
    frames = {}
    for crm_object, keys in _KEYS.items():
        want, have = wanted[crm_object], live[crm_object]
        if "id" in want.columns:
            want = (
                want.drop("id")
                .join(have.select(*keys, "id"), on=keys, how="left")
                .select(have.columns)
            )
        untouched = have.join(want, on=keys, how="anti")
        if crm_object == "ForecastingQuota":
            untouched = untouched.filter(
                (pl.col("start_date") < since.replace(day=1))
                | ~pl.col("owner_id").is_in(sorted(ours))
            )
        elif crm_object.endswith("Association"):
            untouched = untouched.clear()
        if crm_object == "Account":  # an account the CRM does not know stays unknown
            want = want.join(have, on=keys, how="semi")
        frames[crm_object] = pl.concat([want, untouched]).sort(keys)
    return CrmState(frames)


def before_loading(
    previous: CrmState | None, wanted: CrmState, live: CrmState
) -> CrmState:
    """Return what the CRM held before a cutover, however often this is asked.

    Parameters
    ----------
    previous : CrmState, optional
        The answer given last time; None the first time.
    wanted, live : CrmState
        As for `changes`.

    Returns
    -------
    CrmState
        A record that is live as wanted has arrived, so what was there before is
        what `previous` says; any other has not, so it is what is live now.
    """
    if previous is None:
        return live
    frames = {}
    for crm_object, keys in _KEYS.items():
        want, have, old = (s[crm_object] for s in (wanted, live, previous))
        values = [name for name in have.columns if name != "id"]
        arrived = have.select(values).join(
            want, on=values, how="semi", nulls_equal=True
        )
        gone = old.join(have, on=keys, how="anti").join(want, on=keys, how="anti")
        settled = pl.concat([arrived.select(keys), gone.select(keys)])
        frames[crm_object] = pl.concat(
            [
                have.join(settled, on=keys, how="anti"),
                old.join(settled, on=keys, how="semi"),
            ]
        ).sort(keys)
    return CrmState(frames)
