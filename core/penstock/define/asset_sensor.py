"""Sensors that look at one asset: their function is told its newest materialization, once.

Owns: ``AssetSensorDefinition`` and its decorator. The materializations are found by the host, through the
port. Must not know instances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from attrs import field

from penstock.define import port
from penstock.define.assets import AssetsDefinition
from penstock.define.sensor import SensorDefinition, SensorType, named_after
from penstock.define.sensor_calls import call_directly
from penstock.define.sensor_context import SensorEvaluationContext, build_sensor_context
from penstock.define.specs import AssetSpec
from penstock.keys import AssetKey, as_asset_key
from penstock.values import frozen


def watched_key(given: Any) -> AssetKey:
    """The key of an asset, given in any spelling or as a definition of one asset."""
    return given.key if isinstance(given, AssetsDefinition | AssetSpec) else as_asset_key(given)


@frozen(kw_only=True, eq=False)
class AssetSensorDefinition(SensorDefinition):
    """Runs a job when an asset was materialized.

    Of several materializations between two evaluations the function is told the newest. The cursor is the
    place of the last one that it was told; it is moved after the function has answered.

    Args:
        asset_key: the asset.
        asset_materialization_fn: takes the context, the materialization as a log entry, and resources;
            it may leave out what comes last.
    """

    sensor_type: ClassVar[SensorType] = SensorType.ASSET

    asset_key: AssetKey = field(converter=watched_key)
    evaluation_fn: Callable[..., Any] | None = field(default=None, alias="asset_materialization_fn")

    def ask(self, context: SensorEvaluationContext) -> Any:
        """What its function gives for the newest materialization; a reason when there is none.

        Args:
            context: of the tick.
        """
        return port.call("ask_asset_sensor", self, context)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What its function gives for the newest materialization, one after the other."""

        def looked(context: SensorEvaluationContext) -> Iterator[Any]:
            answer = self.ask(context)
            yield from answer if isinstance(answer, list) else () if answer is None else (answer,)

        return call_directly(self, looked, args, kwargs, build_sensor_context)


def asset_sensor(
    asset_key: Any, *, job_name: str | None = None, **options: Any
) -> Callable[[Callable[..., Any]], AssetSensorDefinition]:
    """Make a sensor of a function that says what to run when an asset was materialized.

    Args:
        asset_key: the asset: a key in any spelling, or a definition.
        job_name: which job, unless ``job=``, ``jobs=`` or ``target=`` gives it.
        options: see ``SensorDefinition``.
    """

    def decorate(fn: Callable[..., Any]) -> AssetSensorDefinition:
        given = named_after(fn, {"job_name": job_name, **options})
        return AssetSensorDefinition(asset_key=asset_key, asset_materialization_fn=fn, **given)

    return decorate
