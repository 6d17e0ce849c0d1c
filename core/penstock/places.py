"""Places: in which module of the package each public name lives.

Owns: that table. The front door, which alone reads it, imports a name from its place when it is first used.
"""

from __future__ import annotations

# Names run on in lines: one per line would fill hundreds.
# fmt: off
PLACES: dict[str, str] = {
    "penstock.automation.custom": "AutomationContext AutomationResult",
    "penstock.config": (
        "Array BoolSource Config ConfigMapping Enum EnumValue EnvVar Field IntSource Map Noneable "
        "Permissive PermissiveConfig RunConfig ScalarUnion Selector Shape StringSource config_mapping "
        "configured"
    ),
    "penstock.define.asset_changes": "apply_freshness_policy map_asset_specs",
    "penstock.define.asset_decorators": "asset multi_asset",
    "penstock.define.asset_graph": "AssetGraph",
    "penstock.define.asset_job": "UnresolvedAssetJobDefinition define_asset_job",
    "penstock.define.asset_sensor": "AssetSensorDefinition asset_sensor",
    "penstock.define.assets": "AssetChecksDefinition AssetsDefinition",
    "penstock.define.automation_sensor": "AutomationConditionSensorDefinition",
    "penstock.define.backfill_policy": "BackfillPolicy BackfillPolicyType",
    "penstock.define.checks": "asset_check multi_asset_check",
    "penstock.define.code_references": (
        "AnchorBasedFilePathMapping FilePathMapping file_relative_path link_code_references_to_git "
        "with_source_code_references"
    ),
    "penstock.define.condition": "AutomationCondition",
    "penstock.define.configurable_resource": (
        "ConfigurableResource ConfigurableResourceFactory ResourceDependency"
    ),
    "penstock.define.definitions": "Definitions",
    "penstock.define.email_sensor": "make_email_on_run_failure_sensor",
    "penstock.define.executor": (
        "ExecutorDefinition executor in_process_executor multi_or_in_process_executor "
        "multiprocess_executor"
    ),
    "penstock.define.freshness": "FreshnessPolicy",
    "penstock.define.freshness_checks": (
        "build_last_update_freshness_checks build_time_partition_freshness_checks"
    ),
    "penstock.define.freshness_sensor": "build_sensor_for_freshness_checks",
    "penstock.define.graph": "GraphDefinition",
    "penstock.define.graph_assets": "graph_asset graph_multi_asset",
    "penstock.define.graph_decorator": "graph",
    "penstock.define.hook": "HookDefinition event_list_hook failure_hook success_hook",
    "penstock.define.inout": "DynamicOut GraphIn GraphOut In Out",
    "penstock.define.io_manager": (
        "ConfigurableIOManager ConfigurableIOManagerFactory IOManager IOManagerDefinition InputManager "
        "InputManagerDefinition input_manager io_manager"
    ),
    "penstock.define.job": "JobDefinition",
    "penstock.define.job_decorator": "job",
    "penstock.define.loading": (
        "load_all_assets_from_current_module load_asset_checks_from_current_module "
        "load_asset_checks_from_modules load_asset_checks_from_package_module "
        "load_asset_checks_from_package_name load_assets_from_current_module load_assets_from_modules "
        "load_assets_from_package_module load_assets_from_package_name "
        "load_definitions_from_current_module load_definitions_from_module load_definitions_from_modules "
        "load_definitions_from_package_module load_definitions_from_package_name"
    ),
    "penstock.define.logger": (
        "InitLoggerContext LoggerDefinition colored_console_logger json_console_logger logger"
    ),
    "penstock.define.metadata_checks": "build_column_schema_change_checks build_metadata_bounds_checks",
    "penstock.define.multi_asset_context": (
        "MultiAssetSensorEvaluationContext build_multi_asset_sensor_context"
    ),
    "penstock.define.multi_asset_sensor": "MultiAssetSensorDefinition multi_asset_sensor",
    "penstock.define.observe": (
        "SourceAsset external_asset_from_spec external_assets_from_specs multi_observable_source_asset "
        "observable_source_asset"
    ),
    "penstock.define.op": "OpDefinition op",
    "penstock.define.output": "DynamicOutput Output",
    "penstock.define.partitioned_config": "PartitionedConfig",
    "penstock.define.partitioned_config_decorators": (
        "daily_partitioned_config dynamic_partitioned_config hourly_partitioned_config "
        "monthly_partitioned_config partitioned_config static_partitioned_config weekly_partitioned_config"
    ),
    "penstock.define.partitioned_schedule": "build_schedule_from_partitioned_job",
    "penstock.define.reconstructable": "ReconstructableJob build_reconstructable_job reconstructable",
    "penstock.define.repository": "RepositoryDefinition",
    "penstock.define.repository_decorator": "repository",
    "penstock.define.resource": "ResourceDefinition ResourceParam make_values_resource resource",
    "penstock.define.results": "AssetCheckResult MaterializeResult ObserveResult",
    "penstock.define.retry": "Backoff Failure Jitter RetryPolicy RetryRequested",
    "penstock.define.run_requests": "RunRequest SkipReason",
    "penstock.define.run_status_context": (
        "RunFailureSensorContext RunStatusSensorContext build_run_status_sensor_context"
    ),
    "penstock.define.run_status_sensor": (
        "CodeLocationSelector JobSelector RepositorySelector RunStatusSensorDefinition "
        "run_failure_sensor run_status_sensor"
    ),
    "penstock.define.schedule": (
        "DefaultScheduleStatus ScheduleDefinition ScheduleExecutionData schedule"
    ),
    "penstock.define.schedule_context": "ScheduleEvaluationContext build_schedule_context",
    "penstock.define.selection": "AssetSelection",
    "penstock.define.sensor": "DefaultSensorStatus SensorDefinition SensorReturnTypesUnion SensorType sensor",
    "penstock.define.sensor_context": "SensorEvaluationContext build_sensor_context",
    "penstock.define.sensor_result": "SensorResult",
    "penstock.define.specs": "AssetCheckSpec AssetDep AssetIn AssetOut AssetSpec",
    "penstock.define.versions": "DataProvenance DataVersion DataVersionsByPartition",
    "penstock.define.with_resources": "with_resources",
    "penstock.engine.context": "AssetCheckExecutionContext AssetExecutionContext OpExecutionContext",
    "penstock.engine.direct": (
        "build_asset_check_context build_asset_context build_hook_context build_init_resource_context "
        "build_op_context"
    ),
    "penstock.engine.hooks": "HookContext",
    "penstock.engine.logs": "LogManager get_logger",
    "penstock.engine.memory": "InMemoryIOManager",
    "penstock.engine.resources": "InitResourceContext",
    "penstock.errors": (
        "CheckFailedError CodeLocationError ConfigMappingFunctionError Error EventLogInvalidForRun "
        "ExecutionInterruptedError HandleOutputError HookExecutionError InvalidConfigDefinitionError "
        "InvalidConfigError InvalidDefinitionError InvalidInvocationError InvalidMetadataError "
        "InvalidSubsetError InvariantViolationError LoadInputError PluginError ResourceFunctionError "
        "ResourceRequirementError RunNotFoundError ScheduleExecutionError SettingsError StepExecutionError "
        "StepNotFoundError StepOutputNotFoundError "
        "StepTimeoutError StoreError SubprocessError TransitionRejected TypeCheckDidNotPass "
        "TypeCheckError TypeLoadingError UnknownPartitionError UnknownResourceError "
        "UnmetExecutorRequirementsError UserCodeExecutionError UserError"
    ),
    "penstock.events.entries": (
        "AssetCheckExecutionRecord AssetPartitionStatus AssetRecord AssetRecordsFilter EventLogEntry "
        "EventLogRecord EventRecordsFilter EventRecordsResult RunStatusChangeRecordsFilter"
    ),
    "penstock.events.runs": "Run RunRecord RunStatus RunsFilter",
    "penstock.events.values": (
        "AssetCheckEvaluation AssetCheckSeverity AssetMaterialization AssetObservation ExpectationResult"
    ),
    "penstock.events.view": "Event EventType",
    "penstock.host.automation": (
        "EvaluateAutomationConditionsResult evaluate_automation_conditions"
    ),
    "penstock.host.config_files": "config_from_files config_from_yaml_strings",
    "penstock.host.execute": "execute_job materialize materialize_to_memory validate_run_config",
    "penstock.host.instance": "Instance",
    "penstock.host.managers": "fs_io_manager mem_io_manager",
    "penstock.host.reexecution": "ReexecutionOptions",
    "penstock.host.resources": "build_resources",
    "penstock.host.result": "ExecuteInProcessResult ExecutionResult JobExecutionResult",
    "penstock.host.values": "AssetValueLoader",
    "penstock.keys": "AssetCheckKey AssetKey CoercibleToAssetKey CoercibleToAssetKeyPrefix",
    "penstock.metadata": (
        "AssetMetadataValue BoolMetadataValue CodeReferencesMetadataSet CodeReferencesMetadataValue "
        "FloatMetadataValue IntMetadataValue JobMetadataValue JsonMetadataValue LocalFileCodeReference "
        "MarkdownMetadataValue MetadataValue NotebookMetadataValue NullMetadataValue PathMetadataValue "
        "PoolMetadataValue PythonArtifactMetadataValue RawMetadataMapping RawMetadataValue "
        "RunMetadataValue TableColumn TableColumnConstraints TableColumnDep TableColumnLineage "
        "TableColumnLineageMetadataValue TableConstraints TableMetadataSet TableMetadataValue TableRecord "
        "TableSchema TableSchemaMetadataValue TextMetadataValue TimestampMetadataValue UrlCodeReference "
        "UrlMetadataValue"
    ),
    "penstock.partitions.definition": "PartitionsDefinition",
    "penstock.partitions.dynamic": (
        "AddDynamicPartitionsRequest DeleteDynamicPartitionsRequest DynamicPartitionsDefinition"
    ),
    "penstock.partitions.keys": "MultiPartitionKey PartitionKeyRange",
    "penstock.partitions.mapping": (
        "AllPartitionMapping IdentityPartitionMapping LastPartitionMapping PartitionMapping "
        "SpecificPartitionsPartitionMapping UpstreamPartitionsResult"
    ),
    "penstock.partitions.multi": "MultiPartitionsDefinition PartitionDimensionDefinition",
    "penstock.partitions.multi_mapping": (
        "DimensionPartitionMapping MultiPartitionMapping MultiToSingleDimensionPartitionMapping"
    ),
    "penstock.partitions.periods": (
        "DailyPartitionsDefinition HourlyPartitionsDefinition MonthlyPartitionsDefinition "
        "WeeklyPartitionsDefinition"
    ),
    "penstock.partitions.static": "StaticPartitionsDefinition",
    "penstock.partitions.static_mapping": "StaticPartitionMapping",
    "penstock.partitions.subset": "PartitionsSubset",
    "penstock.partitions.time_mapping": "TimeWindowPartitionMapping",
    "penstock.partitions.time_window": "TimeWindow",
    "penstock.partitions.view": "partition_loading_context",
    "penstock.partitions.windows": "ScheduleType TimeWindowPartitionsDefinition",
    "penstock.spi.io_contexts": "InputContext OutputContext build_input_context build_output_context",
    "penstock.testing.fixtures": "instance_for_test",
    "penstock.types": (
        "Any Bool Dict Float Int List Nothing Optional PythonObjectType Set String Tuple Type TypeCheck "
        "TypeCheckContext TypeLoader TypeLoaderContext check_type make_python_type_usable_as_type "
        "type_loader usable_as_type"
    ),
    "penstock_files.manager": "FilesystemIOManager custom_path_fs_io_manager",
    "penstock_files.paths": "UPathIOManager",
}
