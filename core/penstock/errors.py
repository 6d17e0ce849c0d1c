"""The exception tree: every error Penstock raises on purpose, drawn here in one place.

    Error
    ├── UserError                        bad input: one message, exit code 2, no traceback
    │   ├── InvalidDefinitionError       assets, ops, graphs, jobs that cannot be
    │   │   ├── InvalidSubsetError       a selection that names what does not exist
    │   │   └── ResourceRequirementError a resource that cannot be had; also invocation and invariant
    │   ├── InvalidConfigError           run config or resource config with faults
    │   ├── InvalidConfigDefinitionError a config schema that cannot be
    │   ├── InvalidMetadataError         a metadata value of no known kind
    │   ├── InvalidInvocationError       a call that misses arguments or context
    │   ├── InvariantViolationError      an API asked for what it cannot give
    │   │   └── StepOutputNotFoundError
    │   ├── UnknownResourceError
    │   ├── UnknownPartitionError
    │   ├── RunNotFoundError
    │   ├── StepNotFoundError
    │   ├── UnmetExecutorRequirementsError
    │   ├── CodeLocationError            user code that cannot be imported
    │   ├── SettingsError                penstock.toml, pyproject, environment, home folder
    │   ├── StoreError                   database unreadable, corrupted or of another schema
    │   └── PluginError                  a plugin that the configuration names and cannot load
    ├── UserCodeExecutionError           user code raised; the cause is chained
    │   ├── StepExecutionError
    │   ├── ResourceFunctionError
    │   ├── ConfigMappingFunctionError
    │   ├── TypeLoadingError
    │   ├── HookExecutionError
    │   ├── ScheduleExecutionError
    │   ├── LoadInputError               blame: the I/O manager, while loading
    │   └── HandleOutputError            blame: the I/O manager, while storing
    │       └── UnstorableValueError     blame: the value, which no format holds; exit code 2
    ├── TypeCheckDidNotPass              a value is not of its declared type
    ├── TypeCheckError                   a type check function itself raised
    ├── CheckFailedError                 a blocking asset check did not pass
    ├── WorkerLostError                  a step's process is gone before it gave an answer
    ├── StepTimeoutError                 a step ran longer than its timeout
    ├── ExecutionInterruptedError        the run was told to stop
    ├── TransitionRejected               a run was not in the state that a change expected
    ├── EventLogInvalidForRun
    └── SubprocessError

Owns: names, inheritance and the shape of messages. Knows nothing of any room above.
A message says what was wanted, what was found, where, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class Error(Exception):
    """The root of every error that Penstock raises on purpose."""


class UserError(Error):
    """Bad input: the message is for the user; a command ends with exit code 2."""


class InvalidDefinitionError(UserError):
    """An asset, op, graph, job or resource is defined in a way that cannot work."""


class InvalidSubsetError(InvalidDefinitionError):
    """A selection names something that does not exist or cannot be taken apart."""


class InvalidConfigDefinitionError(UserError):
    """A config schema is not a schema."""


class InvalidMetadataError(UserError):
    """A metadata entry is of no kind that can be recorded."""


class InvalidInvocationError(UserError):
    """A definition was called with missing or superfluous arguments or context."""


class InvariantViolationError(UserError):
    """Something was asked for that this object cannot give."""


class ResourceRequirementError(InvalidDefinitionError, InvalidInvocationError, InvariantViolationError):
    """Something needs a resource that it cannot have: nobody gives it, or the needs run in a circle."""


class StepOutputNotFoundError(InvariantViolationError):
    """A step has no output of that name, or did not produce it."""


class UnknownResourceError(UserError, AttributeError):
    """A resource was asked for under a key that nobody bound; ``hasattr`` can ask, as for any attribute."""


class UnknownPartitionError(UserError):
    """A partition key is not in the partitions definition."""


class RunNotFoundError(UserError):
    """No run of that id is stored."""


class StepNotFoundError(UserError):
    """A plan has no step of that key."""


class UnmetExecutorRequirementsError(UserError):
    """An executor needs something of the run that it does not have."""


class CodeLocationError(UserError):
    """User code could not be found, imported, or holds no definitions."""


class SettingsError(UserError):
    """Settings, environment or home folder are not usable."""


class StoreError(UserError):
    """The database cannot be opened, is corrupted, or has a schema of another version."""


class PluginError(UserError):
    """A plugin that is asked for by name cannot be loaded."""


class InvalidConfigError(UserError):
    """Config does not fit its schema; all faults are listed together.

    Args:
        message: what was being configured, one line.
        faults: one ``Fault`` per mistake, in order of their paths.
    """

    def __init__(self, message: str, faults: Sequence[Any] = ()) -> None:
        self.faults = tuple(faults)
        lines = [message, *(f"  {fault}" for fault in self.faults)]
        super().__init__("\n".join(lines))
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.message, self.faults))


class UserCodeExecutionError(Error):
    """Code of the user raised; ``user_exception`` and ``__cause__`` hold what it raised."""

    def __init__(self, message: str, user_exception: BaseException | None = None) -> None:
        super().__init__(message)
        self.user_exception = user_exception

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self.__cause__ = self.user_exception  # a cause does not travel by itself


class StepExecutionError(UserCodeExecutionError):
    """The function of an op or asset raised."""


class ResourceFunctionError(UserCodeExecutionError):
    """A resource could not be set up; ``resource`` is its key when a step asked for it in a worker."""

    resource: str | None = None


class ConfigMappingFunctionError(UserCodeExecutionError):
    """A config mapping function raised."""


class TypeLoadingError(UserCodeExecutionError):
    """A type loader raised while building an input from config."""


class HookExecutionError(UserCodeExecutionError):
    """A hook raised; the run goes on."""


class ScheduleExecutionError(UserCodeExecutionError):
    """A function of a schedule raised."""


class LoadInputError(UserCodeExecutionError):
    """An I/O manager raised in ``load_input``."""


class HandleOutputError(UserCodeExecutionError):
    """An I/O manager raised in ``handle_output``."""


class UnstorableValueError(HandleOutputError):
    """A value is of no kind that the I/O manager can store, however often it is tried."""


class TypeCheckDidNotPass(Error):
    """A value is not of the type declared for its input or output."""

    def __init__(
        self, message: str, metadata: Any = None, type_name: str | None = None, said: str | None = None
    ) -> None:
        super().__init__(message)
        self.description = message
        self.metadata = metadata
        self.type_name = type_name
        self.said = said


class TypeCheckError(Error):
    """A type check function raised instead of answering."""


class CheckFailedError(Error):
    """A blocking asset check did not pass."""


class WorkerLostError(Error):
    """The process that carried out a step is gone before it gave an answer."""


class StepTimeoutError(Error):
    """A step ran longer than its timeout."""


class ExecutionInterruptedError(Error):
    """The run was told to stop while a step was running."""


class TransitionRejected(Error):
    """A run was not in the state that a change expected; the caller must stop."""


class EventLogInvalidForRun(Error):
    """The stored events of a run contradict each other."""


class SubprocessError(Error):
    """A child process ended badly."""


def job_title(name: str, *, begins: bool = False) -> str:
    """How messages name a job; one made for a selection of assets has no name that people gave.

    Args:
        name: of the job.
        begins: whether a sentence begins with it.
    """
    title = "the selected assets" if name == "__ASSET_JOB" else f"job {name!r}"
    return f"{title[0].upper()}{title[1:]}" if begins else title


def suggest(wanted: str, known: Iterable[str], limit: int = 3) -> str:
    """Name the nearest known names, as the end of an error message.

    Args:
        wanted: the name that was not found.
        known: every name that exists.
        limit: how many suggestions at most.

    Returns:
        ``" Did you mean 'a' or 'b'?"``, or the empty text when nothing is near.
    """
    near = get_close_matches(wanted, list(known), n=limit, cutoff=0.6)
    if not near:
        return ""
    return f" Did you mean {' or '.join(repr(name) for name in near)}?"
