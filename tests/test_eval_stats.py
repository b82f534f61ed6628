"""Statistics of evaluation, against published values, closed forms and scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from eval.stats import (
    bootstrap,
    bootstrap_mean,
    mcnemar,
    paired_bootstrap,
    quantile,
    wilson,
    zero_bound,
)


def test_wilson_interval_against_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    for events, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(events / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_contains_the_rate_and_is_symmetric() -> None:
    for n in (1, 7, 500):
        for events in range(0, n + 1, max(1, n // 7)):
            low, high = wilson(events / n, n)
            assert 0 <= low <= events / n <= high <= 1
            assert wilson(1 - events / n, n) == pytest.approx((1 - high, 1 - low))


def test_wilson_interval_as_scipy_has_it() -> None:
    for events, n in ((0, 4), (3, 17), (29, 30), (250, 1000)):
        found = stats.binomtest(events, n).proportion_ci(0.95, method="wilson")
        assert wilson(events / n, n) == pytest.approx((found.low, found.high), abs=1e-12)


def test_no_failure_rules_out_what_scipy_rules_out() -> None:
    for n in (1, 7, 57, 1000):
        # The one-sided 95 % bound is the upper end of the two-sided exact 90 % interval.
        exact = stats.binomtest(0, n).proportion_ci(0.90, method="exact")
        assert zero_bound(n) == pytest.approx(exact.high)
    assert zero_bound(300) == pytest.approx(3 / 300, rel=0.01)  # the rule of three
    with pytest.raises(ValueError, match="n > 0"):
        zero_bound(0)


def test_statistics_refuse_what_has_no_answer() -> None:
    for rate, n in ((0.5, 0), (1.1, 3), (-0.1, 3)):
        with pytest.raises(ValueError, match="rate"):
            wilson(rate, n)
    with pytest.raises(ValueError, match="values"):
        quantile([], 0.5)


def test_quantiles_interpolate() -> None:
    assert quantile([4.0], 0.95) == 4.0
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.95) == pytest.approx(3.85)
    assert (quantile([5.0, 1.0], 0.0), quantile([5.0, 1.0], 1.0)) == (1.0, 5.0)


def test_bootstrap_of_single_cases_is_near_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(0.4, 0.2, 400)
    low, high = bootstrap_mean(values.tolist(), range(400))
    half = 1.96 * values.std() / math.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_bootstrap_agrees_with_scipy() -> None:
    values = np.random.default_rng(2).beta(2, 5, 120)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(3)
    ).confidence_interval
    low, high = bootstrap_mean(values.tolist(), range(120), resamples=4000)
    width = theirs.high - theirs.low
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.06 * width)


def test_cases_of_one_document_count_little_more_than_one_case() -> None:
    values = [0.0] * 50 + [1.0] * 50
    alone = bootstrap_mean(values, range(100))
    by_document = bootstrap_mean(values, [i // 25 for i in range(100)])
    assert by_document[1] - by_document[0] > 3 * (alone[1] - alone[0])
    # Four documents of which two are right: as wide as four cases of which two are right.
    assert by_document == bootstrap_mean([0.0, 0.0, 1.0, 1.0], range(4))


def test_bootstrap_of_any_statistic_is_that_of_the_mean() -> None:
    values = np.random.default_rng(4).random(40)
    clusters = [i % 10 for i in range(40)]
    found = bootstrap(lambda drawn: float(values[drawn].mean()), clusters)
    assert found == pytest.approx(bootstrap_mean(values.tolist(), clusters))
    assert bootstrap(lambda drawn: float(values[drawn].mean()), clusters) == found  # seeded


def test_draws_for_which_a_statistic_is_undefined_are_left_out() -> None:
    kinds = np.array([1, 0])
    mixed = bootstrap(lambda d: float("nan") if len(set(kinds[d])) < 2 else 0.5, [0, 1])
    assert mixed == (0.5, 0.5)
    with pytest.raises(ValueError, match="undefined"):
        bootstrap(lambda drawn: float("nan"), [0, 1])
    with pytest.raises(ValueError, match="cases are needed"):
        bootstrap_mean([], [])


def test_mcnemar_against_the_binomial_by_hand() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 0) == pytest.approx(2 / 2**5)
    assert mcnemar(1, 4) == pytest.approx(2 * (1 + 5) / 2**5)
    assert mcnemar(3, 3) == pytest.approx(1.0)
    assert mcnemar(8, 2) == mcnemar(2, 8)


def test_paired_bootstrap_sees_a_shift_and_not_noise() -> None:
    rng = np.random.default_rng(5)
    shift = paired_bootstrap((rng.normal(0.1, 0.2, 200)).tolist(), range(200))
    assert shift.low < 0.1 < shift.high
    assert shift.low > 0
    assert shift.p < 0.01
    noise = paired_bootstrap([0.1, -0.1] * 100, range(200))
    assert noise.low < 0 < noise.high
    assert noise.p > 0.5
    assert paired_bootstrap([0.0] * 9, range(9)).p == 1.0


def test_paired_bootstrap_has_about_the_p_value_of_the_t_test() -> None:
    values = np.random.default_rng(6).normal(0.03, 0.2, 150)
    theirs = stats.ttest_1samp(values, 0.0).pvalue
    assert paired_bootstrap(values.tolist(), range(150)).p == pytest.approx(theirs, abs=0.02)
