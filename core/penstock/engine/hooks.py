"""Hooks: user code that runs after a step ended.

Owns: ``HookContext`` and calling each hook that has a reason to run. A hook that raises is written
down and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.engine.context import StepInHand
from penstock.engine.failures import describe_error
from penstock.engine.offered import Resources
from penstock.events.values import Happened, HookCompleted, HookErrored, HookSkipped

_NO_OUTPUTS: Mapping[str, Any] = {}


class HookContext:
    """What a hook sees of the step that ended.

    Args:
        hand: the step.
        hook: the hook's definition, whose resources are offered.
        outputs: values by output name, empty after a failure.
        error: what the step raised, None after a success.
    """

    __penstock_context__ = True

    def __init__(
        self, hand: StepInHand, hook: Any, outputs: Mapping[str, Any], error: BaseException | None
    ) -> None:
        self._hand = hand
        self._outputs = outputs
        self._error = error
        self.hook_def = hook
        wanted = {key: hand.program.resources[key] for key in hook.required_resource_keys}
        self.resources = Resources(wanted, f"Hook {hook.name!r}")

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the hook requires."""
        return frozenset(self.hook_def.required_resource_keys)

    @property
    def op(self) -> Any:
        """The node under which the op stands in its graph."""
        return self._hand.bound.place.node

    @property
    def step_key(self) -> str:
        """The key of the step that ended."""
        return self._hand.key

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._hand.program.run.run_id

    @property
    def job_name(self) -> str:
        """The name of the job."""
        return self._hand.program.run.job_name

    @property
    def log(self) -> Any:
        """The logger of the step."""
        return self._hand.log

    @property
    def op_config(self) -> Any:
        """The bound config of the op."""
        return self._hand.bound.config

    @property
    def op_exception(self) -> BaseException | None:
        """What the step raised, None after a success."""
        return self._error

    @property
    def op_output_values(self) -> Mapping[str, Any]:
        """The step's outputs by name."""
        return self._outputs

    @property
    def instance(self) -> Any:
        """The instance that records the run."""
        return self._hand.program.instance


def run_hooks(
    hand: StepInHand, *, outputs: Mapping[str, Any] = _NO_OUTPUTS, error: BaseException | None = None
) -> list[Happened]:
    """Call every hook of a step.

    Args:
        hand: the step that ended.
        outputs: its values after a success.
        error: what it raised, None after a success.

    Returns:
        One event per hook.
    """
    return [_run_hook(hand, hook, outputs, error) for hook in hand.bound.hooks]


def _run_hook(
    hand: StepInHand, hook: Any, outputs: Mapping[str, Any], error: BaseException | None
) -> Happened:
    now = hand.program.tools.now
    try:
        ran = hook.run(HookContext(hand, hook, outputs, error), succeeded=error is None)
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # noqa: BLE001  # a hook must not change the outcome, nor exit
        return HookErrored(at=now(), step=hand.key, hook=hook.name, error=describe_error(raised))
    kind = HookCompleted if ran else HookSkipped
    return kind(at=now(), step=hand.key, hook=hook.name)
