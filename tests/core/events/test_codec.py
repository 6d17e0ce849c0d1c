"""Events survive their bytes; bytes of newer and older versions are read."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import codec
from penstock.events import values as v
from penstock.events.fold import fold
from penstock.events.places import PartitionPlace
from penstock.keys import AssetKey
from penstock.metadata import MetadataValue

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


# ---- any event -----------------------------------------------------------------------------------

words = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
times = st.floats(min_value=0, max_value=4e9, allow_nan=False)
keys = st.lists(names, min_size=1, max_size=3).map(AssetKey)
maybe = lambda strategy: st.none() | strategy

metadata = st.dictionaries(
    names,
    st.one_of(
        words.map(MetadataValue.text),
        st.integers().map(MetadataValue.int),
        st.floats(allow_nan=False).map(MetadataValue.float),
        st.booleans().map(MetadataValue.bool),
        words.map(MetadataValue.md),
        st.just(MetadataValue.null()),
        st.dictionaries(words, st.integers(0, 9) | words).map(MetadataValue.json),
        keys.map(MetadataValue.asset),
    ),
    max_size=3,
)
tags = st.dictionaries(names, words, max_size=3)

materializations = st.builds(v.AssetMaterialization, keys, maybe(words), metadata, maybe(words), tags)
observations = st.builds(v.AssetObservation, keys, maybe(words), metadata, maybe(words), tags)
evaluations = st.builds(
    v.AssetCheckEvaluation, asset_key=keys, check_name=names, passed=st.booleans(),
    severity=st.sampled_from(v.AssetCheckSeverity), description=maybe(words), metadata=metadata,
    blocking=st.booleans(), partition=maybe(words),
)  # fmt: skip
errors = st.recursive(
    st.builds(v.ErrorInfo, cls_name=names, message=words, stack=st.lists(words, max_size=3).map(tuple)),
    lambda inner: st.builds(v.ErrorInfo, cls_name=names, message=words, cause=inner),
    max_leaves=3,
)
type_checks = st.builds(
    v.TypeChecked, success=st.booleans(), label=words, description=maybe(words), metadata=metadata
)
receipts = st.builds(
    v.Receipt, uri=maybe(words), bytes=maybe(st.integers(0, 2**60)), rows=maybe(st.integers(0, 2**60)),
    checksum=maybe(words), metadata=metadata,
)  # fmt: skip
expectations = st.builds(
    v.ExpectationResult,
    success=st.booleans(),
    label=maybe(words),
    description=maybe(words),
    metadata=metadata,
)
failures = st.builds(v.UserFailure, label=words, description=maybe(words), metadata=metadata)
attempts = st.integers(1, 5)

FIELDS = {
    "at": times, "step": names, "reason": words, "message": words, "error": errors, "resource": names,
    "phase": words, "failed_steps": st.lists(names, max_size=3).map(tuple), "attempt": attempts,
    "input_name": names, "manager_key": words, "upstream_step": maybe(names), "upstream_output": maybe(names),
    "asset_key": maybe(keys), "type_check": type_checks, "output_name": words, "mapping_key": maybe(words),
    "metadata": metadata, "receipt": receipts, "materialization": materializations,
    "observation": observations, "evaluation": evaluations, "seconds": times, "failure": maybe(failures),
    "expectation": expectations,
    "blame": st.sampled_from(v.Blame), "wait": times, "hook": names, "file": words,
    "place": maybe(st.builds(PartitionPlace, names, st.integers(0, 9))),
}  # fmt: skip
"""How each field of an event is generated; a new field needs a line here."""


def instances(cls):
    """Any event of a class."""
    return st.fixed_dictionaries({a.name: FIELDS[a.name] for a in cls.__attrs_attrs__}).map(
        lambda given: cls(**given)
    )


# ---- there and back --------------------------------------------------------------------------------


def there_and_back(event):
    kind, body = codec.encode(event)
    return codec.decode(kind, event.at, codec.step_of(event), body)


@pytest.mark.parametrize("cls", v.EVENT_CLASSES)
def test_every_kind_survives_its_bytes(cls):
    @given(instances(cls))
    def survives(event):
        assert there_and_back(event) == event

    survives()


@pytest.mark.parametrize("cls", v.EVENT_CLASSES)
def test_defaults_take_no_bytes(cls):
    required = {"error": v.ErrorInfo(cls_name="E", message=""), "type_check": v.TypeChecked(), "attempt": 2}
    required["expectation"] = v.ExpectationResult(success=True)
    if cls in {v.AssetMaterialized, v.AssetObserved, v.CheckEvaluated}:
        return
    needed = [a.name for a in attrs.fields(cls) if a.default is attrs.NOTHING and a.name != "at"]
    given_ = {name: required.get(name, "x") for name in needed}
    kind, body = codec.encode(cls(at=1.0, **given_))
    assert codec.decode(kind, 1.0, given_.get("step"), body) == cls(at=1.0, **given_)
    assert (body == b"") == (set(given_) <= {"step"})


def test_the_numbers_of_kinds_never_change():
    assert [cls.__name__ for cls in v.EVENT_CLASSES][:27] == [
        "RunQueued", "RunStarting", "RunStarted", "RunSucceeded", "RunFailed",
        "RunCanceling", "RunCanceled", "ResourceFailed", "EngineNoted", "StepStarted",
        "StepRestarted", "InputLoaded", "InputChecked", "OutputProduced", "OutputStored",
        "AssetMaterialized", "AssetObserved", "CheckEvaluated", "StepSucceeded", "StepFailed",
        "StepRetryScheduled", "StepSkipped", "StepInterrupted", "HookCompleted", "HookSkipped",
        "HookErrored", "LogsCaptured",
    ]  # fmt: skip


def test_every_field_is_generated():
    fields = {a.name for cls in v.EVENT_CLASSES for a in attrs.fields(cls)}
    assert fields <= set(FIELDS)


def test_a_kind_of_a_newer_version_is_noted():
    event = codec.decode(999, 2.0, "s", b'["something"]')
    assert isinstance(event, v.EngineNoted)
    assert (event.at, event.step) == (2.0, "s")
    assert "kind 999" in event.message


def test_fields_of_a_newer_version_are_left_alone():
    kind = codec.KIND_OF[v.StepSucceeded]
    assert codec.decode(kind, 1.0, "s", b'[0.5,2,"new",{"a":1}]') == v.StepSucceeded(
        at=1.0, step="s", seconds=0.5, attempt=2
    )
    fact = codec.KIND_OF[v.AssetMaterialized]
    event = codec.decode(fact, 1.0, "s", b'[["a",null,null,null,null,"new"],"new"]')
    assert event.materialization == v.AssetMaterialization("a")


def test_a_body_of_another_format_is_read_through_its_list(monkeypatch):
    kind = codec.KIND_OF[v.StepSucceeded]
    assert codec.decode(kind, 1.0, "s", b'{"v":2,"b":[0.5]}').seconds == 0.5
    monkeypatch.setattr(codec, "UPCASTERS", {(kind, 0): lambda plain: [plain[0] / 1000]})
    assert codec.decode(kind, 1.0, "s", b'{"v":0,"b":[500]}').seconds == 0.5


def test_a_long_error_is_cut_so_that_one_sees_it():
    error = v.ErrorInfo(cls_name="E", message="m" * 200_000, stack=["line\n"] * 50_000)
    for _ in range(2000):
        error = v.ErrorInfo(cls_name="Outer", message="", cause=error)
    event = there_and_back(v.StepFailed(at=1.0, step="s", error=error))
    assert len(codec.encode(event)[1]) <= codec.BODY_LIMIT
    assert "more causes were cut" in event.error.to_string()


def test_long_messages_are_cut_before_metadata_is():
    told = {"big": "x" * 30_000}
    failure = v.UserFailure(description="d" * 100_000, metadata=v.as_metadata(told))
    error = v.ErrorInfo(cls_name="E", message="m" * 100_000, stack=["l" * 1000] * 1000)
    event = there_and_back(v.StepFailed(at=1.0, step="s", error=error, failure=failure))
    assert event.failure.metadata == failure.metadata
    assert event.failure.description.endswith("[95,904 more characters were cut]")
    assert event.error.message.endswith("[95,904 more characters were cut]")
    assert any("more lines were cut" in line for line in event.error.stack)


@pytest.mark.parametrize(
    ("value", "count"), [("x" * 70_000, 1), ("ü\1" * 40_000, 3), ("y" * 5000, 40), (["z" * 90] * 1000, 2)]
)
def test_no_metadata_makes_a_body_longer_than_the_limit(value, count):
    told = {f"k{number}": value for number in range(count)}
    event = v.AssetMaterialized(
        at=1.0, step="s", materialization=v.AssetMaterialization("a", metadata={**told, "rows": 7})
    )
    kind, body = codec.encode(event)
    assert len(body) <= codec.BODY_LIMIT
    found = codec.decode(kind, 1.0, "s", body).materialization
    assert found.asset_key == AssetKey("a")
    assert found.metadata["rows"] == MetadataValue.int(7)
    assert all(found.metadata[key].value.endswith("more characters were cut]") for key in told)


def test_metadata_within_the_limit_stays_as_it_is():
    event = v.AssetMaterialized(
        at=1.0, step="s", materialization=v.AssetMaterialization("a", metadata={"big": "x" * 60_000})
    )
    assert there_and_back(event) == event


@pytest.mark.parametrize("odd", [2**70, float("inf"), "\ud800 surrogate", -0.0])
def test_what_json_cannot_carry_survives(odd):
    event = v.AssetMaterialized(at=1.0, materialization=v.AssetMaterialization("a", metadata={"odd": odd}))
    found = there_and_back(event).materialization.metadata["odd"].value
    assert (found, type(found)) == (odd, type(odd))


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.stem)
def test_golden_histories_decode_and_fold_for_ever(history):
    told = json.loads(history.read_text())
    events = [codec.decode(kind, at, step, body.encode()) for kind, at, step, body in told["events"]]
    assert [type(event).__name__ for event in events] == told["classes"]
    summary = fold(events)
    assert {
        "status": summary.status.value,
        "steps": {
            key: [step.status.value, step.attempts, step.seconds] for key, step in summary.steps.items()
        },
        "materialized": [[key.to_user_string(), partition] for key, partition in summary.materialized],
        "start_time": summary.start_time,
        "end_time": summary.end_time,
    } == told["summary"]
