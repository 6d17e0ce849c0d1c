"""Sensors that look at several assets: their function asks what was made, and says what is done.

Owns: ``MultiAssetSensorDefinition`` and its decorator. Must not know instances.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar, cast

from attrs import field

from penstock.define import port
from penstock.define.asset_sensor import watched_key
from penstock.define.multi_asset_context import MultiAssetSensorEvaluationContext
from penstock.define.selection import AssetSelection
from penstock.define.sensor import SensorDefinition, SensorType, named_after
from penstock.define.sensor_calls import call_directly
from penstock.define.sensor_context import SensorEvaluationContext
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey
from penstock.values import frozen


def _monitored(given: Any) -> Sequence[AssetKey] | AssetSelection:
    if isinstance(given, AssetSelection):
        return given
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidDefinitionError(
            f"monitored_assets of a sensor is a list of keys, or an AssetSelection; found {given!r:.200}."
        )
    return tuple(watched_key(one) for one in cast("Sequence[Any]", given))


def _requested(given: Any) -> AssetSelection | None:
    return None if given is None else AssetSelection.from_coercible(given)


@frozen(kw_only=True, eq=False)
class MultiAssetSensorDefinition(SensorDefinition):
    """Runs a job when its function says so, which is told what was made of several assets.

    Args:
        monitored_assets: keys, or a selection among the assets of the project.
        asset_materialization_fn: takes the context and resources.
        request_assets: the assets of which its requests may choose, in the job of all assets.
    """

    sensor_type: ClassVar[SensorType] = SensorType.MULTI_ASSET
    context_class: ClassVar[type] = MultiAssetSensorEvaluationContext
    context_builder: ClassVar[str] = "build_multi_asset_sensor_context"

    monitored_assets: Sequence[AssetKey] | AssetSelection = field(converter=_monitored)
    evaluation_fn: Callable[..., Any] | None = field(default=None, alias="asset_materialization_fn")
    asset_selection: AssetSelection | None = field(default=None, converter=_requested, alias="request_assets")

    def ask(self, context: SensorEvaluationContext) -> Any:
        """What its function gives in a tick; its cursor is moved by what it says is done.

        Args:
            context: of the tick.
        """
        return port.call("ask_multi_asset_sensor", self, context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call its function, as a test does; the cursor of the context is moved by what it says is done."""
        fn = self.evaluation_fn
        answer = None if fn is None else call_directly(self, fn, args, kwargs, None)
        told = [
            one for one in (*args, *kwargs.values()) if isinstance(one, MultiAssetSensorEvaluationContext)
        ]
        if told and inspect.isgenerator(answer):
            return _moving(cast("Generator[Any, None, Any]", answer), told[0])
        for context in told:
            context.update_cursor_after_evaluation()
        return answer


def _moving(
    answer: Generator[Any, None, Any], context: MultiAssetSensorEvaluationContext
) -> Generator[Any, None, Any]:
    """What a generator gives; at its end the cursor is moved."""
    last = yield from answer
    context.update_cursor_after_evaluation()
    return last


def multi_asset_sensor(
    monitored_assets: Sequence[AssetKey] | AssetSelection, *, job_name: str | None = None, **options: Any
) -> Callable[[Callable[..., Any]], MultiAssetSensorDefinition]:
    """Make a sensor of a function that says what to run when several assets were materialized.

    Args:
        monitored_assets: keys, or a selection among the assets of the project.
        job_name: which job, unless ``job=``, ``jobs=``, ``target=`` or ``request_assets=`` gives it.
        options: see ``MultiAssetSensorDefinition`` and ``SensorDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> MultiAssetSensorDefinition:
        given = named_after(fn, {"job_name": job_name, **options})
        return MultiAssetSensorDefinition(
            monitored_assets=monitored_assets, asset_materialization_fn=fn, **given
        )

    return decorate
