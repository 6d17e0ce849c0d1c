from __future__ import annotations

import pytest

from penstock.events import values as v
from penstock.events.kinds import CLASS_OF, RUN_TYPES, STEP_TYPES, TYPE_OF, EventType, classes_of


def test_every_class_of_event_has_a_name_of_its_own():
    assert set(TYPE_OF) == set(v.EVENT_CLASSES)
    assert len(CLASS_OF) == len(TYPE_OF)


def test_names_of_run_events_say_run():
    assert EventType.RUN_START.value == "RUN_START"
    assert EventType.RUN_FAILURE in RUN_TYPES
    assert EventType.STEP_START not in RUN_TYPES


def test_hooks_and_logs_are_no_step_events():
    assert EventType.STEP_OUTPUT in STEP_TYPES
    assert EventType.ASSET_MATERIALIZATION in STEP_TYPES
    assert EventType.HOOK_COMPLETED not in STEP_TYPES
    assert EventType.LOGS_CAPTURED not in STEP_TYPES


def test_nothing_wanted_means_every_class():
    assert classes_of(None) is None


def test_one_name_or_several_become_classes():
    assert classes_of(EventType.STEP_SUCCESS) == (v.StepSucceeded,)
    assert classes_of("STEP_SUCCESS") == (v.StepSucceeded,)
    assert set(classes_of({EventType.RUN_START, EventType.RUN_FAILURE})) == {v.RunStarted, v.RunFailed}


def test_a_name_that_is_never_recorded_has_no_class():
    assert classes_of(EventType.ASSET_MATERIALIZATION_PLANNED) == ()


def test_a_text_that_is_no_name_is_refused():
    with pytest.raises(ValueError, match="STEP_SUCESS"):
        classes_of("STEP_SUCESS")
