"""Penstock: an orchestrator for data assets.

Owns: the public names, each imported from its room when it is first used, so that ``import penstock``
costs next to nothing (lazy on purpose, by PEP 562). Nothing inside the package imports from here.
A name stands three times, for three readers: below for type checkers and ``import *``, in ``places`` for
``__getattr__``; a test holds them together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penstock.places import PLACES

# Names run on in lines: one per line would fill hundreds.
# fmt: off
# isort: off
if TYPE_CHECKING:
    from penstock.automation.custom import AutomationContext, AutomationResult
    from penstock.config import (
        Array, BoolSource, Config, ConfigMapping, Enum, EnumValue, EnvVar, Field, IntSource, Map, Noneable,
        Permissive, PermissiveConfig, RunConfig, ScalarUnion, Selector, Shape, StringSource, config_mapping,
        configured,
    )
    from penstock.define.asset_changes import apply_freshness_policy, map_asset_specs
    from penstock.define.asset_decorators import asset, multi_asset
    from penstock.define.asset_graph import AssetGraph
    from penstock.define.asset_job import UnresolvedAssetJobDefinition, define_asset_job
    from penstock.define.asset_sensor import AssetSensorDefinition, asset_sensor
    from penstock.define.assets import AssetChecksDefinition, AssetsDefinition
    from penstock.define.automation_sensor import AutomationConditionSensorDefinition
    from penstock.define.backfill_policy import BackfillPolicy, BackfillPolicyType
    from penstock.define.checks import asset_check, multi_asset_check
    from penstock.define.code_references import (
        AnchorBasedFilePathMapping, FilePathMapping, file_relative_path, link_code_references_to_git,
        with_source_code_references,
    )
    from penstock.define.condition import AutomationCondition
    from penstock.define.configurable_resource import (
        ConfigurableResource, ConfigurableResourceFactory, ResourceDependency,
    )
    from penstock.define.definitions import Definitions
    from penstock.define.email_sensor import make_email_on_run_failure_sensor
    from penstock.define.executor import (
        ExecutorDefinition, executor, in_process_executor, multi_or_in_process_executor,
        multiprocess_executor,
    )
    from penstock.define.freshness import FreshnessPolicy
    from penstock.define.freshness_checks import (
        build_last_update_freshness_checks, build_time_partition_freshness_checks,
    )
    from penstock.define.freshness_sensor import build_sensor_for_freshness_checks
    from penstock.define.graph import GraphDefinition
    from penstock.define.graph_assets import graph_asset, graph_multi_asset
    from penstock.define.graph_decorator import graph
    from penstock.define.hook import HookDefinition, event_list_hook, failure_hook, success_hook
    from penstock.define.inout import DynamicOut, GraphIn, GraphOut, In, Out
    from penstock.define.io_manager import (
        ConfigurableIOManager, ConfigurableIOManagerFactory, IOManager, IOManagerDefinition, InputManager,
        InputManagerDefinition, input_manager, io_manager,
    )
    from penstock.define.job import JobDefinition
    from penstock.define.job_decorator import job
    from penstock.define.loading import (
        load_all_assets_from_current_module, load_asset_checks_from_current_module,
        load_asset_checks_from_modules, load_asset_checks_from_package_module,
        load_asset_checks_from_package_name, load_assets_from_current_module, load_assets_from_modules,
        load_assets_from_package_module, load_assets_from_package_name,
        load_definitions_from_current_module, load_definitions_from_module, load_definitions_from_modules,
        load_definitions_from_package_module, load_definitions_from_package_name,
    )
    from penstock.define.logger import (
        InitLoggerContext, LoggerDefinition, colored_console_logger, json_console_logger, logger,
    )
    from penstock.define.metadata_checks import (
        build_column_schema_change_checks, build_metadata_bounds_checks,
    )
    from penstock.define.multi_asset_context import (
        MultiAssetSensorEvaluationContext, build_multi_asset_sensor_context,
    )
    from penstock.define.multi_asset_sensor import MultiAssetSensorDefinition, multi_asset_sensor
    from penstock.define.observe import (
        SourceAsset, external_asset_from_spec, external_assets_from_specs, multi_observable_source_asset,
        observable_source_asset,
    )
    from penstock.define.op import OpDefinition, op
    from penstock.define.output import DynamicOutput, Output
    from penstock.define.partitioned_config import PartitionedConfig
    from penstock.define.partitioned_config_decorators import (
        daily_partitioned_config, dynamic_partitioned_config, hourly_partitioned_config,
        monthly_partitioned_config, partitioned_config, static_partitioned_config,
        weekly_partitioned_config,
    )
    from penstock.define.partitioned_schedule import build_schedule_from_partitioned_job
    from penstock.define.reconstructable import ReconstructableJob, build_reconstructable_job, reconstructable
    from penstock.define.repository import RepositoryDefinition
    from penstock.define.repository_decorator import repository
    from penstock.define.resource import ResourceDefinition, ResourceParam, make_values_resource, resource
    from penstock.define.results import AssetCheckResult, MaterializeResult, ObserveResult
    from penstock.define.retry import Backoff, Failure, Jitter, RetryPolicy, RetryRequested
    from penstock.define.run_requests import RunRequest, SkipReason
    from penstock.define.run_status_context import (
        RunFailureSensorContext, RunStatusSensorContext, build_run_status_sensor_context,
    )
    from penstock.define.run_status_sensor import (
        CodeLocationSelector, JobSelector, RepositorySelector, RunStatusSensorDefinition,
        run_failure_sensor, run_status_sensor,
    )
    from penstock.define.schedule import (
        DefaultScheduleStatus, ScheduleDefinition, ScheduleExecutionData, schedule,
    )
    from penstock.define.schedule_context import ScheduleEvaluationContext, build_schedule_context
    from penstock.define.selection import AssetSelection
    from penstock.define.sensor import (
        DefaultSensorStatus, SensorDefinition, SensorReturnTypesUnion, SensorType, sensor,
    )
    from penstock.define.sensor_context import SensorEvaluationContext, build_sensor_context
    from penstock.define.sensor_result import SensorResult
    from penstock.define.specs import AssetCheckSpec, AssetDep, AssetIn, AssetOut, AssetSpec
    from penstock.define.versions import DataProvenance, DataVersion, DataVersionsByPartition
    from penstock.define.with_resources import with_resources
    from penstock.engine.context import AssetCheckExecutionContext, AssetExecutionContext, OpExecutionContext
    from penstock.engine.direct import (
        build_asset_check_context, build_asset_context, build_hook_context, build_init_resource_context,
        build_op_context,
    )
    from penstock.engine.hooks import HookContext
    from penstock.engine.logs import LogManager, get_logger
    from penstock.engine.memory import InMemoryIOManager
    from penstock.engine.resources import InitResourceContext
    from penstock.errors import (
        CheckFailedError, CodeLocationError, ConfigMappingFunctionError, Error, EventLogInvalidForRun,
        ExecutionInterruptedError, HandleOutputError, HookExecutionError, InvalidConfigDefinitionError,
        InvalidConfigError, InvalidDefinitionError, InvalidInvocationError, InvalidMetadataError,
        InvalidSubsetError, InvariantViolationError, LoadInputError, PluginError, ResourceFunctionError,
        ResourceRequirementError, RunNotFoundError, ScheduleExecutionError, SettingsError, StepExecutionError,
        StepNotFoundError,
        StepOutputNotFoundError,
        StepTimeoutError, StoreError, SubprocessError, TransitionRejected, TypeCheckDidNotPass,
        TypeCheckError, TypeLoadingError, UnknownPartitionError, UnknownResourceError,
        UnmetExecutorRequirementsError, UserCodeExecutionError, UserError,
    )
    from penstock.events.entries import (
        AssetCheckExecutionRecord, AssetPartitionStatus, AssetRecord, AssetRecordsFilter, EventLogEntry,
        EventLogRecord, EventRecordsFilter, EventRecordsResult, RunStatusChangeRecordsFilter,
    )
    from penstock.events.runs import Run, RunRecord, RunStatus, RunsFilter
    from penstock.events.values import (
        AssetCheckEvaluation, AssetCheckSeverity, AssetMaterialization, AssetObservation, ExpectationResult,
    )
    from penstock.events.view import Event, EventType
    from penstock.host.automation import EvaluateAutomationConditionsResult, evaluate_automation_conditions
    from penstock.host.config_files import config_from_files, config_from_yaml_strings
    from penstock.host.execute import execute_job, materialize, materialize_to_memory, validate_run_config
    from penstock.host.instance import Instance
    from penstock.host.managers import fs_io_manager, mem_io_manager
    from penstock.host.reexecution import ReexecutionOptions
    from penstock.host.resources import build_resources
    from penstock.host.result import ExecuteInProcessResult, ExecutionResult, JobExecutionResult
    from penstock.host.values import AssetValueLoader
    from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, CoercibleToAssetKeyPrefix
    from penstock.metadata import (
        AssetMetadataValue, BoolMetadataValue, CodeReferencesMetadataSet, CodeReferencesMetadataValue,
        FloatMetadataValue, IntMetadataValue, JobMetadataValue, JsonMetadataValue, LocalFileCodeReference,
        MarkdownMetadataValue, MetadataValue, NotebookMetadataValue, NullMetadataValue, PathMetadataValue,
        PoolMetadataValue, PythonArtifactMetadataValue, RawMetadataMapping, RawMetadataValue,
        RunMetadataValue, TableColumn, TableColumnConstraints, TableColumnDep, TableColumnLineage,
        TableColumnLineageMetadataValue, TableConstraints, TableMetadataSet, TableMetadataValue,
        TableRecord, TableSchema, TableSchemaMetadataValue, TextMetadataValue, TimestampMetadataValue,
        UrlCodeReference, UrlMetadataValue,
    )
    from penstock.partitions.definition import PartitionsDefinition
    from penstock.partitions.dynamic import (
        AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest, DynamicPartitionsDefinition,
    )
    from penstock.partitions.keys import MultiPartitionKey, PartitionKeyRange
    from penstock.partitions.mapping import (
        AllPartitionMapping, IdentityPartitionMapping, LastPartitionMapping, PartitionMapping,
        SpecificPartitionsPartitionMapping, UpstreamPartitionsResult,
    )
    from penstock.partitions.multi import MultiPartitionsDefinition, PartitionDimensionDefinition
    from penstock.partitions.multi_mapping import (
        DimensionPartitionMapping, MultiPartitionMapping, MultiToSingleDimensionPartitionMapping,
    )
    from penstock.partitions.periods import (
        DailyPartitionsDefinition, HourlyPartitionsDefinition, MonthlyPartitionsDefinition,
        WeeklyPartitionsDefinition,
    )
    from penstock.partitions.static import StaticPartitionsDefinition
    from penstock.partitions.static_mapping import StaticPartitionMapping
    from penstock.partitions.subset import PartitionsSubset
    from penstock.partitions.time_mapping import TimeWindowPartitionMapping
    from penstock.partitions.time_window import TimeWindow
    from penstock.partitions.view import partition_loading_context
    from penstock.partitions.windows import ScheduleType, TimeWindowPartitionsDefinition
    from penstock.spi.io_contexts import (
        InputContext, OutputContext, build_input_context, build_output_context,
    )
    from penstock.testing.fixtures import instance_for_test
    from penstock.types import (
        Any, Bool, Dict, Float, Int, List, Nothing, Optional, PythonObjectType, Set, String, Tuple, Type,
        TypeCheck, TypeCheckContext, TypeLoader, TypeLoaderContext, check_type,
        make_python_type_usable_as_type, type_loader, usable_as_type,
    )
    from penstock_files.manager import FilesystemIOManager, custom_path_fs_io_manager
    from penstock_files.paths import UPathIOManager

__version__ = "0.1.0"

"""Module → the public names it gives."""

__all__ = [
    "AddDynamicPartitionsRequest", "AllPartitionMapping", "AnchorBasedFilePathMapping", "Any", "Array",
    "AssetCheckEvaluation", "AssetCheckExecutionContext", "AssetCheckExecutionRecord", "AssetCheckKey",
    "AssetCheckResult", "AssetCheckSeverity", "AssetCheckSpec", "AssetChecksDefinition", "AssetDep",
    "AssetExecutionContext", "AssetGraph", "AssetIn", "AssetKey", "AssetMaterialization",
    "AssetMetadataValue", "AssetObservation", "AssetOut", "AssetPartitionStatus", "AssetRecord",
    "AssetRecordsFilter", "AssetSelection", "AssetSensorDefinition", "AssetSpec", "AssetValueLoader",
    "AssetsDefinition", "AutomationCondition", "AutomationConditionSensorDefinition", "AutomationContext",
    "AutomationResult", "BackfillPolicy", "BackfillPolicyType", "Backoff", "Bool", "BoolMetadataValue",
    "BoolSource",
    "CheckFailedError", "CodeLocationError", "CodeLocationSelector", "CodeReferencesMetadataSet",
    "CodeReferencesMetadataValue", "CoercibleToAssetKey", "CoercibleToAssetKeyPrefix", "Config",
    "ConfigMapping", "ConfigMappingFunctionError", "ConfigurableIOManager",
    "ConfigurableIOManagerFactory", "ConfigurableResource", "ConfigurableResourceFactory",
    "DailyPartitionsDefinition", "DataProvenance", "DataVersion", "DataVersionsByPartition",
    "DefaultScheduleStatus", "DefaultSensorStatus", "Definitions", "DeleteDynamicPartitionsRequest",
    "Dict", "DimensionPartitionMapping", "DynamicOut", "DynamicOutput", "DynamicPartitionsDefinition",
    "Enum", "EnumValue", "EnvVar", "Error", "EvaluateAutomationConditionsResult", "Event",
    "EventLogEntry", "EventLogInvalidForRun", "EventLogRecord", "EventRecordsFilter",
    "EventRecordsResult", "EventType", "ExecuteInProcessResult", "ExecutionInterruptedError",
    "ExecutionResult", "ExecutorDefinition", "ExpectationResult", "Failure", "Field", "FilePathMapping",
    "FilesystemIOManager", "Float", "FloatMetadataValue", "FreshnessPolicy", "GraphDefinition", "GraphIn",
    "GraphOut", "HandleOutputError", "HookContext", "HookDefinition", "HookExecutionError",
    "HourlyPartitionsDefinition", "IOManager", "IOManagerDefinition", "IdentityPartitionMapping", "In",
    "InMemoryIOManager", "InitLoggerContext", "InitResourceContext", "InputContext", "InputManager",
    "InputManagerDefinition", "Instance", "Int", "IntMetadataValue", "IntSource",
    "InvalidConfigDefinitionError", "InvalidConfigError", "InvalidDefinitionError",
    "InvalidInvocationError", "InvalidMetadataError", "InvalidSubsetError", "InvariantViolationError",
    "Jitter", "JobDefinition", "JobExecutionResult", "JobMetadataValue", "JobSelector",
    "JsonMetadataValue", "LastPartitionMapping", "List", "LoadInputError", "LocalFileCodeReference",
    "LogManager", "LoggerDefinition", "Map", "MarkdownMetadataValue", "MaterializeResult",
    "MetadataValue", "MonthlyPartitionsDefinition", "MultiAssetSensorDefinition",
    "MultiAssetSensorEvaluationContext", "MultiPartitionKey", "MultiPartitionMapping",
    "MultiPartitionsDefinition", "MultiToSingleDimensionPartitionMapping", "Noneable",
    "NotebookMetadataValue", "Nothing", "NullMetadataValue", "ObserveResult", "OpDefinition",
    "OpExecutionContext", "Optional", "Out", "Output", "OutputContext", "PartitionDimensionDefinition",
    "PartitionKeyRange", "PartitionMapping", "PartitionedConfig", "PartitionsDefinition",
    "PartitionsSubset", "PathMetadataValue", "Permissive", "PermissiveConfig", "PluginError",
    "PoolMetadataValue", "PythonArtifactMetadataValue", "PythonObjectType", "RawMetadataMapping",
    "RawMetadataValue", "ReconstructableJob", "ReexecutionOptions", "RepositoryDefinition",
    "RepositorySelector", "ResourceDefinition", "ResourceDependency", "ResourceFunctionError",
    "ResourceParam", "ResourceRequirementError", "RetryPolicy", "RetryRequested", "Run", "RunConfig",
    "RunFailureSensorContext", "RunMetadataValue", "RunNotFoundError", "RunRecord", "RunRequest",
    "RunStatus", "RunStatusChangeRecordsFilter", "RunStatusSensorContext", "RunStatusSensorDefinition",
    "RunsFilter", "ScalarUnion", "ScheduleDefinition", "ScheduleEvaluationContext",
    "ScheduleExecutionData", "ScheduleExecutionError", "ScheduleType", "Selector", "SensorDefinition",
    "SensorEvaluationContext", "SensorResult", "SensorReturnTypesUnion", "SensorType", "Set",
    "SettingsError", "Shape", "SkipReason", "SourceAsset", "SpecificPartitionsPartitionMapping",
    "StaticPartitionMapping", "StaticPartitionsDefinition", "StepExecutionError", "StepNotFoundError",
    "StepOutputNotFoundError", "StepTimeoutError", "StoreError", "String", "StringSource",
    "SubprocessError", "TableColumn", "TableColumnConstraints", "TableColumnDep", "TableColumnLineage",
    "TableColumnLineageMetadataValue", "TableConstraints", "TableMetadataSet", "TableMetadataValue",
    "TableRecord", "TableSchema", "TableSchemaMetadataValue", "TextMetadataValue", "TimeWindow",
    "TimeWindowPartitionMapping", "TimeWindowPartitionsDefinition", "TimestampMetadataValue",
    "TransitionRejected", "Tuple", "Type", "TypeCheck", "TypeCheckContext", "TypeCheckDidNotPass",
    "TypeCheckError", "TypeLoader", "TypeLoaderContext", "TypeLoadingError", "UPathIOManager",
    "UnknownPartitionError", "UnknownResourceError", "UnmetExecutorRequirementsError",
    "UnresolvedAssetJobDefinition", "UpstreamPartitionsResult", "UrlCodeReference", "UrlMetadataValue",
    "UserCodeExecutionError", "UserError", "WeeklyPartitionsDefinition", "apply_freshness_policy",
    "asset", "asset_check", "asset_sensor", "build_asset_check_context", "build_asset_context",
    "build_column_schema_change_checks", "build_hook_context", "build_init_resource_context",
    "build_input_context", "build_last_update_freshness_checks", "build_metadata_bounds_checks",
    "build_multi_asset_sensor_context", "build_op_context", "build_output_context",
    "build_reconstructable_job", "build_resources", "build_run_status_sensor_context",
    "build_schedule_context", "build_schedule_from_partitioned_job", "build_sensor_context",
    "build_sensor_for_freshness_checks", "build_time_partition_freshness_checks", "check_type",
    "colored_console_logger", "config_from_files", "config_from_yaml_strings", "config_mapping",
    "configured", "custom_path_fs_io_manager", "daily_partitioned_config", "define_asset_job",
    "dynamic_partitioned_config", "evaluate_automation_conditions", "event_list_hook", "execute_job",
    "executor", "external_asset_from_spec", "external_assets_from_specs", "failure_hook",
    "file_relative_path", "fs_io_manager", "get_logger", "graph", "graph_asset", "graph_multi_asset",
    "hourly_partitioned_config", "in_process_executor", "input_manager", "instance_for_test",
    "io_manager", "job", "json_console_logger", "link_code_references_to_git",
    "load_all_assets_from_current_module", "load_asset_checks_from_current_module",
    "load_asset_checks_from_modules", "load_asset_checks_from_package_module",
    "load_asset_checks_from_package_name", "load_assets_from_current_module", "load_assets_from_modules",
    "load_assets_from_package_module", "load_assets_from_package_name",
    "load_definitions_from_current_module", "load_definitions_from_module",
    "load_definitions_from_modules", "load_definitions_from_package_module",
    "load_definitions_from_package_name", "logger", "make_email_on_run_failure_sensor",
    "make_python_type_usable_as_type", "make_values_resource", "map_asset_specs", "materialize",
    "materialize_to_memory", "mem_io_manager", "monthly_partitioned_config", "multi_asset",
    "multi_asset_check", "multi_asset_sensor", "multi_observable_source_asset",
    "multi_or_in_process_executor", "multiprocess_executor", "observable_source_asset", "op",
    "partition_loading_context", "partitioned_config", "reconstructable", "repository", "resource",
    "run_failure_sensor", "run_status_sensor", "schedule", "sensor", "static_partitioned_config",
    "success_hook", "type_loader", "usable_as_type", "validate_run_config", "weekly_partitioned_config",
    "with_resources", "with_source_code_references",
]
# isort: on
# fmt: on

_MODULE_OF = {name: module for module, names in PLACES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import a public name from its room; from then on it is an ordinary attribute."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(module), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
