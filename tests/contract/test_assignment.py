"""What a rule that assigns several tasks at once must do: its clearing of one task is its assignment of one.

Parametrised over the registered rules that couple tasks. Scenes are (m tasks, n agents).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kit.arrays import Award, Bids, Standing, Tender
from sim.mechanisms import Mechanism
from sim.mechanisms.price import FirstPrice
from tests import reference
from tests.reference import Agent, Task
from tests.scenes import Scene, chance, random_scene, registered, scene
from tests.tried import tried

COUPLED = {name: rule for name, rule in registered().items() if rule.capabilities.couples_tasks}
every_rule = pytest.mark.parametrize("rule", COUPLED.values(), ids=COUPLED.keys())


def assigned(rule: Mechanism, whole: Scene) -> Award:
    return rule.assign(*whole)


def one_task(whole: Scene, at: int) -> Scene:
    """The scene of one of its tasks, m = 1."""

    def cut(part: Bids | Tender | Standing) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        return {name: column[at : at + 1] for name, column in vars(part).items()}

    return Scene(
        Bids(**cut(whole.bids)),
        Tender(**cut(whole.tender)),
        Standing(**cut(whole.standing)),
        whole.lottery[at : at + 1],
    )


@every_rule
@pytest.mark.parametrize(("m", "n"), [(0, 3), (1, 0), (3, 0), (1, 1), (4, 2), (2, 5)])
def test_award_has_the_shape_of_the_bids_and_nobody_has_two_tasks(rule: Mechanism, m: int, n: int) -> None:
    award = assigned(rule, random_scene((m,), n))
    assert award.hired.shape == award.pay_success.shape == award.pay_failure.shape == (m, n)
    assert award.by_tie.shape == (m,)
    assert (award.hired.sum(axis=0) <= 1).all()


@every_rule
def test_assignment_of_one_task_is_the_clearing_of_it(rule: Mechanism) -> None:
    whole = random_scene((300,), 5)
    for at in range(300):
        case = one_task(whole, at)
        together, by_itself = assigned(rule, case), case.award(rule)
        for name in ("hired", "pay_success", "pay_failure", "by_tie"):
            np.testing.assert_array_equal(getattr(together, name), getattr(by_itself, name), err_msg=name)


@every_rule
def test_permuting_agents_permutes_the_assignment(rule: Mechanism) -> None:
    order = [3, 0, 4, 1, 2]
    for case in range(40):
        whole = random_scene((4,), 5, f"assignment/{case}")
        parts = [
            type(part)(**{name: column[:, order] for name, column in vars(part).items()})  # type: ignore[arg-type]
            for part in (whole.bids, whole.standing)
        ]
        before = assigned(rule, whole)
        after = rule.assign(parts[0], whole.tender, parts[1], whole.lottery[:, order])  # type: ignore[arg-type]
        np.testing.assert_array_equal(after.hired, before.hired[:, order])
        np.testing.assert_allclose(after.pay_success, before.pay_success[:, order], rtol=0, atol=1e-15)


@every_rule
def test_equal_bids_go_to_the_lowest_lottery_of_each_task_in_turn(rule: Mechanism) -> None:
    tied = scene(np.full((2, 3), 0.2), 0.9, lottery=[[0.5, 0.1, 0.3], [0.2, 0.0, 0.9]])
    award = assigned(rule, tied)
    assert award.hired.tolist() == [[False, True, False], [True, False, False]]
    assert award.by_tie.tolist() == [True, True]


@every_rule
def test_inactive_bids_change_nothing(rule: Mechanism) -> None:
    few = random_scene((3,), 4)
    wide = [
        np.concatenate([column, extra], axis=1)
        for column, extra in zip(
            (few.bids.ask, few.bids.claim, few.bids.active, few.lottery),
            (np.full((3, 1), -9.0), np.full((3, 1), 1.0), np.zeros((3, 1), np.bool_), np.zeros((3, 1))),
            strict=True,
        )
    ]
    standing = Standing(*(np.concatenate([c, c[:, :1]], axis=1) for c in vars(few.standing).values()))
    award = rule.assign(Bids(*wide[:3]), few.tender, standing, wide[3])
    assert not award.hired[:, 4].any()
    for name in ("hired", "pay_success", "pay_failure"):
        np.testing.assert_array_equal(getattr(award, name)[:, :4], getattr(assigned(rule, few), name))


@every_rule
def test_inputs_are_not_written_to(rule: Mechanism) -> None:
    whole = random_scene((3,), 4)
    columns = [c for part in whole[:3] for c in vars(part).values()] + [whole.lottery]
    before = [np.array(column) for column in columns]
    assigned(rule, whole)
    for column, copy in zip(columns, before, strict=True):
        np.testing.assert_array_equal(column, copy)


def test_rule_for_one_task_assigns_none_by_itself() -> None:
    with pytest.raises(TypeError, match="FirstPrice defines no assign"):
        FirstPrice().assign(*random_scene((2,), 2))


def compare(agents: list[list[Agent]], tasks: list[Task]) -> None:
    award = COUPLED["assignment_vcg"].assign(*scene_of_round(agents, tasks))
    for t, expected in enumerate(reference.assignment(agents, tasks)):
        assert set(np.flatnonzero(award.hired[t]).tolist()) == expected.hired
        np.testing.assert_allclose(award.pay_success[t], expected.pay_success, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(award.pay_failure[t], expected.pay_failure, rtol=1e-12, atol=1e-12)


def scene_of_round(agents: list[list[Agent]], tasks: list[Task]) -> Scene:
    def column(name: str) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([[getattr(agent, name) for agent in row] for row in agents])

    return scene(
        column("ask"),
        column("claim"),
        active=column("active"),
        value=[task.value for task in tasks],
        reserve=[task.reserve for task in tasks],
        lottery=column("lottery"),
    )


def grid(step: float, low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda i: i * step)


dyadic = st.builds(
    Agent,
    ask=grid(1 / 8, 0, 8),
    claim=grid(1 / 4, 0, 4),
    lottery=st.floats(0, 1, exclude_max=True),
    active=st.sampled_from([True, True, True, False]),
)
dyadic_tasks = st.builds(Task, value=grid(1 / 4, 1, 6), reserve=grid(1 / 4, 0, 7))


@tried(300)
@given(st.data())
def test_assignment_is_the_best_of_all_matchings_with_ties(data: st.DataObject) -> None:
    m, n = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    row = st.lists(dyadic, min_size=n, max_size=n)
    compare(data.draw(st.lists(row, min_size=m, max_size=m)), data.draw(st.lists(dyadic_tasks, min_size=m, max_size=m)))


@pytest.mark.parametrize(("m", "n"), [(1, 5), (2, 4), (3, 3), (4, 2), (4, 4)])
def test_assignment_is_the_best_of_all_matchings_in_the_continuum(m: int, n: int) -> None:
    ask, claim, lottery = (chance(f"assignment/{m}/{n}/{k}", 20, m, n) for k in ("ask", "claim", "lottery"))
    terms = chance(f"assignment/{m}/{n}/task", 20, m, 2, low=0.5, high=1.5)
    for case in range(20):
        agents = [
            [
                Agent(0.6 * float(ask[case, t, i]), float(claim[case, t, i]), float(lottery[case, t, i]))
                for i in range(n)
            ]
            for t in range(m)
        ]
        compare(agents, [Task(float(v), float(r)) for v, r in terms[case]])
