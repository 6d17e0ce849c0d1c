"""Config: schemas, config classes, references to the environment, and their binding to values.

Owns what a config may look like (``schema``, ``classes``), how a given config becomes a value or
a list of faults (``bind``), and how objects become plain dicts (``plain``, ``run_config``). It is
pure: the environment is always an argument. It knows nothing of ops, resources and runs; ``plan``
says which schema stands where. Start reading at ``bind``.
"""

from __future__ import annotations

from penstock.config.annotations import as_config_class, is_config_class
from penstock.config.bind import bind, bind_class, check, collect, field_of_annotation, is_needed, resolve
from penstock.config.classes import Config, PermissiveConfig, Structured
from penstock.config.describe import describe
from penstock.config.env import EnvVar, IntEnvVar
from penstock.config.faults import MISSING, Fault, below, raise_faults
from penstock.config.mapping import (
    ConfigMapping,
    config_mapping,
    configured,
    configured_field,
    schema_of_function,
)
from penstock.config.plain import config_dict, holds_references, plain
from penstock.config.run_config import CoercibleToRunConfig, RunConfig, as_run_config_dict
from penstock.config.schema import (
    ANY_CONFIG,
    Array,
    Bool,
    BoolSource,
    Enum,
    EnumValue,
    Field,
    Float,
    Int,
    IntSource,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    String,
    StringSource,
    as_field,
)
from penstock.config.schema import Any_ as Any

__all__ = [
    "ANY_CONFIG",
    "MISSING",
    "Any",
    "Array",
    "Bool",
    "BoolSource",
    "CoercibleToRunConfig",
    "Config",
    "ConfigMapping",
    "Enum",
    "EnumValue",
    "EnvVar",
    "Fault",
    "Field",
    "Float",
    "Int",
    "IntEnvVar",
    "IntSource",
    "Map",
    "Noneable",
    "Permissive",
    "PermissiveConfig",
    "RunConfig",
    "ScalarUnion",
    "Selector",
    "Shape",
    "String",
    "StringSource",
    "Structured",
    "as_config_class",
    "as_field",
    "as_run_config_dict",
    "below",
    "bind",
    "bind_class",
    "check",
    "collect",
    "config_dict",
    "config_mapping",
    "configured",
    "configured_field",
    "describe",
    "field_of_annotation",
    "holds_references",
    "is_config_class",
    "is_needed",
    "plain",
    "raise_faults",
    "resolve",
    "schema_of_function",
]
