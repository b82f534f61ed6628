"""Statistics of evaluation: intervals, paired tests, areas under curves. Pure functions of numbers.

Cases that rest on the same document share its difficulty, so means are resampled by document and
not by case. Everything random takes a seed: the same answers give the same report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Z95 = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution: two-sided 95 % intervals."""

RESAMPLES = 2000
"""Bootstrap resamples: the bounds of a 95 % interval then wobble by about a tenth of its width."""

SEED = 542


def wilson(rate: float, n: int, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval of a rate observed in `n` cases, within [0, 1].

    Unlike the interval from the normal approximation it stays sensible at 0 and 1 and for small
    `n`.

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


def zero_bound(n: int, confidence: float = 0.95) -> float:
    """Return the rate that zero failures in `n` cases rule out: the exact one-sided upper bound.

    1 - (1 - confidence)^(1/n), about 3/n: seeing nothing in 30 cases leaves room for 9.5 %.

    Source: Hanley and Lippman-Hand, JAMA 249 (1983), 1743-1745.

    Raises:
        ValueError: `n` is not positive.
    """
    if n <= 0:
        raise ValueError("n > 0 cases are needed")
    return float(1 - (1 - confidence) ** (1 / n))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the `share` quantile of `values`, interpolated linearly between order statistics.

    Source: type 7 of Hyndman and Fan, The American Statistician 50 (1996), 361-365.

    Raises:
        ValueError: there are no values or `share` lies outside [0, 1].
    """
    if not len(values) or not 0 <= share <= 1:
        raise ValueError("values and a share in [0, 1] are needed")
    return float(np.quantile(np.asarray(values, dtype=float), share))


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], float],
    clusters: Sequence[Hashable],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic when whole clusters are drawn anew.

    `statistic` takes the positions of the drawn cases (with repetitions) and may return NaN where
    it is undefined for a draw, such as an area under a curve of one class: that draw is left out.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 8 and 13; Field
    and Welsh, Journal of the Royal Statistical Society B 69 (2007), 369-390, for clusters.

    Raises:
        ValueError: there are no cases, or the statistic is defined for no draw.
    """
    members = _members(clusters)
    random = np.random.default_rng(seed)
    draws = random.integers(len(members), size=(resamples, len(members)))
    values = np.array([statistic(np.concatenate([members[i] for i in row])) for row in draws])
    values = values[~np.isnan(values)]
    if not len(values):
        raise ValueError("the statistic is undefined for every resample")
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def bootstrap_mean(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, drawn anew by cluster; see `bootstrap`."""
    means = _mean_resamples(values, clusters, seed, resamples)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def mcnemar(lost: int, won: int) -> float:
    """Return the two-sided p-value that `lost` against `won` cases flipped by chance alone.

    The exact test: under no difference each flip goes either way like a fair coin.

    Source: McNemar, Psychometrika 12 (1947), 153-157; exact form as in Fagerland et al., BMC
    Medical Research Methodology 13 (2013), 91.
    """
    if lost + won == 0:
        return 1.0
    return float(stats.binomtest(won, lost + won, 0.5).pvalue)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of paired differences with its 95 % interval and two-sided p-value."""

    mean: float
    low: float
    high: float
    p: float


def paired_bootstrap(
    differences: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> Difference:
    """Judge paired differences by drawing clusters of them anew.

    p is twice the share of resampled means on the other side of zero, at least 1 / resamples:
    fewer draws than that were not made.

    Source: Efron and Tibshirani (1993), chapter 15; for evaluation of language systems Koehn,
    EMNLP 2004, https://aclanthology.org/W04-3250.
    """
    values = np.asarray(differences, dtype=float)
    if not values.any():
        return Difference(0.0, 0.0, 0.0, 1.0)
    means = _mean_resamples(differences, clusters, seed, resamples)
    low, high = np.quantile(means, (0.025, 0.975))
    beyond = min((means <= 0).mean(), (means >= 0).mean())
    p = min(1.0, max(2 * float(beyond), 1 / resamples))
    return Difference(float(values.mean()), float(low), float(high), p)


def _mean_resamples(
    values: Sequence[float], clusters: Sequence[Hashable], seed: int, resamples: int
) -> NDArray[np.float64]:
    """Return the mean of each resample: sums and sizes of clusters suffice, so it is quick."""
    given = np.asarray(values, dtype=float)
    members = _members(clusters)
    sums = np.array([given[m].sum() for m in members])
    sizes = np.array([len(m) for m in members])
    random = np.random.default_rng(seed)
    draws = random.integers(len(members), size=(resamples, len(members)))
    means: NDArray[np.float64] = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    return means


def _members(clusters: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """Return the positions of each cluster's cases, clusters in order of appearance."""
    if not clusters:
        raise ValueError("cases are needed")
    found: dict[Hashable, list[int]] = {}
    for position, cluster in enumerate(clusters):
        found.setdefault(cluster, []).append(position)
    return [np.array(positions) for positions in found.values()]
