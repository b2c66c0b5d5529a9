"""A smooth departure from the Weibull ramp, one per group, for large companies."""

from dataclasses import dataclass

import numpy as np

from ml.panel import Floats, Ints

KNOTS = np.linspace(0.0, 3.0, 13)  # in multiples of months to 80 %; 0 departure at 3
STEP_SD_GRID = np.array([0.02, 0.05, 0.1, 0.2])


@dataclass(frozen=True, slots=True)
class Departure:
    """Log departure at each knot and its covariance; zero at the last knot."""

    value: Floats  # (13,)
    covariance: Floats  # (13, 13)


def _basis(x: Floats) -> tuple[Ints, Floats]:
    """Return the lower knot of each place and the weight of the upper one."""
    width = KNOTS[1]
    at = np.clip(x / width, 0.0, len(KNOTS) - 1 - 1e-9)
    low = at.astype(np.intp)
    return low, at - low


def departure_at(
    departure: list[Departure], group: Ints, tenure: Floats, log_m80: Floats
) -> Floats:
    """Return the log departure of each row, (n,)."""
    values = np.array([d.value for d in departure])
    low, w = _basis(tenure * np.exp(-log_m80))
    out: Floats = (1 - w) * values[group, low] + w * values[group, low + 1]
    return out


def fit_departure(
    departure: list[Departure],
    group: Ints,
    tenure: Floats,
    log_m80: Floats,
    y: Floats,
    fitted: Floats,
    dispersion: Floats,
) -> list[Departure]:
    """Move every group's departure one scoring step.

    Notes
    -----
    Random walk on the log departure over tenure in multiples of months to 80 %,
    tied to zero at three times that; its step is chosen by evidence on a grid.
    """
    n_groups, n_knots = len(dispersion), len(KNOTS)
    low, w = _basis(tenure * np.exp(-log_m80))
    weight = 1.0 / dispersion[group]
    out = []
    free = n_knots - 1
    steps = np.diff(np.eye(n_knots), axis=0)[:, :free]
    for s in range(n_groups):
        rows = group == s
        lo, up = low[rows], w[rows]
        info = np.zeros((n_knots, n_knots))
        full = fitted[rows] * weight[rows]
        np.add.at(info, (lo, lo), full * (1 - up) ** 2)
        np.add.at(info, (lo, lo + 1), full * up * (1 - up))
        np.add.at(info, (lo + 1, lo), full * up * (1 - up))
        np.add.at(info, (lo + 1, lo + 1), full * up**2)
        over = y[rows] * weight[rows] - full
        score = np.bincount(lo, over * (1 - up), n_knots) + np.bincount(
            lo + 1, over * up, n_knots
        )
        at = departure[s].value[:free] if departure else np.zeros(free)
        j = info[:free, :free]
        h = j @ at + score[:free]
        best = (-np.inf, np.zeros(free), np.zeros((free, free)))
        for sd in STEP_SD_GRID:
            precision = steps.T @ steps / sd**2
            both = precision + j
            cov = np.linalg.inv(both)
            mean = cov @ h
            evidence = 0.5 * (
                np.linalg.slogdet(precision)[1] - np.linalg.slogdet(both)[1] + h @ mean
            )
            evidence -= 0.5 * (np.log(sd / 0.05) / 0.8) ** 2
            if evidence > best[0]:
                best = (float(evidence), mean, cov)
        value = np.append(np.clip(best[1], -1.0, 1.0), 0.0)
        covariance = np.zeros((n_knots, n_knots))
        covariance[:free, :free] = best[2]
        out.append(Departure(value=value, covariance=covariance))
    return out
