"""The same jobs wherever their steps run: the same events, values and errors."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import attrs
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "engine"))

import everywhere
from courier import Courier

from penstock import Instance, execute_job
from penstock.define.executor import as_executor
from penstock.events import values as v

OURS = "in_process"
RUN = "11111111-2222-4333-8444-555555555555"
# another executor is added here, with what its config needs
ELSEWHERE = {
    "thread": lambda: "thread",
    "process": lambda: {"process": {"max_concurrent": 2}},
    "courier": Courier,
    "chained": lambda: Courier(chains=8),
    "unreliable": lambda: Courier(chains=8, is_reliable=False),
}
CASES = [*everywhere.JOBS, "assets", "many_assets", "blocked", "partitioned"]
GIVEN = {"partitioned": {"partition_key": "a"}}
UNSEEN = frozenset({"at", "seconds", "stack", "cause"})
NOTES = (v.EngineNoted, v.RunStarting, v.RunQueued)


@pytest.fixture
def carry_out(tmp_path, monkeypatch):
    """Runs a job by an executor on an instance of its own; gives what can be compared."""
    monkeypatch.setenv(everywhere.SECRET, "hidden")
    opened = []

    def run(job, executor, **given):
        home = tmp_path / f"home{len(opened)}"
        (home / "boxes").mkdir(parents=True)
        monkeypatch.setenv(everywhere.BOXES, str(home / "boxes"))
        instance = Instance.local_temp(str(home))
        opened.append(instance)
        job = attrs.evolve(job, executor_def=as_executor(executor))
        return execute_job(job, instance, run_id=RUN, **given)  # data versions depend on it

    yield run
    for instance in opened:
        instance.close()


def plain(value, run_id):
    """A value of an event as text, without what differs from run to run."""
    if attrs.has(type(value)):
        fields = {one.name: getattr(value, one.name) for one in attrs.fields(type(value))}
        return {k: plain(one, run_id) for k, one in fields.items() if k not in UNSEEN}
    if isinstance(value, dict):
        return {str(k): plain(one, run_id) for k, one in sorted(value.items(), key=lambda it: str(it[0]))}
    if isinstance(value, list | tuple | frozenset):
        return [plain(one, run_id) for one in value]
    text = repr(value).replace(run_id, "RUN")
    return re.sub(r"/\S*home\d+", "HOME", text)


def facts(result):
    """What happened, as a multiset; failed steps in any order."""
    return Counter(
        f"{type(event).__name__} {'' if isinstance(event, v.RunFailed) else plain(event, result.run_id)}"
        for event in result.happened
        if not isinstance(event, NOTES)
    )


def values(result):
    found = {}
    for event in result.happened:
        if isinstance(event, v.OutputStored) and event.mapping_key is None:
            value = result.output_for_node(event.step.partition("[")[0], event.output_name)
            found[event.step, event.output_name] = str(value)
    return found


def texts(instance_home):
    """What was kept of the steps, without moments; pytest listens to what Python else writes to stderr."""
    heard = {"logged", "waited"}
    return {
        path.name: [re.sub(r"^[\d-]+ [\d:]+ ", "", line) for line in lines]
        for path in (Path(instance_home) / "logs" / RUN).glob("*")
        if (lines := [line for line in path.read_text().splitlines() if line not in heard])
    }


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("name", CASES)
def test_events_values_and_logs_are_the_same(name, where, carry_out, tmp_path):
    definition, given = everywhere.job_named(name), GIVEN.get(name, {})
    here = carry_out(definition, OURS, **given)
    there = carry_out(definition, ELSEWHERE[where](), **given)
    ours, theirs = facts(here), facts(there)
    assert (theirs - ours, ours - theirs) == (Counter(), Counter())
    assert values(there) == values(here)
    assert texts(tmp_path / "home1") == texts(tmp_path / "home0")
