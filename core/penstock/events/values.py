"""What happened, as frozen values: one class per kind, named in the past tense.

Owns: the facts that a run leaves behind and the public values inside them (materialization,
observation, check evaluation, error). Must not know how they are stored, encoded or shown:
``codec`` writes them as bytes, ``fold`` sums them up, ``view`` is the familiar public face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import Any

from attrs import field

from penstock.events.places import PartitionPlace
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.metadata import MetadataValue, normalize_metadata
from penstock.values import frozen

Metadata = Mapping[str, MetadataValue]
_NO_METADATA: Metadata = {}
_NO_TAGS: Mapping[str, str] = {}

DATA_VERSION_TAG = "penstock/data_version"
CODE_VERSION_TAG = "penstock/code_version"
INPUT_DATA_VERSION_PREFIX = "penstock/input_data_version/"


def as_metadata(raw: Mapping[str, Any] | None) -> Metadata:
    """Plain values and metadata values as metadata values; None is none."""
    return normalize_metadata(raw) if raw else _NO_METADATA


class AssetCheckSeverity(Enum):
    """How bad a check that did not pass is: only ``ERROR`` can block."""

    WARN = "WARN"
    ERROR = "ERROR"


def _key_as_written(key: CoercibleToAssetKey) -> AssetKey:
    """A key from any spelling; in a text slashes part it, as people write keys."""
    return AssetKey.from_user_string(key) if isinstance(key, str) else as_asset_key(key)


@frozen(init=False)
class AssetFact:
    """What is said of an asset, or of one partition of it: the ground of both kinds below.

    Args:
        asset_key: the asset; in a text slashes part the key: ``"shop/orders"``.
        description: one sentence for people.
        metadata: facts about it, by name.
        partition: the partition key, or None for an unpartitioned asset.
        tags: machine-readable facts such as data and code version.
    """

    asset_key: AssetKey
    description: str | None
    metadata: Metadata
    partition: str | None
    tags: Mapping[str, str]

    def __init__(
        self,
        asset_key: CoercibleToAssetKey,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.__attrs_init__(  # type: ignore[attr-defined]  # made by attrs
            _key_as_written(asset_key), description, as_metadata(metadata), partition, tags or _NO_TAGS
        )

    @property
    def label(self) -> str:
        """The key as users write it."""
        return self.asset_key.to_user_string()


@frozen(init=False)
class AssetMaterialization(AssetFact):
    """An asset, or one partition of it, was made."""


@frozen(init=False)
class AssetObservation(AssetFact):
    """Something was learned about an asset that somebody else made."""

    @property
    def data_version(self) -> str | None:
        """The data version that was observed, if any."""
        return self.tags.get(DATA_VERSION_TAG)


@frozen(kw_only=True)
class AssetCheckEvaluation:
    """A check was evaluated on an asset."""

    asset_key: AssetKey
    check_name: str
    passed: bool
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR
    description: str | None = None
    metadata: Metadata = field(default=_NO_METADATA, converter=as_metadata)
    blocking: bool = False
    partition: str | None = None

    @property
    def asset_check_key(self) -> AssetCheckKey:
        """Asset and name together."""
        return AssetCheckKey(self.asset_key, self.check_name)

    @property
    def blocks(self) -> bool:
        """Whether this result stops what is downstream."""
        return self.blocking and not self.passed and self.severity is AssetCheckSeverity.ERROR


@frozen(hash=False)
class ExpectationResult:
    """A remark on the quality of data, recorded with the step.

    Args:
        success: whether the data is as expected.
        label: what was expected.
        description: one sentence for people.
        metadata: facts about it.
    """

    success: bool
    label: str | None = None
    description: str | None = None
    metadata: Metadata = field(default=_NO_METADATA, converter=as_metadata)


@frozen(kw_only=True)
class ErrorInfo:
    """An exception as text: class, message, stack lines, and the exception behind it."""

    cls_name: str
    message: str
    stack: Sequence[str] = ()
    cause: ErrorInfo | None = None

    def to_string(self) -> str:
        """The whole chain as text, innermost cause last."""
        head = f"{self.cls_name}: {self.message}" if self.message else self.cls_name
        own = "\n".join([head, *(line.rstrip("\n") for line in self.stack)])
        return own if self.cause is None else f"{own}\n\nThe cause was:\n{self.cause.to_string()}"


@frozen(kw_only=True)
class UserFailure:
    """What a user said by raising ``Failure``."""

    label: str = "intentional-failure"
    description: str | None = None
    metadata: Metadata = _NO_METADATA


@frozen(kw_only=True)
class TypeChecked:
    """The verdict of a type check on one input or output."""

    success: bool = True
    label: str = ""
    description: str | None = None
    metadata: Metadata = _NO_METADATA


@frozen(kw_only=True)
class Receipt:
    """What storing an output left behind: never the value itself.

    ``uri`` is where it lies, ``bytes`` its size, ``rows`` the rows of a table.
    """

    uri: str | None = None
    bytes: int | None = None
    rows: int | None = None
    checksum: str | None = None
    metadata: Metadata = _NO_METADATA


class Blame(StrEnum):
    """Whose code a failure came from."""

    USER = "user"
    IO = "io"
    RESOURCE = "resource"
    TYPE = "type"
    CHECK = "check"
    TIMEOUT = "timeout"
    WORKER = "worker"
    INTERRUPT = "interrupt"


# ---- events of a run as a whole; ``at`` is seconds since 1970 ------------------------------------


@frozen(kw_only=True)
class Happened:
    """The root of every event: when it happened."""

    at: float


@frozen(kw_only=True)
class RunQueued(Happened):
    """The run was accepted."""


@frozen(kw_only=True)
class RunStarting(Happened):
    """A worker took the run."""


@frozen(kw_only=True)
class RunStarted(Happened):
    """The first step may start."""


@frozen(kw_only=True)
class RunSucceeded(Happened):
    """Every step that was to run did so."""


@frozen(kw_only=True)
class RunFailed(Happened):
    """The run ended with failed steps, or could not go on.

    ``reason`` is one of ``"step_failure"``, ``"resource_failure"``, ``"worker_lost"`` ….
    """

    reason: str = "step_failure"
    message: str = ""
    error: ErrorInfo | None = None
    failed_steps: tuple[str, ...] = ()


@frozen(kw_only=True)
class RunCanceling(Happened):
    """Somebody asked the run to stop."""

    reason: str = ""


@frozen(kw_only=True)
class RunCanceled(Happened):
    """The run stopped before its end because it was asked to."""

    reason: str = ""


@frozen(kw_only=True)
class ResourceFailed(Happened):
    """A resource could not be set up or torn down."""

    resource: str
    error: ErrorInfo
    phase: str = "setup"


@frozen(kw_only=True)
class EngineNoted(Happened):
    """Something worth telling that changes no state (a disabled observer, a lost worker)."""

    message: str
    step: str | None = None
    error: ErrorInfo | None = None


# ---- events of one step; ``step`` is the step key with its mapping key ---------------------------


@frozen(kw_only=True)
class StepHappened(Happened):
    """The root of every event of a step."""

    step: str


@frozen(kw_only=True)
class StepStarted(StepHappened):
    """An attempt began; attempts count from 1."""

    attempt: int = 1


@frozen(kw_only=True)
class StepRestarted(StepHappened):
    """A further attempt began."""

    attempt: int


@frozen(kw_only=True)
class InputLoaded(StepHappened):
    """An I/O manager loaded an input."""

    input_name: str
    manager_key: str = "io_manager"
    upstream_step: str | None = None
    upstream_output: str | None = None
    asset_key: AssetKey | None = None
    metadata: Metadata = _NO_METADATA


@frozen(kw_only=True)
class InputChecked(StepHappened):
    """A type check of an input had something to say."""

    input_name: str
    type_check: TypeChecked


@frozen(kw_only=True)
class OutputProduced(StepHappened):
    """User code gave an output and it is of its type."""

    output_name: str = "result"
    mapping_key: str | None = None
    type_check: TypeChecked | None = None
    metadata: Metadata = _NO_METADATA


@frozen(kw_only=True)
class OutputStored(StepHappened):
    """An I/O manager stored an output, completely."""

    output_name: str = "result"
    mapping_key: str | None = None
    manager_key: str = "io_manager"
    receipt: Receipt = Receipt()


@frozen(kw_only=True)
class AssetMaterialized(StepHappened):
    """An asset was made; ``step`` is empty when it was reported from outside any run.

    ``place`` tells the store where the partition stands; it is not kept.
    """

    materialization: AssetMaterialization
    step: str = ""
    place: PartitionPlace | None = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class AssetObserved(StepHappened):
    """An asset was observed."""

    observation: AssetObservation
    step: str = ""


@frozen(kw_only=True)
class CheckEvaluated(StepHappened):
    """An asset check was evaluated."""

    evaluation: AssetCheckEvaluation
    step: str = ""


@frozen(kw_only=True)
class StepSucceeded(StepHappened):
    """An attempt ended well after ``seconds`` of monotonic time."""

    seconds: float = 0.0
    attempt: int = 1


@frozen(kw_only=True)
class StepFailed(StepHappened):
    """The last attempt failed, or ``attempt`` of them had run when another could not begin."""

    error: ErrorInfo
    failure: UserFailure | None = None
    blame: Blame = Blame.USER
    attempt: int = 1


@frozen(kw_only=True)
class StepRetryScheduled(StepHappened):
    """An attempt failed and another follows after ``wait`` seconds."""

    error: ErrorInfo
    wait: float = 0.0
    attempt: int = 1


@frozen(kw_only=True)
class StepSkipped(StepHappened):
    """The step did not run because an input will never come."""

    reason: str = ""


@frozen(kw_only=True)
class StepInterrupted(StepHappened):
    """The step was stopped because the run is being canceled."""

    attempt: int = 1


@frozen(kw_only=True)
class HookCompleted(StepHappened):
    """A hook ran."""

    hook: str


@frozen(kw_only=True)
class HookSkipped(StepHappened):
    """A hook had no reason to run."""

    hook: str


@frozen(kw_only=True)
class HookErrored(StepHappened):
    """A hook raised; the run goes on."""

    hook: str
    error: ErrorInfo


@frozen(kw_only=True)
class LogsCaptured(StepHappened):
    """Where the step's log and its captured output lie."""

    file: str


@frozen(kw_only=True)
class ExpectationTold(StepHappened):
    """A step said whether data is as it expected."""

    expectation: ExpectationResult


EVENT_CLASSES: tuple[type[Happened], ...] = (
    RunQueued, RunStarting, RunStarted, RunSucceeded, RunFailed, RunCanceling, RunCanceled,
    ResourceFailed, EngineNoted, StepStarted, StepRestarted, InputLoaded, InputChecked,
    OutputProduced, OutputStored, AssetMaterialized, AssetObserved, CheckEvaluated,
    StepSucceeded, StepFailed, StepRetryScheduled, StepSkipped, StepInterrupted,
    HookCompleted, HookSkipped, HookErrored, LogsCaptured, ExpectationTold,
)  # fmt: skip
"""Every kind of event, in the order of their storage numbers (from 1; append only)."""
