"""The sensor that asks automation conditions, and for runs of what they ask for.

Owns: ``AutomationConditionSensorDefinition``. What conditions come to is worked out by the host, through the
port.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from attrs import field

from penstock.define import port
from penstock.define.condition import AutomationCondition
from penstock.define.names import as_tags
from penstock.define.selection import AssetSelection
from penstock.define.sensor import SensorDefinition, SensorType
from penstock.define.sensor_calls import call_directly
from penstock.define.sensor_context import SensorEvaluationContext, build_sensor_context
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


def _with_neighbors(given: Any) -> AssetSelection:
    """Assets, and what is made whenever they are: a request for the one is a request for the other."""
    return AssetSelection.from_coercible(given).required_multi_asset_neighbors()


def _run_tags(given: Mapping[str, Any] | None) -> Mapping[str, str]:
    return dict(as_tags(given, "the runs of an automation sensor"))


def _condition(given: Any) -> AutomationCondition | None:
    if given is not None and not isinstance(given, AutomationCondition):
        raise InvalidDefinitionError(
            f"default_condition is an AutomationCondition, found {given!r} ({type(given).__name__})."
        )
    return given


def _look(context: SensorEvaluationContext) -> None:
    """Stands for the function of a sensor that has none of its own; ``ask`` does not call it."""


@frozen(kw_only=True, eq=False)
class AutomationConditionSensorDefinition(SensorDefinition):
    """Asks the automation conditions of assets and checks, and for runs of what they ask for.

    Assets of the same partition are asked for in one run. The cursor is what conditions remember.

    Args:
        target: the assets and checks, in any spelling of a selection.
        run_tags: of the runs.
        default_condition: the condition of those that have none.
        emit_backfills: accepted; here each partition is a run of its own.
        use_user_code_server: accepted; conditions are always asked where the definitions are.
    """

    sensor_type: ClassVar[SensorType] = SensorType.AUTOMATION

    evaluation_fn: Callable[..., Any] | None = field(default=_look, init=False, repr=False)
    given_target: Any = field(default=None, init=False, repr=False)
    asset_selection: AssetSelection = field(alias="target", converter=_with_neighbors)
    run_tags: Mapping[str, str] = field(default=None, converter=_run_tags)
    default_condition: AutomationCondition | None = field(default=None, converter=_condition)
    emit_backfills: bool = True
    use_user_code_server: bool = False

    def ask(self, context: SensorEvaluationContext) -> Any:
        """The runs that the conditions ask for, with what they remember as cursor.

        Args:
            context: of the tick; it needs an instance and the project.
        """
        return port.call("ask_automation_sensor", self, context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What conditions come to now, as a ``SensorResult``.

        Raises:
            InvalidInvocationError: when the context is missing.
        """
        return call_directly(self, self.ask, args, kwargs, build_sensor_context)
