"""Run config that follows from a partition.

Owns: ``PartitionedConfig``. The decorators that make one stand in ``partitioned_config_decorators``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from attrs import field

from penstock.config import as_run_config_dict
from penstock.define.names import as_tags
from penstock.errors import ConfigMappingFunctionError, InvalidDefinitionError
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.partitions.definition import PartitionsDefinition
    from penstock.partitions.view import DynamicPartitionsStore


@frozen(kw_only=True, eq=False, repr=False)
class PartitionedConfig:
    """Run config and tags as functions of the partition key.

    Args:
        partitions_def: the partitions of the job.
        run_config_for_partition_key_fn: key → run config, a dict or ``RunConfig``.
        tags_for_partition_key_fn: key → tags of the run.
        decorated_fn: what the object does when it is called, for tests.

    Raises:
        InvalidDefinitionError: when there is no function for the config.
    """

    partitions_def: PartitionsDefinition = field(kw_only=False)
    run_config_for_partition_key_fn: Callable[[str], Any]
    tags_for_partition_key_fn: Callable[[str], Mapping[str, Any] | None] | None = None
    decorated_fn: Callable[..., Any] | None = None

    def __attrs_post_init__(self) -> None:
        if not callable(self.run_config_for_partition_key_fn):
            raise InvalidDefinitionError(
                "A partitioned config wants a function from a partition key to run config, found"
                f" {self.run_config_for_partition_key_fn!r}."
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function that was decorated."""
        return (self.decorated_fn or self.run_config_for_partition_key_fn)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<partitioned config {self._name!r} over {self.partitions_def!r}>"

    @property
    def _name(self) -> str:
        fn = self.decorated_fn or self.run_config_for_partition_key_fn
        return getattr(fn, "__name__", type(fn).__name__)

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key, in order."""
        return self.partitions_def.get_partition_keys(current_time, dynamic_partitions_store)

    def get_run_config_for_partition_key(self, partition_key: str) -> dict[str, Any]:
        """The run config of a partition.

        Raises:
            ConfigMappingFunctionError: when the function raises, or gives something else.
        """
        given: Any = self._asked(self.run_config_for_partition_key_fn, partition_key, "config")
        if not isinstance(given, Mapping) and not hasattr(given, "to_config_dict"):
            raise ConfigMappingFunctionError(
                f"The partitioned config {self._name!r} gave {given!r} for partition {partition_key!r}."
                " Return a dict or a RunConfig."
            )
        return as_run_config_dict(cast("Any", given))

    def get_tags_for_partition_key(self, partition_key: str, job_name: str | None = None) -> dict[str, str]:
        """The tags of a run for a partition.

        Args:
            partition_key: the partition.
            job_name: taken for the sake of those who give it.

        Raises:
            ConfigMappingFunctionError: when the function for tags raises.
        """
        del job_name
        given: Any = None
        if self.tags_for_partition_key_fn is not None:
            given = self._asked(self.tags_for_partition_key_fn, partition_key, "tags")
        own = as_tags(cast("Mapping[str, Any] | None", given), self._name)
        return {**own, **self.partitions_def.get_tags_for_partition_key(partition_key)}

    def _asked(self, fn: Callable[[str], Any], key: str, what: str) -> Any:
        try:
            return fn(key)
        except Exception as error:
            raise ConfigMappingFunctionError(
                f"The partitioned config {self._name!r} raised for the {what} of partition {key!r}:"
                f" {type(error).__name__}: {error}",
                error,
            ) from error
