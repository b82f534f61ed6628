"""Statistics of evaluation: intervals for rates, quantiles for times. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution: two-sided 95 % intervals."""


def wilson(rate: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval of a rate observed in `n` cases, within [0, 1].

    Unlike the interval from the normal approximation it stays sensible at 0 and 1 and for small
    `n`. For the mean of values in [0, 1] that are not all 0 or 1 (recall, reciprocal ranks) it is
    on the wide side: their variance is at most mean · (1 - mean), that of a rate.

    Source: Wilson, Journal of the American Statistical Association 22 (1927), 209-212.

    Raises:
        ValueError: `n` is not positive or `rate` lies outside [0, 1].
    """
    if n <= 0 or not 0 <= rate <= 1:
        raise ValueError(f"a rate in [0, 1] of n > 0 cases is needed, not {rate} of {n}")
    weight = z * z / n
    centre = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / n + weight / (4 * n))
    # At the ends the bound is the rate itself; rounding must not push it past that.
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the `share` quantile of `values`, interpolated linearly between order statistics.

    Source: type 7 of Hyndman and Fan, The American Statistician 50 (1996), 361-365.

    Raises:
        ValueError: there are no values or `share` lies outside [0, 1].
    """
    if not values or not 0 <= share <= 1:
        raise ValueError("values and a share in [0, 1] are needed")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
