"""Config that single inputs and outputs give to the managers which load and store them.

Owns: where such config stands (``$.ops.a.outputs.result``, ``$.ops.a.inputs.rows``) and binding it to the
schemas of the managers. Pure: the environment is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.config import MISSING, Fault, Field, below, collect
from penstock.define.op import OpDefinition
from penstock.values import frozen

Bound = tuple[dict[str, Any], list[Fault]]


@frozen(kw_only=True)
class ManagerSchemas:
    """What the managers of a job take from single outputs and inputs.

    Args:
        outputs: resource key of an I/O manager → schema of what an output gives it.
        inputs: resource key of an input manager → schema of what an input gives it.
    """

    outputs: Mapping[str, Field]
    inputs: Mapping[str, Field]

    @classmethod
    def of(cls, resource_defs: Mapping[str, Any]) -> ManagerSchemas:
        """The schemas of those resources that have any."""
        return cls(
            outputs=_schemas(resource_defs, "output_config_schema"),
            inputs=_schemas(resource_defs, "input_config_schema"),
        )

    def concern(self, op: OpDefinition) -> bool:
        """Whether a manager may want config of an output or input of this op."""
        return bool((self.outputs and _managers_of_outputs(op)) or (self.inputs and _managers_of_inputs(op)))

    def bind_outputs(
        self, op: OpDefinition, given: Mapping[str, Any], env: Mapping[str, str], path: str
    ) -> Bound:
        """What each output gives the manager that stores it.

        Args:
            op: whose outputs they are.
            given: output name → config, as it stands in the run config.
            env: environment variables.
            path: where that stands.

        Returns:
            Bound config by output name, and the faults.
        """
        return _bind(self.outputs, _managers_of_outputs(op), (given, env, path)) if op.outs else ({}, [])

    def bind_loads(
        self, op: OpDefinition, given: Mapping[str, Any], env: Mapping[str, str], path: str
    ) -> Bound:
        """What each input with a manager of its own gives to that manager; as ``bind_outputs``."""
        return _bind(self.inputs, _managers_of_inputs(op), (given, env, path))


def _schemas(resource_defs: Mapping[str, Any], name: str) -> dict[str, Field]:
    found = {key: getattr(one, name, None) for key, one in resource_defs.items()}
    return {key: schema for key, schema in found.items() if isinstance(schema, Field)}


def _managers_of_outputs(op: OpDefinition) -> list[tuple[str, str]]:
    return [(name, out.io_manager_key) for name, out in op.outs.items()]


def _managers_of_inputs(op: OpDefinition) -> list[tuple[str, str]]:
    keys = ((name, one.input_manager_key) for name, one in op.ins.items())
    return [(name, key) for name, key in keys if key is not None]


def _bind(
    schemas: Mapping[str, Field],
    managers: Iterable[tuple[str, str]],
    where: tuple[Mapping[str, Any], Mapping[str, str], str],
) -> Bound:
    given, env, path = where
    bound: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, key in managers:
        schema = schemas.get(key)
        if schema is not None:
            bound[name], found = collect(schema, given.get(name, MISSING), env=env, path=below(path, name))
            faults.extend(found)
        elif name in given:
            wanted = f"nothing, for the manager {key!r} takes no config of single inputs or outputs"
            faults.append(Fault(below(path, name), wanted, repr(given[name])))
    return bound, faults
