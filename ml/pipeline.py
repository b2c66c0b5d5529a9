"""Bookings of the next months from open opportunities, as they looked at the time.

A stated close date is a feature here, never a date; bookings from opportunities that
nobody has created yet are always added.
"""

from calendar import monthrange
from datetime import date
from typing import Self

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.estimator import Estimator, require_fitted
from ml.logistic import fit_ridge_logistic, sigmoid
from ml.panel import Floats, check_columns, refuse_where, totals
from ml.win_level import win_level, win_season

SNAPSHOT_COLUMNS: dict[str, pl.DataType] = {
    "opportunity_id": pl.String(),
    "snapshot_on": pl.Date(),
    "stage": pl.String(),
    "amount_cents": pl.Int64(),
    "created_on": pl.Date(),
    "stated_close_on": pl.Date(),
}
OUTCOME_COLUMNS: dict[str, pl.DataType] = {
    "opportunity_id": pl.String(),
    "created_on": pl.Date(),
    "closed_on": pl.Date(),
    "is_won": pl.Boolean(),
    "amount_cents": pl.Int64(),
}
DUE_EDGES = (-60.0, -30.0, 0.0, 30.0, 60.0, 90.0, 150.0, 240.0)  # days to stated close
AGE_EDGES = (15.0, 45.0, 90.0, 150.0, 240.0, 360.0)  # days since creation
EPOCH = date(1970, 1, 1)
OUTLIER_SDS = 4.0  # of log amounts: one true deal in 30,000 is larger
FEW_AMOUNTS = 20  # below so many, only what was won says how large deals get
SIGNAL_WINDOWS = 36  # most one-month windows behind the fast level


class PipelineEstimator(Estimator):
    """Chance that each open opportunity is won within 1 to `horizon` months.

    Parameters
    ----------
    horizon : int, months, default 6
    is_fast : bool, default True
        Scale by what past one-month windows won against what was expected
        (`ml.win_level`), so that a slump in win rates shows within months.
    coefficient_sd : float, default 1.0
        Prior standard deviation of log-odds effects.
    most_rows : int, default 20,000
        Snapshot rows one horizon's model reads; beyond it, evenly spaced ones.

    Attributes
    ----------
    level_ : float
        Fast level: 1 when recent wins were as expected.
    largest_cents_ : float
        Stated amounts above it count as it: no deal of that size was ever won.
    snapshots_count_ : int
        Snapshot dates learned from.
    is_thin_ : bool
        Fewer than 20 wins to learn from: treat the answer as a guess.

    Notes
    -----
    One logistic model per horizon on stage, age, days to the stated close date and
    amount at the snapshot, times a season by its calendar month; a training row
    counts only when its whole window had passed by `as_of`. Opportunities not yet
    created add their past ratio to the bookings of the 12 months before each
    snapshot.

    Examples
    --------
    See ``docs/methods/pipeline.md`` for a worked example.
    """

    def __init__(
        self,
        *,
        horizon: int = 6,
        is_fast: bool = True,
        coefficient_sd: float = 1.0,
        most_rows: int = 20_000,
    ) -> None:
        self.horizon = horizon
        self.is_fast = is_fast
        self.coefficient_sd = coefficient_sd
        self.most_rows = most_rows

    def fit(self, X: pl.DataFrame, y: pl.DataFrame, *, as_of: date) -> Self:
        """Learn from month-end snapshots and what became of the opportunities.

        Parameters
        ----------
        X : polars.DataFrame
            opportunity_id, snapshot_on date, stage, amount_cents i64 (null counts as
            unknown), created_on date, stated_close_on date (null allowed): every
            opportunity open at each snapshot, as it looked then.
        y : polars.DataFrame
            opportunity_id, created_on date, closed_on date (null while open), is_won
            bool, amount_cents i64: all opportunities, as known at `as_of`.
        as_of : date
            Rows and outcomes after it are not read.

        Raises
        ------
        ValueError
            If a column is missing or `horizon` is below 1.
        ForecastError
            If there is no snapshot or no win at least one month before `as_of`.
        """
        if self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}; pass 1 or more months")
        snapshots = check_columns(X, SNAPSHOT_COLUMNS, "the pipeline snapshots")
        outcomes = check_columns(y, OUTCOME_COLUMNS, "the opportunities")
        refuse_where(
            outcomes,
            pl.col("opportunity_id").is_duplicated(),
            "an opportunity appears twice",
            "pass its latest state only",
        )
        self.as_of_ = as_of
        known = outcomes.filter(pl.col("created_on") <= as_of).with_columns(
            is_won=pl.col("is_won") & (pl.col("closed_on") <= as_of)
        )
        rows = snapshots.filter(pl.col("snapshot_on") <= as_of)
        self._learn(rows, known, as_of)
        return self

    def _learn(self, rows: pl.DataFrame, known: pl.DataFrame, as_of: date) -> None:
        """Fit stages, models, level and add-on on what was known at `as_of`."""
        wins = known.filter("is_won")
        joined = rows.join(
            wins.select("opportunity_id", "closed_on", won_cents="amount_cents"),
            on="opportunity_id",
            how="left",
            maintain_order="left",
        ).sort("snapshot_on", "opportunity_id")
        self.stages_ = sorted(str(s) for s in rows["stage"].drop_nulls().unique())
        amount = rows["amount_cents"].drop_nulls()
        self.usual_cents_ = float(np.median(amount.to_numpy())) if amount.len() else 0.0
        self.largest_cents_ = _largest(amount, wins["amount_cents"].drop_nulls())
        self.models_: list[Floats] = []
        self.seasons_: list[Floats] = []
        usable = joined.filter(pl.col("snapshot_on") <= _months_before(as_of, 1))
        if usable.height == 0 or wins.height == 0:
            raise ForecastError(
                f"no pipeline snapshot or win is a month older than {as_of}",
                fix="load opportunity history, or wait for a month of snapshots",
            )
        self.snapshots_count_ = usable["snapshot_on"].n_unique()
        won_inside = 0
        for h in range(1, self.horizon + 1):
            closed = joined.filter(pl.col("snapshot_on") <= _months_before(as_of, h))
            if closed.height < 30 and self.models_:
                self.models_.append(self.models_[-1])
                self.seasons_.append(self.seasons_[-1])
                continue
            part = closed if closed.height else usable
            part = part.gather_every(1 + part.height // self.most_rows)
            label = _won_within(part, h)
            won_inside = max(won_inside, int(label.sum()))
            x = self._features(part)
            rate = float(np.clip(label.mean(), 0.005, 0.95))
            mean = np.zeros(x.shape[1])
            mean[0] = np.log(rate / (1 - rate))
            sd = np.full(x.shape[1], self.coefficient_sd)
            sd[0] = 3.0
            near = (
                self.models_[-1] if self.models_ else None
            )  # a month less: much alike
            fit = fit_ridge_logistic(x, label, prior_mean=mean, prior_sd=sd, start=near)
            self.models_.append(fit.coefficients)
            self.seasons_.append(self._season(part, x, label))
        self.is_thin_ = won_inside < 20
        self.amount_ratio_ = self._amounts(joined, as_of)
        self.level_ = self._fast_level(joined, as_of) if self.is_fast else 1.0
        self.new_ratio_ = _new_ratios(usable, wins, as_of, self.horizon)
        last_year = wins.filter(pl.col("closed_on") > _months_before(as_of, 12))
        self.last_year_cents_ = float(last_year["amount_cents"].sum())

    def _features(self, rows: pl.DataFrame) -> Floats:
        """Return the design of snapshot rows, (n, p); every entry known at the time."""
        days = (rows["stated_close_on"] - rows["snapshot_on"]).dt.total_days()
        age = (rows["snapshot_on"] - rows["created_on"]).dt.total_days()
        due = days.fill_null(75).cast(pl.Float64).to_numpy()
        old = age.fill_null(60).cast(pl.Float64).to_numpy()
        amount = rows["amount_cents"].cast(pl.Float64).fill_null(self.usual_cents_)
        log_amount = np.log(
            np.maximum(amount.to_numpy(), 100.0) / max(self.usual_cents_, 100.0)
        )
        place = {name: i for i, name in enumerate(self.stages_)}
        stage = rows["stage"].replace_strict(place, default=-1, return_dtype=pl.Int64)
        one_hot = stage.fill_null(-1).to_numpy()[:, None] == np.arange(len(place))
        return np.column_stack(
            [
                np.ones(rows.height),
                one_hot.astype(np.float64),
                np.eye(len(DUE_EDGES) + 1)[np.searchsorted(DUE_EDGES, due)],
                np.eye(len(AGE_EDGES) + 1)[np.searchsorted(AGE_EDGES, old)],
                np.clip(log_amount, -4, 4) / 2,
                days.is_null().to_numpy().astype(np.float64),
            ]
        )

    def _amounts(self, joined: pl.DataFrame, as_of: date) -> float:
        """Return won amount over amount in the snapshot, for wins of the past."""
        won = joined.filter(
            pl.col("won_cents").is_not_null() & (pl.col("closed_on") <= as_of)
        )
        stated = float(won["amount_cents"].fill_null(self.usual_cents_).sum())
        if stated <= 0 or won.height < 5:
            return 1.0
        pull = 5 * stated / won.height
        return (float(won["won_cents"].sum()) + pull) / (stated + pull)

    def _fast_level(self, joined: pl.DataFrame, as_of: date) -> float:
        """Compare past one-month windows with what the model expected of them."""
        last = _months_before(as_of, 1)
        dates: list[date] = joined["snapshot_on"].unique().sort().to_list()
        chosen: list[date] = []
        for on in reversed([on for on in dates if on <= last]):
            # Windows must not overlap: weekly snapshots count one a month.
            if not chosen or on <= _months_before(chosen[-1], 1):
                chosen.append(on)
        chosen = sorted(chosen[:SIGNAL_WINDOWS])
        if not chosen:
            return 1.0
        rows = joined.filter(pl.col("snapshot_on").is_in(chosen))
        chance = self._raw_chances(rows)[:, 0]
        place = rows["snapshot_on"].rank("dense").to_numpy().astype(np.intp) - 1
        expected = totals(place, chance, len(chosen))
        likely = np.clip(chance, 0.0, 1.0)
        luck = totals(place, likely * (1.0 - likely), len(chosen))
        return win_level(
            expected,
            totals(place, _won_within(rows, 1), len(chosen)),
            luck / np.maximum(expected, 1e-9),
        )

    def win_probability(self, X: pl.DataFrame) -> pl.DataFrame:
        """Return the chance that each open opportunity is won within each horizon.

        Parameters
        ----------
        X : polars.DataFrame
            Snapshot rows as for `fit`, normally those of `as_of`.

        Returns
        -------
        polars.DataFrame
            opportunity_id str, horizon i32 (months), win_share f64; rises with the
            horizon.
        """
        return self.expected(X).drop("expected_cents")

    def expected(self, X: pl.DataFrame) -> pl.DataFrame:
        """Return what each open opportunity is expected to bring.

        Parameters
        ----------
        X : polars.DataFrame
            As for `win_probability`.

        Returns
        -------
        polars.DataFrame
            opportunity_id str, horizon i32, win_share f64, expected_cents f64: chance
            times amount, at the past ratio of won to stated amounts; cumulative.
        """
        require_fitted(self)
        rows = check_columns(X, SNAPSHOT_COLUMNS, "the open pipeline")
        chance = self._chances(rows)
        n, h = chance.shape
        amount = rows["amount_cents"].cast(pl.Float64).fill_null(self.usual_cents_)
        believed = np.minimum(amount.to_numpy(), self.largest_cents_)
        cents = believed[:, None] * chance * self.amount_ratio_
        return pl.DataFrame(
            {
                "opportunity_id": np.repeat(rows["opportunity_id"].to_numpy(), h),
                "horizon": np.tile(np.arange(1, h + 1, dtype=np.int32), n),
                "win_share": chance.ravel(),
                "expected_cents": cents.ravel(),
            },
            schema_overrides={"opportunity_id": pl.String},
        )

    def _chances(self, rows: pl.DataFrame) -> Floats:
        """Return win-within chances, (n, horizon), rising, at the fast level."""
        raw = self._raw_chances(rows) * self.level_
        return np.maximum.accumulate(np.clip(raw, 0.0, 0.99), axis=1)

    def _raw_chances(self, rows: pl.DataFrame) -> Floats:
        """Return chances in their season, (n, horizon), before the fast level."""
        x = self._features(rows)
        month = rows["snapshot_on"].dt.month().to_numpy() - 1
        both = zip(self.models_, self.seasons_, strict=True)
        return np.column_stack(
            [sigmoid(x @ beta) * np.exp(season[month]) for beta, season in both]
        )

    def _season(self, rows: pl.DataFrame, x: Floats, label: Floats) -> Floats:
        """Return the log effect of the calendar month of the snapshot, (12,)."""
        dates = rows["snapshot_on"].unique().sort()
        place = rows["snapshot_on"].rank("dense").to_numpy().astype(np.intp) - 1
        chance = sigmoid(x @ self.models_[-1])
        month = dates.dt.month().to_numpy().astype(np.intp) - 1
        n = dates.len()
        return win_season(month, totals(place, chance, n), totals(place, label, n))

    def predict(self, X: pl.DataFrame) -> pl.DataFrame:
        """Return expected bookings of the next months from today's pipeline.

        Parameters
        ----------
        X : polars.DataFrame
            Opportunities open at `as_of`.

        Returns
        -------
        polars.DataFrame
            horizon i32, open_cents f64 (from these opportunities, within that many
            months), new_cents f64 (from opportunities not yet created), total_cents
            f64; all cumulative over the horizon.
        """
        require_fitted(self)
        open_cents = np.zeros(self.horizon)
        if X.height:
            cents = self.expected(X)["expected_cents"].to_numpy()
            open_cents = cents.reshape(X.height, self.horizon).sum(axis=0)
        new = self.new_ratio_ * self.last_year_cents_
        new = new * (0.5 + 0.5 * self.level_)  # new opportunities feel a slump too
        return pl.DataFrame(
            {
                "horizon": np.arange(1, self.horizon + 1, dtype=np.int32),
                "open_cents": open_cents,
                "new_cents": new,
                "total_cents": open_cents + new,
            }
        )


def _largest(stated: pl.Series, won: pl.Series) -> float:
    """Return the largest amount believed of an open opportunity, cents.

    Four robust standard deviations of the logarithm above the usual amount, and never
    less than the largest deal won: a typing error must not become the forecast.
    """
    positive = stated.filter(stated > 0).cast(pl.Float64).log()
    best = float(won.cast(pl.Float64).max() or 0.0)  # type: ignore[arg-type]  # a number
    if positive.len() < FEW_AMOUNTS:
        return best or float("inf")
    logs = positive.to_numpy()
    middle = float(np.median(logs))
    sd = 1.4826 * float(np.median(np.abs(logs - middle)))
    return max(best, float(np.exp(middle + OUTLIER_SDS * sd)))


def _months_before(day: date, months: int) -> date:
    """Return the same day `months` earlier, or the last day of that month."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _won_within(rows: pl.DataFrame, months: int) -> Floats:
    """Return 1 where the row's opportunity was won within `months` of its snapshot."""
    end = rows["snapshot_on"].dt.offset_by(f"{months}mo")
    inside = (rows["closed_on"] <= end) & (rows["closed_on"] > rows["snapshot_on"])
    return inside.fill_null(False).cast(pl.Float64).to_numpy()


def _new_ratios(
    rows: pl.DataFrame, wins: pl.DataFrame, as_of: date, horizon: int
) -> Floats:
    """Return bookings from later-created opportunities over the 12 months before."""
    closed = wins["closed_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    created = wins["created_on"].to_numpy().astype("datetime64[D]").astype(np.int64)
    cents = wins["amount_cents"].cast(pl.Float64).fill_null(0.0).to_numpy()
    dates: list[date] = rows["snapshot_on"].unique().sort().to_list()
    above, below = np.zeros(horizon), np.zeros(horizon)
    for on in dates:
        at = (on - EPOCH).days
        year_ago = (_months_before(on, 12) - EPOCH).days
        year = cents[(closed > year_ago) & (closed <= at)].sum()
        seen = np.clip((at - closed.min()) / 30.4, 1.0, 12.0)
        for h in range(1, horizon + 1):
            end = _months_before(on, -h)
            if end > as_of:
                break
            inside = (created > at) & (closed > at) & (closed <= (end - EPOCH).days)
            above[h - 1] += cents[inside].sum()
            below[h - 1] += year * 12.0 / seen
    ratio = np.divide(above, below, out=np.zeros(horizon), where=below > 0)
    out: Floats = np.maximum.accumulate(ratio)
    return out
