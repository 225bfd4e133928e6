"""Figures of what happened in a market: their data against the ledger, their artists, both widths."""

from __future__ import annotations

from dataclasses import replace

import bidlab as bl
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from analysis.figures import Shown, allocation, draw_all, drawables, looks, reputations, shown_of, timeline, waterfall
from analysis.figures.look import NARROW, WIDE, Look
from analysis.figures.measure import faults
from analysis.figures.save import finished
from analysis.informed import FORESIGHT
from sim.scenario.figure_spec import FigureFile

NEW = ("timeline", "reputations", "allocation", "knowledge")
SCENARIO = {
    "question": "Who?",
    "seed": 5,
    "replications": 6,
    "world": {
        "profile": "marketbench",
        "parameters": "point",
        "sigma_u": 1.0,
        "tasks": 22,
        "arrivals": {"every": 2},
        "duration": {"uniform": [1, 9]},
        "infra": 0.1,
    },
    "tender": {"value": 1.0, "reserve": "value", "penalty": 0.0},
    "market": {"capacity": 3},
    "bidders": {"policy": "truthful"},
    "standing": {"expected_cost": {"fixed": 0.1}, "reputation": {"exponential": {"weight": 0.25}}},
    "arm": [
        {"name": "second price", "mechanism": "second_price", "standing": {"reputation": "none"}},
        {"name": "agent-economy", "mechanism": {"agent_economy": {"credits_per_dollar": 90.0}}},
    ],
}


@pytest.fixture(scope="module")
def run():
    return bl.run(SCENARIO)


@pytest.fixture(scope="module")
def shown(run):
    arms = run.arms()
    return Shown(arms, "seed 5", {arm.name: arms[0].name for arm in arms}, run.run.ledger.arm)


@pytest.fixture(scope="module")
def found(shown):
    return {name: (one, one.data()) for name, one in drawables(shown).items() if name in NEW}


def test_all_apply(found):
    assert set(found) == set(NEW)


def test_what_is_on_request_is_left_out_where_nobody_asks(shown):
    assert "knowledge" in drawables(shown)
    assert set(NEW) - set(drawables(shown, [])) == {"knowledge"}
    assert set(NEW) <= set(drawables(shown, [FigureFile(kind="knowledge")]))


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", NEW)
def test_nothing_to_object_to(name, width, shown, found):
    one, data = found[name]
    look = replace(looks(shown.arms)(name), width=width)
    assert faults(finished(data, one.paint, one.words, look)) == []


def painted(found, name, shown, **own):
    one, data = found[name]
    look = replace(looks(shown.arms)(name), own=FigureFile(kind=name, **own) if own else None)
    with look.sheet.applied():
        return one.paint(data, look), data


def test_timeline_holds_the_ledger(run, found):
    data = found["timeline"][1]
    own = data[(data["arm"] == "second price") & (data["event"] == "attempt")].reset_index(drop=True)
    ledger = run.attempts[(run.attempts["arm"] == "second price") & (run.attempts["replication"] == 0)]
    ledger = ledger.sort_values(["start", "task", "posting", "agent"], kind="stable").head(timeline.WINDOW)
    assert list(own["agent"]) == list(ledger["agent"].astype(str))
    np.testing.assert_array_equal(own[["start", "finish"]], ledger[["start", "finish"]])
    posted = data[(data["arm"] == "second price") & (data["event"] == "posted")]
    assert len(posted) == 22
    assert set(own["status"]) >= {"PASS", "FAIL"}


def test_timeline_draws_a_bar_for_each_attempt(shown, found):
    figure, data = painted(found, "timeline", shown)
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    own = data[(data["arm"] == "second price") & (data["event"] == "attempt")]
    assert sorted(bar.get_width() for bar in bars) == pytest.approx(sorted(own["finish"] - own["start"]))
    hatched = sum(bar.get_hatch() is not None for bar in bars)
    assert hatched == (own["status"] == "FAIL").sum()
    boxes = [(bar.get_x(), bar.get_x() + bar.get_width(), round(bar.get_y(), 6)) for bar in bars]
    for k, (start, stop, row) in enumerate(boxes):
        assert not any(row == other[2] and start < other[1] and other[0] < stop for other in boxes[k + 1 :])


def test_timeline_window(run):
    arm = run.arms()[0]
    ledger = run.run.ledger.arm(arm.name)
    many = replace(ledger, attempts=pd.concat([ledger.attempts] * 5, ignore_index=True))
    data = timeline.table([arm], lambda _: many)
    attempts = data[data["event"] == "attempt"]
    assert len(attempts) == timeline.WINDOW
    assert data["start"].max() <= data["window"].iloc[0] == attempts["start"].max()
    assert f"{timeline.WINDOW} of {data['attempts'].iloc[0]} attempts" in timeline.about(data, Look())


def test_no_timeline_where_the_attempts_shown_start_at_once(run):
    ledger = run.run.ledger.arm(run.arms()[0].name)
    assert timeline.happens_over_time(ledger)
    attempts = pd.concat([ledger.attempts.assign(replication=0, start=3)] * 40, ignore_index=True)
    later = attempts.head(5).assign(start=8)
    assert not timeline.happens_over_time(replace(ledger, attempts=pd.concat([later, attempts])))
    assert not timeline.happens_over_time(replace(ledger, attempts=attempts.head(0)))


def test_timeline_says_how_many_attempts_at_a_time_lie_on_one_another(run):
    ledger = run.run.ledger.arm(run.arms()[0].name)
    one = ledger.attempts[ledger.attempts["replication"] == 0].head(1)
    many = replace(ledger, attempts=pd.concat([one] * 7, ignore_index=True))
    few = replace(ledger, attempts=pd.concat([one] * 6, ignore_index=True))
    said = [timeline.about(timeline.table([run.arms()[0]], lambda _, held=held: held), Look()) for held in (many, few)]
    assert ["of up to 7 attempts of an agent at a time 6 are told apart" in line for line in said] == [True, False]


def test_timeline_of_the_arm_asked_for(shown, found):
    assert timeline.shown_arm(found["timeline"][1], Look(own=FigureFile(kind="timeline", arms=["agent-economy"])))


def test_reputations_follow_the_rule(run, found):
    """r <- r + weight (y - r), from 1, in order of completion; what is lost leaves it."""
    data = found["reputations"][1]
    assert set(data["arm"]) == {"agent-economy"}
    last = {}
    rows = run.attempts[run.attempts["arm"] == "agent-economy"]
    rows = rows.sort_values(["finish", "task", "posting", "agent"], kind="stable")
    for row in rows.itertuples():
        key = row.replication, row.agent
        before = last.get(key, 1.0)
        if row.status in ("PASS", "FAIL"):
            last[key] = before + 0.25 * ((row.status == "PASS") - before)
    ends = data.groupby("agent", sort=False).last()
    for agent, end in ends.iterrows():
        each = [last.get((r, agent), 1.0) for r in range(6)]
        assert end["reputation"] == pytest.approx(each[0])
        assert end["mean"] == pytest.approx(np.mean(each))
        assert end["low"] == pytest.approx(np.quantile(each, 0.1))


def test_reputations_draw_replication_0(shown, found):
    figure, data = painted(found, "reputations", shown)
    panels = [axes for axes in figure.axes if axes.lines]
    assert len(panels) == data["agent"].nunique()
    for axes in panels:
        own = data[data["agent"] == axes.get_title(loc="left")]
        np.testing.assert_array_equal(axes.lines[-1].get_ydata(), own["reputation"])


def test_allocation_counts_tasks(run, found):
    data, arm = found["allocation"][1], run.arms()[0]
    solvers = (arm.success & arm.present).sum(axis=2)
    for row in data[data["arm"] == arm.name].itertuples():
        inside = solvers == int(row.group.split()[2])
        assert row.tasks == inside.sum()
        assert row.share == pytest.approx(arm.hired[inside][:, arm.agents.index(row.agent)].mean())


@pytest.mark.parametrize(("width", "kept"), [(WIDE, ["arm 0", "arm 1", "arm 2"]), (NARROW, ["arm 0"])])
def test_allocation_shows_the_baseline(width, kept, shown, found):
    data = found["allocation"][1]
    some = data[data["arm"] == "second price"]
    many = pd.concat([some.assign(arm=f"arm {k}") for k in range(9)], ignore_index=True)
    look = Look(width)
    assert allocation.shown_arms(many, look, "arm 7") == [*kept, "arm 7"]
    assert allocation.shown_arms(many, look, "arm 0") == allocation.shown_arms(many, look)
    assert f"{len(kept) + 1} of 9 arms, the baseline among them" in allocation.about(many, look, "arm 7")
    only = shown._replace(compared=dict.fromkeys(shown.compared, "agent-economy"))
    one = drawables(only)["allocation"]
    renamed = many.assign(arm=many["arm"].replace("arm 8", "agent-economy"))
    titles = [axes.get_title(loc="left") for axes in one.paint(renamed, look).axes]
    assert "agent-economy" in titles


def test_allocation_by_family(run):
    arm = run.arms()[0]
    world = arm.world.changed(family=tuple("even" if t % 2 == 0 else "odd" for t in range(22)))
    of, names, by = allocation.groups_of(replace(arm, world=world))
    assert (names, by, of.shape, set(of[:, 1])) == (["even", "odd"], "family", (6, 22), {1})


def test_waterfall_steps_end_at_levels(shown, found):
    figure, data = painted(found, "knowledge", shown)
    own = data[data["arm"] == "second price"].reset_index(drop=True)
    bars = figure.axes[0].patches
    assert len(bars) == len(own) - 2
    for bar, (_, row) in zip(bars, own.iloc[1:-1].iterrows(), strict=True):
        left, step = bar.get_x(), bar.get_width()
        assert (step, left + step) == (pytest.approx(row["welfare"]), pytest.approx(row["welfare_level"]))
        assert (bar.get_hatch() is not None) == (row["welfare"] < 0)


def test_the_footer_of_a_waterfall_explains_what_is_there(found):
    """Steps and levels have intervals each; in one column nothing is a cross, without a loss nothing is hatched."""
    data, name = found["knowledge"][1], "welfare"
    known = data.assign(**{name: data[name].abs(), f"{name}_low": 0.0, f"{name}_high": 1.0})
    known = known.assign(**{f"{name}_level_low": 0.0, f"{name}_level_high": 1.0})
    bare = known.assign(**{f"{name}_low": np.nan, f"{name}_high": np.nan, f"{name}_share_low": np.nan})
    lost = known.assign(**{name: -0.1})
    sure = known[~known["kind"].isin(FORESIGHT)]
    narrow, wide = Look(NARROW), Look(WIDE)
    said = waterfall.words(known, narrow, "")
    assert "steps: 95% intervals over " in said
    assert "levels: 95% intervals over " in said
    assert ("×" in waterfall.words(bare, narrow, ""), "×" in waterfall.words(bare, wide, "")) == (False, True)
    assert "no interval" in waterfall.words(bare, narrow, "")
    assert ["hatched" in waterfall.words(one, wide, "") for one in (known, lost)] == [False, True]
    assert ["foresight" in waterfall.words(one, wide, "") for one in (known, sure)] == [True, False]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_narrow_bar_of_foresight_is_seen_to_be_empty_and_a_loss_to_be_hatched(width, found):
    data = found["knowledge"][1].copy()
    row = data.index[(data["arm"] == "second price") & (data["kind"] == "outcomes")][0]
    data.loc[row, "welfare"], data.loc[row - 1, "welfare"], data.loc[row - 2, "welfare"] = 0.004, -0.1, -0.1
    figure = finished(data, waterfall.paint, lambda _, __: "seed 1", Look(width))
    bars = figure.axes[0].patches
    last = bars[int(data.loc[row, "step"]) - 1]
    points = last.get_window_extent().width * 72 / figure.dpi
    assert points > 2 * last.get_linewidth() > 0
    lost = [bar for bar in bars if bar.get_hatch()]
    assert len(lost) >= 2
    assert all(bar.get_edgecolor() != bar.get_facecolor() for bar in lost)


def test_waterfall_names_what_it_leaves_out(found):
    data = found["knowledge"][1]
    many = pd.concat([data.assign(arm=f"arm {k}") for k in range(6)], ignore_index=True)
    assert waterfall.shown_arms(many, Look()) == [f"arm {k}" for k in range(waterfall.MOST)]
    assert "the first 4 of 6 arms" in waterfall.words(many, Look(), "")


def test_knowledge_is_drawn_on_request(shown, found, tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.figures._candidates", lambda _: {"knowledge": found["knowledge"][0]})
    draw_all(shown, tmp_path)
    left = pd.read_csv(tmp_path / "left_out.csv").set_index("figure")["reason"]
    assert left["knowledge"].startswith("drawn on request")
    assert not (tmp_path / "knowledge.csv").exists()
    draw_all(shown, tmp_path, own=[FigureFile(kind="knowledge", width="column")])
    assert (tmp_path / "knowledge.csv").exists()


def test_where_they_do_not_apply(run):
    arms = run.arms()
    assert set(drawables(shown_of(arms))) & set(NEW) == {"allocation", "knowledge"}
    first = Shown(arms[:1], "", {arms[0].name: arms[0].name}, run.run.ledger.arm)
    assert "reputations" not in drawables(first)
    with pytest.raises(ValueError, match="keeps no reputations"):
        reputations.table(arms[:1], run.run.ledger.arm)
