"""A run from its first event to its last: what is refused before, and who hears of what."""

from __future__ import annotations

import logging

import pytest

from penstock import (
    Config,
    Instance,
    asset,
    execute_job,
    job,
    logger,
    materialize,
    materialize_to_memory,
    op,
)
from penstock.errors import InvalidConfigError, InvalidDefinitionError, InvariantViolationError
from penstock.events import values as v
from penstock.events.fold import fold
from penstock.events.runs import RunStatus
from penstock.host.launch import Launch, launch
from penstock.spi.store import EventQuery


@op
def one():
    return 1


@op
def inc(x):
    return x + 1


@job
def chain():
    inc(inc(one()))


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def stored(instance, run_id):
    return [found.event for found in instance.store.read(EventQuery(run_id=run_id))]


# ---- what is stored --------------------------------------------------------------------------------


def test_the_result_tells_what_is_stored(instance):
    result = execute_job(chain, instance)
    assert stored(instance, result.run_id) == list(result.happened)


def test_the_status_of_a_run_is_the_fold_of_its_events(instance):
    @op
    def broken():
        raise ValueError("no")

    @job
    def alone():
        broken()

    for definition in (chain, alone):
        result = execute_job(definition, instance)
        assert instance.get_run_by_id(result.run_id).status is fold(stored(instance, result.run_id)).status


def test_what_is_refused_is_not_recorded(instance):
    @op(config_schema={"rows": int})
    def configured():
        pass

    @job
    def wants_config():
        configured()

    with pytest.raises(InvalidConfigError):
        execute_job(wants_config, instance)
    assert not instance.get_runs()


def test_a_failure_of_the_store_ends_the_run_and_is_raised(instance):
    class Broken(Exception):
        pass

    class Store:
        """The real one, until it breaks once."""

        def __init__(self, store):
            self.store, self.appended = store, 0

        def __getattr__(self, name):
            return getattr(self.store, name)

        def append(self, run_id, after_seq, events):
            self.appended += 1
            if self.appended == 1:
                raise Broken
            return self.store.append(run_id, after_seq, events)

    instance._store = Store(instance._store)
    with pytest.raises(Broken):
        execute_job(chain, instance)
    (run,) = instance.get_runs()
    last = stored(instance, run.run_id)[-1]
    assert (type(last), last.reason) == (v.RunFailed, "engine_failure")


def test_a_step_sees_what_earlier_steps_made(instance):
    seen = []

    @asset
    def first():
        return 1

    @asset
    def second(context, first):
        seen.append(context.instance.get_latest_materialization_event(first_key) is not None)
        seen.append(instance.get_latest_materialization_event(first_key) is not None)
        return first

    first_key = first.key
    materialize([first, second], instance=instance)
    assert seen == [True, True]


# ---- observers -------------------------------------------------------------------------------------


def test_an_observer_hears_every_event_in_order(instance):
    heard = []
    result = materialize_with(instance, lambda _run, events: heard.extend(events))
    assert heard == list(result.happened)


def materialize_with(instance, *observers):
    @asset
    def made():
        return 1

    return materialize([made], instance=instance, observers=observers)


def test_an_observer_hears_of_nothing_that_is_not_stored(instance):
    missing = []

    def check(run, events):
        there = stored(instance, run.run_id)
        missing.extend(event for event in events if event not in there)

    materialize_with(instance, check)
    assert missing == []


def test_an_observer_that_raises_hears_no_more_and_changes_nothing(instance):
    heard = []

    def broken(_run, events):
        heard.append(events)
        raise KeyError("listener")

    calm = []
    result = materialize_with(instance, broken, lambda _run, events: calm.extend(events))
    assert result.success
    assert len(heard) == 1
    (note,) = [e for e in stored(instance, result.run_id) if isinstance(e, v.EngineNoted)]
    assert "broken raised and hears no more" in note.message
    assert note.error.cls_name == "KeyError"
    assert len(calm) >= 5


# ---- arguments -------------------------------------------------------------------------------------


def test_a_run_may_get_its_id(instance):
    run_id = "00000000-0000-4000-8000-000000000001"
    assert materialize([_x], run_id=run_id, instance=instance).run_id == run_id


@asset
def _x():
    return 1


def test_tags_reach_the_run(instance):
    result = materialize([_x], instance=instance, tags={"team": "a"})
    assert instance.get_run_by_id(result.run_id).tags["team"] == "a"


def test_a_part_of_the_ops_can_run(instance):
    result = chain.execute_in_process(op_selection=["one"])
    assert [event.step_key for event in result.get_step_success_events()] == ["one"]


def test_config_reaches_the_function():
    class Size(Config):
        rows: int = 1

    @asset
    def sized(config: Size):
        return config.rows

    result = materialize([sized], run_config={"ops": {"sized": {"config": {"rows": 5}}}})
    assert result.asset_value("sized") == 5


def test_in_memory_nothing_is_stored():
    @asset(io_manager_key="warehouse")
    def made():
        return 1

    assert materialize_to_memory([made]).asset_value("made") == 1


def test_an_unbound_manager_is_refused():
    @asset(io_manager_key="warehouse")
    def made():
        return 1

    with pytest.raises(InvalidDefinitionError, match="warehouse"):
        materialize([made])


def test_an_input_without_a_value_is_refused(instance):
    @op
    def typed(x: int):
        return x

    @job
    def unwired():
        typed()

    with pytest.raises(InvalidConfigError, match=r"ops\.typed\.inputs\.x"):
        execute_job(unwired, instance)


# ---- values of the result --------------------------------------------------------------------------


def test_values_that_were_not_kept_are_loaded(tmp_path):
    with Instance.local_temp(str(tmp_path)) as durable:
        result = execute_job(chain, durable)
        assert result.output_for_node("inc_2") == 3


def test_values_that_were_handed_straight_on_and_not_kept_are_gone(instance):
    result = launch(chain, Launch(keeps_values=False, stores_op_outputs=False), instance)
    with pytest.raises(InvariantViolationError, match="was not kept"):
        result.output_for_node("one")


# ---- loggers ---------------------------------------------------------------------------------------


def test_loggers_that_the_run_asks_for_get_its_lines(instance):
    lines = []

    class Keep(logging.Handler):
        def emit(self, record):
            lines.append((record.levelno, record.getMessage()))

    @logger({"level": str})
    def kept(context):
        made = logging.Logger("kept", context.logger_config["level"])  # noqa: LOG001  # of one run
        made.addHandler(Keep())
        return made

    @op
    def talks(context):
        context.log.info("hello")
        context.log.error("ouch")

    @job(logger_defs={"kept": kept})
    def alone():
        talks()

    alone.execute_in_process()
    assert lines == []
    alone.execute_in_process(run_config={"loggers": {"kept": {"config": {"level": "ERROR"}}}})
    assert lines == [(logging.ERROR, "ouch")]


def test_an_unknown_logger_is_a_fault():
    with pytest.raises(InvalidConfigError, match=r"\$\.loggers\.konsole.*Did you mean 'console'"):
        chain.execute_in_process(run_config={"loggers": {"konsole": {}}})


def test_a_logger_that_cannot_be_made_ends_the_run(instance):
    @logger
    def broken(_context):
        raise ValueError("no logger")

    @job(logger_defs={"broken": broken})
    def alone():
        one()

    with pytest.raises(ValueError, match="no logger"):
        alone.execute_in_process(instance=instance, run_config={"loggers": {"broken": {}}})
    (run,) = instance.get_runs()
    assert run.status is RunStatus.FAILURE
