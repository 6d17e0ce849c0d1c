"""A backfill on worker processes: one process keeps the code for all of its runs, and no run sees another."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from penstock import Config, Definitions, Instance, StaticPartitionsDefinition, asset, resource
from penstock.automation.targets import Asked
from penstock.host import backfills
from penstock.host.backfill_drive import Driver
from penstock.host.backfills import Request
from penstock.host.code import Code
from penstock.host.user_code import CodeSource
from penstock.spi.backfills import BackfillStatus
from penstock.store.logs import LogFolder, Stream
from penstock_local import kernel

LETTERS = StaticPartitionsDefinition(["a", "b", "c"])
NOW = datetime(2024, 6, 1, tzinfo=UTC)
seen = []


class Where(Config):
    folder: str


@resource
def opened(_context):
    seen.append("resource")
    return len(seen)


@asset(partitions_def=LETTERS, required_resource_keys={"opened"})
def noted(context, config: Where):
    """Leaves word of itself, and dies of ``b``."""
    sys.stdout.write(f"this is {context.partition_key}\n")
    seen.append(context.partition_key)
    facts = [os.getppid(), context.resources.opened, seen[-1], len(seen), os.environ["PENSTOCK_RUN_ID"]]
    Path(config.folder, context.partition_key).write_text(" ".join(map(str, facts)))
    if context.partition_key == "b":
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path / "home")) as made:
        yield made


@pytest.fixture
def launched(instance, tmp_path):
    def launch(*assets, **more):
        repository = Definitions(assets=list(assets), **more).get_repository_def()
        source = CodeSource(module="m", file=None, attribute=None, folder=Path.cwd())
        code = Code(repository=repository, module=ModuleType("m"), source=source)
        config = {"ops": {"noted": {"config": {"folder": str(tmp_path)}}}}
        request = Request(selection="*", asked=Asked(everything=True), run_config=config)
        plan = backfills.plan(instance, code, request, NOW)
        backfills.store(plan)
        before = set(kernel.children(os.getpid()))
        done = Driver(plan.work, default_executor="process").drive()
        assert set(kernel.children(os.getpid())) <= before
        return done

    return launch


def test_each_run_is_clean_and_all_have_the_same_parent(launched, instance, tmp_path):
    done = launched(noted, resources={"opened": opened})
    assert done.status is BackfillStatus.COMPLETED_FAILED
    facts = {one: (tmp_path / one).read_text().split() for one in "abc"}
    assert len({parent for parent, *_ in facts.values()}) == 1
    assert [more[:3] for _, *more in facts.values()] == [["1", one, "2"] for one in "abc"]
    runs = [
        record.run for record in instance.store.runs(backfills.runs_tagged(done.backfill_id), ascending=True)
    ]
    assert [run.run_id for run in runs] == [more[-1] for _, *more in facts.values()]
    logs = LogFolder(instance.logs_directory())
    assert [logs.read(run.run_id, "noted", Stream.OUT).text for run in runs] == [
        f"this is {one}\n" for one in "abc"
    ]
