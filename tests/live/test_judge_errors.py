"""A judge's error rates: one-sided counts, Wilson's intervals, and how often these hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.judge_errors import judge_error_rates
from tests.scenes import chance


def labelled(
    true_pass: int, true_fail: int, false_pass: int, false_fail: int, infra: int = 0
) -> list[tuple[bool, str]]:
    made = [(True, "PASS")] * true_pass + [(False, "FAIL")] * true_fail
    return made + [(False, "PASS")] * false_pass + [(True, "FAIL")] * false_fail + [(False, "INFRA")] * infra


def test_shares_of_the_two_kinds_of_work() -> None:
    made = judge_error_rates(labelled(38, 9, 1, 2, 5))
    assert made.false_pass[:1] + made.false_pass[3:] == (0.1, 1, 10)
    assert made.false_fail[:1] + made.false_fail[3:] == (0.05, 2, 40)
    assert made.n_infra == 5
    assert made.false_pass[1:3] == pytest.approx((0.0179, 0.4042), abs=1e-4)  # Wilson's of 1 in 10, as published tables
    never = judge_error_rates(labelled(20, 20, 0, 0))
    assert never.false_pass[:2] == (0.0, 0.0)
    assert never.false_pass.high == pytest.approx(0.1611, abs=1e-4)


def test_without_labelled_failures_nothing_is_known_of_them() -> None:
    made = judge_error_rates(labelled(5, 0, 0, 1))
    assert math.isnan(made.false_pass.rate)
    assert math.isnan(made.false_pass.low)


def test_a_status_that_is_none() -> None:
    with pytest.raises(ValueError, match="got 'pass'"):
        judge_error_rates([(True, "pass")])


def test_the_interval_holds_the_truth() -> None:
    truth, held, runs = 0.15, 0, 400
    for draws in chance("judge errors", runs, 60):
        wrong = int((draws < truth).sum())
        made = judge_error_rates(labelled(4, 60 - wrong, wrong, 1)).false_pass
        held += made.low <= truth <= made.high
    assert held / runs > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs)
