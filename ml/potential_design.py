"""Turn what is known of accounts into columns, with words for what they do."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.panel import Floats

TEXT = ("segment_id", "region_id", "country", "industry")
SIZES = ("employee_count", "annual_revenue_cents")
RARE = 5  # accounts below which a category is read as "other"


@dataclass(frozen=True, slots=True)
class Design:
    """Columns of the firmographic regression; the first is the intercept."""

    x: Floats  # (a, p)
    names: list[str]  # (p,)

    def regress(self, spend: Floats, coefficient_sd: float) -> Floats:
        """Return log-link coefficients of yearly spend, (p,).

        Notes
        -----
        Quasi-Poisson by Fisher scoring; the dispersion is Pearson's, so that few
        spenders move the coefficients little.
        """
        x = self.x
        p = x.shape[1]
        beta = np.zeros(p)
        unit = max(float(spend.mean()), 1e-9)
        y = spend / unit
        sd = np.full(p, coefficient_sd)
        sd[0] = 10.0
        dispersion = 1.0
        for _ in range(40):
            mean = np.exp(np.clip(x @ beta, -12, 12))
            residual = (y - mean) ** 2
            dispersion = float(max(residual.sum() / mean.sum(), 1e-3))
            hessian = (x * (mean / dispersion)[:, None]).T @ x + np.diag(1 / sd**2)
            gradient = x.T @ ((y - mean) / dispersion) - beta / sd**2
            move = np.clip(np.linalg.solve(hessian, gradient), -1.0, 1.0)
            beta = beta + move
            if np.abs(move).max() < 1e-8:
                break
        beta[0] += np.log(unit)
        return beta

    def means(self, beta: Floats) -> Floats:
        """Return the mean yearly spend of each account under `beta`, (a,)."""
        out: Floats = np.exp(np.clip(self.x @ beta, -30, 40))
        return out

    def ranks(self, mean: Floats) -> Floats:
        """Return the mid-rank of each mean, (a,), 0 to 1; 0.5 when all are equal."""
        order = np.sort(mean)
        low = np.searchsorted(order, mean * (1 - 1e-12), side="left")
        high = np.searchsorted(order, mean * (1 + 1e-12), side="right")
        out: Floats = (low + high) / 2 / len(mean)
        return out

    def drivers(self, beta: Floats) -> list[str]:
        """Return the two strongest effects of each account in words."""
        effect = (self.x - self.x.mean(axis=0)) * beta
        effect[:, 0] = 0.0
        order = np.argsort(-np.abs(effect), axis=1, kind="stable")[:, :2]
        out = []
        for row, places in enumerate(order):
            parts = [
                f"{self.names[j]} x{np.exp(effect[row, j]):.2f}"
                for j in places
                if abs(effect[row, j]) > 0.02
            ]
            out.append("; ".join(parts))
        return out


def make_design(accounts: pl.DataFrame) -> Design:
    """Return the columns of whatever firmographics the frame has."""
    n = accounts.height
    columns, names = [np.ones(n)], ["intercept"]
    for name in TEXT:
        if name not in accounts.columns:
            continue
        text = accounts[name].cast(pl.String).fill_null("unknown")
        counts = text.value_counts().sort(name)
        common = counts.filter(pl.col("count") >= RARE)[name].to_list()
        if len(common) < 2:
            continue
        for value in common:
            columns.append((text == value).cast(pl.Float64).to_numpy())
            names.append(f"{name.removesuffix('_id')} {value}")
    for name in SIZES:
        if name not in accounts.columns:
            continue
        size = accounts[name].cast(pl.Float64).fill_nan(None)
        known = size.is_not_null().to_numpy()
        if known.sum() < RARE:
            continue
        log = np.log1p(np.maximum(size.fill_null(0.0).to_numpy(), 0.0))
        centre, spread = log[known].mean(), max(log[known].std(), 1e-9)
        z = np.where(known, (log - centre) / spread, 0.0)
        columns += [z, np.where(known, z**2 - 1, 0.0) / 3]
        label = name.removesuffix("_cents").replace("_", " ")
        names += [label, f"{label} (curve)"]
    return Design(np.column_stack(columns), names)
