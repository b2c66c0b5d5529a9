"""Make clean extracts as wrong as real ones, and remember what was true."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.clocks import local, with_offset, zones_of_seats
from pipelines.demo.extracts_crm import as_of_night, user_ids
from pipelines.demo.frames import TIME_FORMAT, days, ids, times
from pipelines.demo.months import SECONDS_A_DAY
from pipelines.demo.owners import seats_of_deals, stand_ins
from pipelines.demo.world import World

COPY_OFFSET: Final = 5_000_000  # account numbers of duplicates start here
COPY_DEALS_SHARE: Final = 0.3  # of later deals hang on the copy; assumption
GONE_USER: Final = "U9999999"  # an owner the user list does not hold
VARIANTS: Final = {
    "Software": ("software", "SaaS", "Computer Software"),
    "Financial services": ("Finance", "FinServ", "Financial Services"),
    "Healthcare": ("Health Care", "healthcare"),
    "Manufacturing": ("Mfg", "manufacturing "),
    "Retail": ("retail", "Retail & eCommerce"),
    "Professional services": ("Consulting", "Prof. Services"),
    "Education": ("education", "Higher Ed"),
    "Logistics": ("Transport/Logistics", "logistics"),
    "Energy": ("Oil & Gas", "energy"),
    "Public sector": ("Government", "public sector"),
}
FORM_ENDING: Final = r" (INC|LLC|LTD|CO|GMBH)$"
MARKS: Final = {
    "contract": pl.String, "row_key": pl.String, "column_name": pl.String,
    "kind": pl.String, "true_value": pl.String,
}  # fmt: skip


class Soiler:
    """Soils the extracts of one night; the same row is soiled the same way each night.

    Parameters
    ----------
    world : World
        The company; its scenario holds the rates.
    night : int, day number
        Night of the extracts.

    Attributes
    ----------
    marks : list of DataFrame
        contract, row_key, column_name, kind, true_value of every soiled cell.
    """

    def __init__(self, world: World, night: int) -> None:
        self.world, self.night = world, night
        self.rates = world.scenario.dirt
        self.marks: list[pl.DataFrame] = [pl.DataFrame(schema=MARKS)]
        self._acts: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
            "crm-users": self._users,
            "crm-accounts": self._accounts,
            "crm-opportunities": self._opportunities,
            "crm-opportunity-history": self._history,
            "crm-opportunity-field-history": partial(
                self._history, name="crm-opportunity-field-history"
            ),
            "billing-customers": self._customers,
        }

    def soil(self, contract: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a piece of an extract with its share of faults."""
        act = self._acts.get(contract)
        return frame if act is None or frame.is_empty() else act(frame)

    def _hit(self, rate: float, word: str, rows: NDArray[Any]) -> NDArray[np.bool_]:
        return streams.uniform_of(self.world.seed, f"dirt {word}", rows) < rate

    def _set(
        self,
        contract: str,
        frame: pl.DataFrame,
        column: str,
        hit: NDArray[np.bool_],
        value: Any,
        kind: str,
    ) -> pl.DataFrame:
        """Overwrite cells, by one value or by one for each cell hit; mark the truth."""
        chosen = pl.Series(hit)
        if not chosen.any():
            return frame
        self._mark(contract, frame, column, chosen, kind, frame[column])
        new: pl.Expr | pl.Series = pl.lit(value)
        if isinstance(value, pl.Series):
            new = value.gather(np.maximum(np.cumsum(hit) - 1, 0))
        return frame.with_columns(
            pl.when(chosen).then(new).otherwise(pl.col(column)).alias(column)
        )

    def _mark(
        self,
        contract: str,
        frame: pl.DataFrame,
        column: str,
        hit: pl.Series,
        kind: str,
        truth: pl.Series,
    ) -> None:
        """Remember what is true of the cells hit."""
        marked = pl.DataFrame(
            {
                "row_key": frame[frame.columns[0]].filter(hit),
                "true_value": truth.filter(hit).cast(pl.String),
            }
        ).with_columns(
            pl.lit(contract).alias("contract"),
            pl.lit(column).alias("column_name"),
            pl.lit(kind).alias("kind"),
        )
        self.marks.append(marked.select(*MARKS))

    def _users(self, frame: pl.DataFrame) -> pl.DataFrame:
        hit = self._hit(self.rates.missing_crosswalk_share, "crosswalk", _rows(frame))
        return self._set("crm-users", frame, "employee_number", hit, None, "no number")

    def _accounts(self, frame: pl.DataFrame) -> pl.DataFrame:
        rows, rates = _rows(frame), self.rates
        every, moves = self.world.market.accounts, self.world.market.moves
        seat = as_of_night(
            every["first_seat"], moves["account"], moves["day"], moves["seat"],
            self.night,
        )[rows]  # fmt: skip
        self._waiting("crm-accounts", frame, seat)
        clean = frame
        for column, rate, value, kind in (
            ("industry", rates.blank_industry_share, None, "blank"),
            ("employee_count", rates.blank_employees_share, None, "blank"),
            ("owner_id", rates.orphan_owner_share, GONE_USER, "orphan owner"),
        ):
            hit = self._hit(rate, column, rows)
            frame = self._set("crm-accounts", frame, column, hit, value, kind)
        hit = self._hit(rates.variant_spelling_share, "spelling", rows)
        hit &= frame["industry"].is_not_null().to_numpy()
        pick = streams.uniform_of(self.world.seed, "variant", rows[hit])
        spelt = _variants(frame["industry"].filter(pl.Series(hit)), pick)
        frame = self._set("crm-accounts", frame, "industry", hit, spelt, "variant")
        copies = self._copies(clean, rows)
        created = every["created"][rows]
        city = every["city"][rows].astype(np.int64)  # entered where the account is
        frame = self._misclocked(
            "crm-accounts", frame, rows, created, lambda hit: city[hit]
        )
        if frame.schema["created_at"] == pl.String:
            text = pl.col("created_at").dt.strftime(TIME_FORMAT)
            copies = copies.with_columns(text)
        return pl.concat([frame, copies])

    def copied_at(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each account was entered a second time; far away if never."""
        is_copied = self._hit(self.rates.duplicate_account_share, "copy", rows)
        wait = streams.uniform_of(self.world.seed, "copy days", rows) * 400 + 10
        created = self.world.market.accounts["created"][rows]
        at = created + wait.astype(np.int64) * SECONDS_A_DAY
        return np.where(is_copied, at, 2**62)

    def _copies(self, clean: pl.DataFrame, rows: NDArray[np.int64]) -> pl.DataFrame:
        at = self.copied_at(rows)
        there = at < (self.night + 1) * SECONDS_A_DAY
        kept, moment = rows[there], times(at[there])
        copies = clean.filter(pl.Series(there)).with_columns(
            ids("A", kept + COPY_OFFSET, 7).alias("account_id"),
            pl.col("name")
            .str.to_uppercase()
            .str.replace(r" (INC|LLC|LTD|CO|GMBH)$", ""),
            pl.lit(None, dtype=pl.String).alias("parent_id"),
            pl.lit(None, dtype=pl.Int64).alias("employee_count"),
            moment.alias("created_at"),
            pl.max_horizontal(moment, "modified_at").alias("modified_at"),
        )
        self.marks.append(
            copies.select(
                pl.lit("crm-accounts").alias("contract"),
                pl.col("account_id").alias("row_key"),
                pl.lit("account_id").alias("column_name"),
                pl.lit("duplicate").alias("kind"),
                ids("A", kept, 7).alias("true_value"),
            )
        )
        return copies.select(clean.columns)

    def _opportunities(self, frame: pl.DataFrame) -> pl.DataFrame:
        rows, rates = _rows(frame), self.rates
        owner = self.world.deals.rows["account"][rows].astype(np.int64)
        created = self.world.deals.rows["created"][rows]
        hit = (created > self.copied_at(owner)) & self._hit(
            COPY_DEALS_SHARE, "copy deal", rows
        )
        copy = ids("A", owner[hit] + COPY_OFFSET, 7)
        name, moves = "crm-opportunities", self.world.deals.moves
        frame = self._set(name, frame, "account_id", hit, copy, "on the copy")
        is_open = ~frame["is_closed"].to_numpy()
        seat = as_of_night(
            self.world.deals.rows["first_seat"], moves["deal"], moves["day"],
            moves["seat"], self.night,
        )[rows]  # fmt: skip
        stage = np.where((frame["stage"] == norms.STAGES[0]).to_numpy(), 0, 1)
        self._waiting(name, frame, seats_of_deals(self.world, rows, seat, stage))
        is_past = (frame["close_date"].cast(pl.Int32) <= self.night) & pl.Series(
            is_open
        )
        really = days(self.world.deals.rows["ends"][rows] // SECONDS_A_DAY)
        self._mark(name, frame, "close_date", is_past, "past close date", really)
        hit = self._hit(rates.null_amount_share, "null amount", rows) & is_open
        frame = self._set(name, frame, "amount", hit, None, "no amount")
        hit = self._hit(rates.zero_amount_share, "zero amount", rows) & ~hit
        hit &= ~frame["is_won"].to_numpy()
        zero = pl.Series([0]).cast(frame.schema["amount"])
        zeros = zero.new_from_index(0, int(hit.sum()))
        frame = self._set(name, frame, "amount", hit, zeros, "zero amount")
        hit = self._hit(rates.outlier_amount_share, "outlier", rows) & is_open
        hit &= frame["amount"].is_not_null().to_numpy()
        amount = frame["amount"].filter(pl.Series(hit))
        large = (amount * 1000).cast(frame.schema["amount"])
        frame = self._set(name, frame, "amount", hit, large, "outlier")
        seat = self.world.deals.rows["first_seat"][rows].astype(np.int64)
        frame = self._misclocked(
            name, frame, rows, created,
            lambda hit: zones_of_seats(
                self.world, seat[hit], created[hit] // SECONDS_A_DAY
            ),
        )  # fmt: skip
        # weeks after a deal is closed somebody amends its amount
        late = self._hit(rates.late_edit_share, "late edit", rows) & ~is_open
        days_after = 10 + streams.uniform_of(self.world.seed, "late by", rows) * 40
        at = self.world.deals.rows["ends"][rows] + (days_after * SECONDS_A_DAY).astype(
            np.int64
        )
        late &= at < (self.night + 1) * SECONDS_A_DAY
        draw = streams.uniform_of(self.world.seed, "late amount", rows[late])
        amount = frame["amount"].filter(pl.Series(late)).cast(pl.Float64)
        amended = (amount * pl.Series(0.9 + 0.2 * draw)).round(2)
        amended = amended.cast(frame.schema["amount"])
        frame = self._set(name, frame, "amount", late, amended, "late edit")
        return frame.with_columns(
            pl.when(pl.Series(late))
            .then(pl.max_horizontal(times(at), "modified_at"))
            .otherwise("modified_at")
            .alias("modified_at")
        )

    def _misclocked(
        self,
        name: str,
        frame: pl.DataFrame,
        rows: NDArray[np.int64],
        created: NDArray[np.int64],
        city_of: Callable[[NDArray[np.bool_]], NDArray[np.int64]],
    ) -> pl.DataFrame:
        """Write some times of creation in local time called UTC, or with an offset.

        An offset tells the same moment in other words, so such a column is text.
        """
        hit = self._hit(self.rates.local_time_share, f"local time {name}", rows)
        if hit.any():
            wall = local(self.world, created[hit], city_of(hit))
            wall = wall.dt.replace_time_zone("UTC")
            frame = self._set(name, frame, "created_at", hit, wall, "local time")
        share = self.rates.offset_time_share
        if not share:
            return frame
        hit = ~hit & self._hit(share, f"offset {name}", rows)
        told = with_offset(self.world, created[hit], city_of(hit))
        text = pl.col("created_at").dt.strftime(TIME_FORMAT)
        frame = frame.with_columns(text)
        return self._set(name, frame, "created_at", hit, told, "offset")

    def _waiting(self, name: str, frame: pl.DataFrame, seat: NDArray[np.int64]) -> None:
        """Mark what still belongs to a leaver, with who stands in for them."""
        if not self.rates.left_owner_share:
            return
        stand_in = user_ids(stand_ins(self.world, seat, self.night))
        waits = frame["owner_id"] != stand_in
        if "is_closed" in frame.columns:
            waits &= ~frame["is_closed"]
        self._mark(name, frame, "owner_id", waits, "left owner", stand_in)

    def _history(
        self, frame: pl.DataFrame, *, name: str = "crm-opportunity-history"
    ) -> pl.DataFrame:
        seconds = frame["changed_at"].dt.epoch("s").to_numpy()
        rows = _rows(frame) * 8_191 + seconds
        hit = self._hit(self.rates.backdated_stage_share, "backdated", rows)
        back = 1 + streams.uniform_of(self.world.seed, "back by", rows) * 20
        moved = times((seconds - (back * SECONDS_A_DAY).astype(np.int64) - 1)[hit])
        return self._set(name, frame, "changed_at", hit, moved, "backdated")

    def _customers(self, frame: pl.DataFrame) -> pl.DataFrame:
        rows = np.array(frame["account_id"].str.slice(1).cast(pl.Int64))
        rate = self.rates.duplicate_account_share
        share = min(1.0, self.rates.two_accounts_share / rate) if rate else 0.0
        hit = self._hit(share, "two accounts", rows)
        hit &= self.copied_at(rows) < (self.night + 1) * SECONDS_A_DAY
        return self._set(
            "billing-customers", frame, "account_id", hit, None, "two accounts"
        )


def _rows(frame: pl.DataFrame) -> NDArray[np.int64]:
    """Return the simulation's row numbers out of the ids of the first column."""
    text = frame[frame.columns[0]].str.slice(1)  # one letter, then the number
    return np.array(text.cast(pl.Int64))


def _variants(industry: pl.Series, draw: NDArray[np.float64]) -> pl.Series:
    """Spell industries in one of their other ways."""
    spelt = pl.select(pl.lit(industry))
    expression = pl.col(industry.name)
    for name, variants in VARIANTS.items():
        place = np.floor(draw * len(variants)).astype(np.int64)
        other = pl.Series(variants).gather(place)
        expression = pl.when(industry == name).then(other).otherwise(expression)
    return spelt.select(expression).to_series()
