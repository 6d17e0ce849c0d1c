"""Penstock: an orchestrator for data assets.

Owns: the public names, each imported from its room when it is first used, so that ``import penstock``
costs next to nothing (lazy on purpose, by PEP 562). Nothing inside the package imports from here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.config import Array, BoolSource, Config, ConfigMapping, Enum, EnumValue, EnvVar, Field, IntSource, Map, Noneable, Permissive, PermissiveConfig, RunConfig, ScalarUnion, Selector, Shape, StringSource, config_mapping, configured
    from penstock.define.asset_decorators import asset, multi_asset
    from penstock.define.asset_graph import AssetGraph
    from penstock.define.asset_job import UnresolvedAssetJobDefinition, define_asset_job
    from penstock.define.assets import AssetChecksDefinition, AssetsDefinition, map_asset_specs
    from penstock.define.automation import DefaultScheduleStatus, DefaultSensorStatus, RunRequest, ScheduleDefinition, ScheduleEvaluationContext, SensorDefinition, SensorEvaluationContext, SkipReason, build_schedule_context, build_sensor_context, schedule, sensor
    from penstock.define.configurable_resource import ConfigurableResource, ConfigurableResourceFactory, ResourceDependency
    from penstock.define.executor import ExecutorDefinition, executor, in_process_executor, multi_or_in_process_executor, multiprocess_executor
    from penstock.define.graph import GraphDefinition
    from penstock.define.graph_decorator import graph
    from penstock.define.hook import HookDefinition, event_list_hook, failure_hook, success_hook
    from penstock.define.inout import DynamicOut, GraphIn, GraphOut, In, Out
    from penstock.define.io_manager import ConfigurableIOManager, ConfigurableIOManagerFactory, IOManager, IOManagerDefinition, InputManager, InputManagerDefinition, input_manager, io_manager
    from penstock.define.job import JobDefinition
    from penstock.define.job_decorator import job
    from penstock.define.logger import InitLoggerContext, LoggerDefinition, colored_console_logger, json_console_logger, logger
    from penstock.define.op import OpDefinition, op
    from penstock.define.output import DynamicOutput, Output
    from penstock.define.reconstructable import ReconstructableJob, build_reconstructable_job, reconstructable
    from penstock.define.repository import RepositoryDefinition, repository
    from penstock.define.resource import ResourceDefinition, ResourceParam, make_values_resource, resource
    from penstock.define.results import AssetCheckResult, ExpectationResult, MaterializeResult, ObserveResult
    from penstock.define.retry import Backoff, Failure, Jitter, RetryPolicy, RetryRequested
    from penstock.define.selection import AssetSelection
    from penstock.define.specs import AssetCheckSpec, AssetDep, AssetIn, AssetOut, AssetSpec
    from penstock.define.versions import DataProvenance, DataVersion, DataVersionsByPartition
    from penstock.engine.context import AssetCheckExecutionContext, AssetExecutionContext, OpExecutionContext
    from penstock.engine.direct import build_asset_check_context, build_asset_context, build_hook_context, build_init_resource_context, build_op_context
    from penstock.engine.hooks import HookContext
    from penstock.engine.logs import LogManager, get_logger
    from penstock.engine.memory import InMemoryIOManager
    from penstock.engine.resources import InitResourceContext
    from penstock.errors import CheckFailedError, CodeLocationError, ConfigMappingFunctionError, Error, EventLogInvalidForRun, ExecutionInterruptedError, HandleOutputError, HookExecutionError, InvalidConfigDefinitionError, InvalidConfigError, InvalidDefinitionError, InvalidInvocationError, InvalidMetadataError, InvalidSubsetError, InvariantViolationError, LoadInputError, PluginError, ResourceFunctionError, RunNotFoundError, SettingsError, StepExecutionError, StepNotFoundError, StepOutputNotFoundError, StepTimeoutError, StoreError, SubprocessError, TransitionRejected, TypeCheckDidNotPass, TypeCheckError, TypeLoadingError, UnknownPartitionError, UnknownResourceError, UnmetExecutorRequirementsError, UserCodeExecutionError, UserError
    from penstock.events.entries import AssetRecordsFilter, EventLogEntry, EventLogRecord, EventRecordsFilter, EventRecordsResult, RunStatusChangeRecordsFilter
    from penstock.events.runs import Run, RunRecord, RunStatus, RunsFilter
    from penstock.events.values import AssetCheckEvaluation, AssetCheckSeverity, AssetMaterialization, AssetObservation
    from penstock.events.view import Event, EventType
    from penstock.host.execute import execute_job, materialize, materialize_to_memory, validate_run_config
    from penstock.host.instance import Instance
    from penstock.host.managers import fs_io_manager, mem_io_manager
    from penstock.host.reexecution import ReexecutionOptions
    from penstock.host.resources import build_resources
    from penstock.host.result import ExecutionResult
    from penstock.host.values import AssetValueLoader
    from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, CoercibleToAssetKeyPrefix
    from penstock.metadata import AssetMetadataValue, BoolMetadataValue, CodeReferencesMetadataSet, CodeReferencesMetadataValue, FloatMetadataValue, IntMetadataValue, JobMetadataValue, JsonMetadataValue, LocalFileCodeReference, MarkdownMetadataValue, MetadataValue, NotebookMetadataValue, NullMetadataValue, PathMetadataValue, PoolMetadataValue, PythonArtifactMetadataValue, RawMetadataMapping, RawMetadataValue, RunMetadataValue, TableColumn, TableColumnConstraints, TableColumnDep, TableColumnLineage, TableColumnLineageMetadataValue, TableConstraints, TableMetadataSet, TableMetadataValue, TableRecord, TableSchema, TableSchemaMetadataValue, TextMetadataValue, TimestampMetadataValue, UrlCodeReference, UrlMetadataValue
    from penstock.spi.io_contexts import InputContext, OutputContext, build_input_context, build_output_context
    from penstock.testing.fixtures import instance_for_test
    from penstock.types import Any, Bool, Dict, Float, Int, List, Nothing, Optional, PythonObjectType, Set, String, Tuple, Type, TypeCheck, TypeCheckContext, TypeLoader, TypeLoaderContext, check_type, make_python_type_usable_as_type, type_loader, usable_as_type

__version__ = "0.1.0"

_PLACES: dict[str, str] = {
    "penstock.config": "Array BoolSource Config ConfigMapping Enum EnumValue EnvVar Field IntSource Map Noneable Permissive PermissiveConfig RunConfig ScalarUnion Selector Shape StringSource config_mapping configured",
    "penstock.define.asset_decorators": "asset multi_asset",
    "penstock.define.asset_graph": "AssetGraph",
    "penstock.define.asset_job": "UnresolvedAssetJobDefinition define_asset_job",
    "penstock.define.assets": "AssetChecksDefinition AssetsDefinition map_asset_specs",
    "penstock.define.automation": "DefaultScheduleStatus DefaultSensorStatus RunRequest ScheduleDefinition ScheduleEvaluationContext SensorDefinition SensorEvaluationContext SkipReason build_schedule_context build_sensor_context schedule sensor",
    "penstock.define.configurable_resource": "ConfigurableResource ConfigurableResourceFactory ResourceDependency",
    "penstock.define.executor": "ExecutorDefinition executor in_process_executor multi_or_in_process_executor multiprocess_executor",
    "penstock.define.graph": "GraphDefinition",
    "penstock.define.graph_decorator": "graph",
    "penstock.define.hook": "HookDefinition event_list_hook failure_hook success_hook",
    "penstock.define.inout": "DynamicOut GraphIn GraphOut In Out",
    "penstock.define.io_manager": "ConfigurableIOManager ConfigurableIOManagerFactory IOManager IOManagerDefinition InputManager InputManagerDefinition input_manager io_manager",
    "penstock.define.job": "JobDefinition",
    "penstock.define.job_decorator": "job",
    "penstock.define.logger": "InitLoggerContext LoggerDefinition colored_console_logger json_console_logger logger",
    "penstock.define.op": "OpDefinition op",
    "penstock.define.output": "DynamicOutput Output",
    "penstock.define.reconstructable": "ReconstructableJob build_reconstructable_job reconstructable",
    "penstock.define.repository": "RepositoryDefinition repository",
    "penstock.define.resource": "ResourceDefinition ResourceParam make_values_resource resource",
    "penstock.define.results": "AssetCheckResult ExpectationResult MaterializeResult ObserveResult",
    "penstock.define.retry": "Backoff Failure Jitter RetryPolicy RetryRequested",
    "penstock.define.selection": "AssetSelection",
    "penstock.define.specs": "AssetCheckSpec AssetDep AssetIn AssetOut AssetSpec",
    "penstock.define.versions": "DataProvenance DataVersion DataVersionsByPartition",
    "penstock.engine.context": "AssetCheckExecutionContext AssetExecutionContext OpExecutionContext",
    "penstock.engine.direct": "build_asset_check_context build_asset_context build_hook_context build_init_resource_context build_op_context",
    "penstock.engine.hooks": "HookContext",
    "penstock.engine.logs": "LogManager get_logger",
    "penstock.engine.memory": "InMemoryIOManager",
    "penstock.engine.resources": "InitResourceContext",
    "penstock.errors": "CheckFailedError CodeLocationError ConfigMappingFunctionError Error EventLogInvalidForRun ExecutionInterruptedError HandleOutputError HookExecutionError InvalidConfigDefinitionError InvalidConfigError InvalidDefinitionError InvalidInvocationError InvalidMetadataError InvalidSubsetError InvariantViolationError LoadInputError PluginError ResourceFunctionError RunNotFoundError SettingsError StepExecutionError StepNotFoundError StepOutputNotFoundError StepTimeoutError StoreError SubprocessError TransitionRejected TypeCheckDidNotPass TypeCheckError TypeLoadingError UnknownPartitionError UnknownResourceError UnmetExecutorRequirementsError UserCodeExecutionError UserError",
    "penstock.events.entries": "AssetRecordsFilter EventLogEntry EventLogRecord EventRecordsFilter EventRecordsResult RunStatusChangeRecordsFilter",
    "penstock.events.runs": "Run RunRecord RunStatus RunsFilter",
    "penstock.events.values": "AssetCheckEvaluation AssetCheckSeverity AssetMaterialization AssetObservation",
    "penstock.events.view": "Event EventType",
    "penstock.host.execute": "execute_job materialize materialize_to_memory validate_run_config",
    "penstock.host.instance": "Instance",
    "penstock.host.managers": "fs_io_manager mem_io_manager",
    "penstock.host.reexecution": "ReexecutionOptions",
    "penstock.host.resources": "build_resources",
    "penstock.host.result": "ExecutionResult",
    "penstock.host.values": "AssetValueLoader",
    "penstock.keys": "AssetCheckKey AssetKey CoercibleToAssetKey CoercibleToAssetKeyPrefix",
    "penstock.metadata": "AssetMetadataValue BoolMetadataValue CodeReferencesMetadataSet CodeReferencesMetadataValue FloatMetadataValue IntMetadataValue JobMetadataValue JsonMetadataValue LocalFileCodeReference MarkdownMetadataValue MetadataValue NotebookMetadataValue NullMetadataValue PathMetadataValue PoolMetadataValue PythonArtifactMetadataValue RawMetadataMapping RawMetadataValue RunMetadataValue TableColumn TableColumnConstraints TableColumnDep TableColumnLineage TableColumnLineageMetadataValue TableConstraints TableMetadataSet TableMetadataValue TableRecord TableSchema TableSchemaMetadataValue TextMetadataValue TimestampMetadataValue UrlCodeReference UrlMetadataValue",
    "penstock.spi.io_contexts": "InputContext OutputContext build_input_context build_output_context",
    "penstock.testing.fixtures": "instance_for_test",
    "penstock.types": "Any Bool Dict Float Int List Nothing Optional PythonObjectType Set String Tuple Type TypeCheck TypeCheckContext TypeLoader TypeLoaderContext check_type make_python_type_usable_as_type type_loader usable_as_type",
}
"""Module → the public names it gives."""

_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names.split()}

__all__ = [
    "Any",
    "Array",
    "AssetCheckEvaluation",
    "AssetCheckExecutionContext",
    "AssetCheckKey",
    "AssetCheckResult",
    "AssetCheckSeverity",
    "AssetCheckSpec",
    "AssetChecksDefinition",
    "AssetDep",
    "AssetExecutionContext",
    "AssetGraph",
    "AssetIn",
    "AssetKey",
    "AssetMaterialization",
    "AssetMetadataValue",
    "AssetObservation",
    "AssetOut",
    "AssetRecordsFilter",
    "AssetSelection",
    "AssetSpec",
    "AssetValueLoader",
    "AssetsDefinition",
    "Backoff",
    "Bool",
    "BoolMetadataValue",
    "BoolSource",
    "CheckFailedError",
    "CodeLocationError",
    "CodeReferencesMetadataSet",
    "CodeReferencesMetadataValue",
    "CoercibleToAssetKey",
    "CoercibleToAssetKeyPrefix",
    "Config",
    "ConfigMapping",
    "ConfigMappingFunctionError",
    "ConfigurableIOManager",
    "ConfigurableIOManagerFactory",
    "ConfigurableResource",
    "ConfigurableResourceFactory",
    "DataProvenance",
    "DataVersion",
    "DataVersionsByPartition",
    "DefaultScheduleStatus",
    "DefaultSensorStatus",
    "Dict",
    "DynamicOut",
    "DynamicOutput",
    "Enum",
    "EnumValue",
    "EnvVar",
    "Error",
    "Event",
    "EventLogEntry",
    "EventLogInvalidForRun",
    "EventLogRecord",
    "EventRecordsFilter",
    "EventRecordsResult",
    "EventType",
    "ExecutionInterruptedError",
    "ExecutionResult",
    "ExecutorDefinition",
    "ExpectationResult",
    "Failure",
    "Field",
    "Float",
    "FloatMetadataValue",
    "GraphDefinition",
    "GraphIn",
    "GraphOut",
    "HandleOutputError",
    "HookContext",
    "HookDefinition",
    "HookExecutionError",
    "IOManager",
    "IOManagerDefinition",
    "In",
    "InMemoryIOManager",
    "InitLoggerContext",
    "InitResourceContext",
    "InputContext",
    "InputManager",
    "InputManagerDefinition",
    "Instance",
    "Int",
    "IntMetadataValue",
    "IntSource",
    "InvalidConfigDefinitionError",
    "InvalidConfigError",
    "InvalidDefinitionError",
    "InvalidInvocationError",
    "InvalidMetadataError",
    "InvalidSubsetError",
    "InvariantViolationError",
    "Jitter",
    "JobDefinition",
    "JobMetadataValue",
    "JsonMetadataValue",
    "List",
    "LoadInputError",
    "LocalFileCodeReference",
    "LogManager",
    "LoggerDefinition",
    "Map",
    "MarkdownMetadataValue",
    "MaterializeResult",
    "MetadataValue",
    "Noneable",
    "NotebookMetadataValue",
    "Nothing",
    "NullMetadataValue",
    "ObserveResult",
    "OpDefinition",
    "OpExecutionContext",
    "Optional",
    "Out",
    "Output",
    "OutputContext",
    "PathMetadataValue",
    "Permissive",
    "PermissiveConfig",
    "PluginError",
    "PoolMetadataValue",
    "PythonArtifactMetadataValue",
    "PythonObjectType",
    "RawMetadataMapping",
    "RawMetadataValue",
    "ReconstructableJob",
    "ReexecutionOptions",
    "RepositoryDefinition",
    "ResourceDefinition",
    "ResourceDependency",
    "ResourceFunctionError",
    "ResourceParam",
    "RetryPolicy",
    "RetryRequested",
    "Run",
    "RunConfig",
    "RunMetadataValue",
    "RunNotFoundError",
    "RunRecord",
    "RunRequest",
    "RunStatus",
    "RunStatusChangeRecordsFilter",
    "RunsFilter",
    "ScalarUnion",
    "ScheduleDefinition",
    "ScheduleEvaluationContext",
    "Selector",
    "SensorDefinition",
    "SensorEvaluationContext",
    "Set",
    "SettingsError",
    "Shape",
    "SkipReason",
    "StepExecutionError",
    "StepNotFoundError",
    "StepOutputNotFoundError",
    "StepTimeoutError",
    "StoreError",
    "String",
    "StringSource",
    "SubprocessError",
    "TableColumn",
    "TableColumnConstraints",
    "TableColumnDep",
    "TableColumnLineage",
    "TableColumnLineageMetadataValue",
    "TableConstraints",
    "TableMetadataSet",
    "TableMetadataValue",
    "TableRecord",
    "TableSchema",
    "TableSchemaMetadataValue",
    "TextMetadataValue",
    "TimestampMetadataValue",
    "TransitionRejected",
    "Tuple",
    "Type",
    "TypeCheck",
    "TypeCheckContext",
    "TypeCheckDidNotPass",
    "TypeCheckError",
    "TypeLoader",
    "TypeLoaderContext",
    "TypeLoadingError",
    "UnknownPartitionError",
    "UnknownResourceError",
    "UnmetExecutorRequirementsError",
    "UnresolvedAssetJobDefinition",
    "UrlCodeReference",
    "UrlMetadataValue",
    "UserCodeExecutionError",
    "UserError",
    "asset",
    "build_asset_check_context",
    "build_asset_context",
    "build_hook_context",
    "build_init_resource_context",
    "build_input_context",
    "build_op_context",
    "build_output_context",
    "build_reconstructable_job",
    "build_resources",
    "build_schedule_context",
    "build_sensor_context",
    "check_type",
    "colored_console_logger",
    "config_mapping",
    "configured",
    "define_asset_job",
    "event_list_hook",
    "execute_job",
    "executor",
    "failure_hook",
    "fs_io_manager",
    "get_logger",
    "graph",
    "in_process_executor",
    "input_manager",
    "instance_for_test",
    "io_manager",
    "job",
    "json_console_logger",
    "logger",
    "make_python_type_usable_as_type",
    "make_values_resource",
    "map_asset_specs",
    "materialize",
    "materialize_to_memory",
    "mem_io_manager",
    "multi_asset",
    "multi_or_in_process_executor",
    "multiprocess_executor",
    "op",
    "reconstructable",
    "repository",
    "resource",
    "schedule",
    "sensor",
    "success_hook",
    "type_loader",
    "usable_as_type",
    "validate_run_config",
]


def __getattr__(name: str) -> object:
    """Import a public name from its room; from then on it is an ordinary attribute."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(module), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
