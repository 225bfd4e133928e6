"""Standard errors of the parts of a Brier score against their standard deviation over fresh tables."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.corp import brier_parts
from analysis.corp_error import parts_error
from tests.theory.test_ece_coverage import SHIFT, table

pytestmark = pytest.mark.slow
N_TABLES, N_ERRORS = 1500, 60


@pytest.mark.parametrize("n_agents", [1, 6])
@pytest.mark.parametrize("n_tasks", [40, 93])
@pytest.mark.parametrize("kind", SHIFT)
def test_error_is_the_sd_over_fresh_tables(kind, n_tasks, n_agents):
    stream = np.random.default_rng([n_tasks, n_agents])
    task = np.repeat(np.arange(n_tasks), n_agents)
    flat = [tuple(x.ravel() for x in table(stream, kind, n_tasks, n_agents)) for _ in range(N_TABLES)]
    sd = np.std([brier_parts(*cells) for cells in flat], axis=0)
    errors = [parts_error(*cells, task, np.ones(len(task))) for cells in flat[:N_ERRORS]]
    found = np.sqrt(np.mean(np.square(errors), axis=0)) / sd
    print(f"\n{kind}, {n_tasks} tasks, {n_agents} agents: ratio {found.round(2)}")
    assert ((found > 0.7) & (found < 1.6)).all()
