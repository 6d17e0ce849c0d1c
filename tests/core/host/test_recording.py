"""What a run notes is stored whatever managers and listeners do."""

from __future__ import annotations

import errno

import pytest

from penstock import Instance, IOManager, asset, materialize
from penstock.events import values as v
from penstock.events.runs import RunStatus


class NoRoom(IOManager):
    """Stores values that never reach the disk."""

    passes_through = True

    def handle_output(self, context, obj):
        pass

    def load_input(self, context):
        raise AssertionError(context)

    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def instance(tmp_path):
    with Instance.local_temp(str(tmp_path)) as made:
        yield made


@asset
def made():
    return 1


def test_a_run_whose_values_do_not_reach_the_disk_ends_as_failed(instance):
    with pytest.raises(OSError, match="No space left"):
        materialize([made], instance=instance, resources={"io_manager": NoRoom()})
    (run,) = instance.get_runs()
    assert run.status is RunStatus.FAILURE
    assert instance.get_latest_materialization_event(made.key) is None


def test_a_listener_that_exits_hears_no_more_and_changes_nothing(instance):
    def leaves(_run, _events):
        raise SystemExit

    result = materialize([made], instance=instance, observers=[leaves])
    (note,) = [event for event in result.happened if isinstance(event, v.EngineNoted)]
    assert (result.success, note.error.cls_name) == (True, "SystemExit")


def test_an_interrupt_while_the_run_is_stored_ends_it_as_canceled(instance):
    def interrupts(_run, events):
        if isinstance(events[0], v.RunQueued):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        materialize([made], instance=instance, observers=[interrupts])
    (run,) = instance.get_runs()
    assert run.status is RunStatus.CANCELED
