"""The ramp curve and its slopes: the share of full productivity by months of tenure."""

import numpy as np

from ml.panel import Floats

LOG5 = float(np.log(5.0))  # 1 - 0.2^z = 1 - exp(-LOG5 z)
SHORTEST_TENURE = 0.05  # months; keeps logarithms finite on the first day


def ramp_share(tenure: Floats, months_to_80: Floats, shape: Floats) -> Floats:
    """Return ``1 - 0.2 ** ((tenure / months_to_80) ** shape)``, broadcast.

    Parameters
    ----------
    tenure : float, months since hire, >= 0
    months_to_80 : float, months, > 0
        Tenure at which a rep reaches 80 % of full productivity.
    shape : float, > 0
        1 rises at once and flattens; above 1 starts slowly.

    Returns
    -------
    float in [0, 1)
        Rising in tenure; exactly 0.8 at `months_to_80`.

    Examples
    --------
    >>> ramp_share(np.array([0.0, 6.0, 60.0]), 6.0, 1.0).round(3)
    array([0. , 0.8, 1. ])
    """
    with np.errstate(over="ignore"):
        z = (np.maximum(tenure, 0.0) / months_to_80) ** shape
        share: Floats = -np.expm1(-LOG5 * z)
    return share


def share_and_slopes(
    tenure: Floats, log_m80: Floats, log_shape: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the share and its log-derivatives by log m80 and by log shape."""
    k = np.exp(log_shape)
    ratio = np.log(np.maximum(tenure, SHORTEST_TENURE)) - log_m80
    z = np.exp(np.minimum(k * ratio, 6.0))  # past exp(6) the share is 1 to the last bit
    rest = np.exp(-LOG5 * z)
    share = np.maximum(1.0 - rest, 1e-6)
    common = LOG5 * z * rest * k / share
    return share, -common, common * ratio
