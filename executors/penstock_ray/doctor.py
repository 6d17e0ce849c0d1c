"""``penstock ray doctor``: what is wrong with the way to a cluster, told within seconds.

Owns: the command and its words. Lazy: Ray is imported when a cluster was found and modules are asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from penstock.errors import UserError
from penstock_ray.checks import Finding, examine
from penstock_ray.config import RayConfig

WRONG = 2


@click.group("ray")
def command() -> None:
    """Look at the way to a Ray cluster."""


@command.command(
    "doctor",
    epilog="\b\nExamples:\n  penstock ray doctor --address 10.0.0.5:6379\n"
    "  penstock ray doctor --address auto -m my_shop -m pandas",
)
@click.option("--address", help="Of the cluster: host:port, or auto. RAY_ADDRESS when left out.")
@click.option("--auth", type=click.Choice(["token", "disabled"]), help="As in the config of the executor.")
@click.option("-m", "--module", "modules", multiple=True, help="A module that the workers must have.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(address: str | None, auth: str | None, modules: tuple[str, ...], as_json: bool) -> None:
    """Tell what is wrong with an address, a token, a version or a module.

    The exit code is 0 when all is well, 2 when something is wrong.
    """
    try:
        config = RayConfig.read({"auth": auth})
        findings = diagnose(address or os.environ.get("RAY_ADDRESS"), config, modules)
    except UserError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([_plain(one) for one in findings], indent=2))
    else:
        for one in findings:
            mark = click.style("✓", "green") if one.is_right else click.style("✗", "red")
            click.echo(f"{mark} {_line(one)}")
    if not all(one.is_right for one in findings):
        raise click.exceptions.Exit(WRONG)


def diagnose(address: str | None, config: RayConfig, modules: Sequence[str]) -> list[Finding]:
    """Everything that can be said about the way to a cluster.

    Args:
        address: of the cluster; None or ``local`` for a Ray that is started for each run.
        config: for the authentication.
        modules: that its workers must have.
    """
    try:
        installed = version("ray")
    except PackageNotFoundError:
        text = 'Ray is not installed here. Run pip install "penstock[ray]".'
        return [Finding("version", is_right=False, text=text)]
    if address in {None, "local"}:
        text = f"no address is given: each run starts a Ray {installed} of its own on this machine"
        return [Finding("address", is_right=True, text=text), *_here(modules)]
    findings = examine(str(address), config, os.environ)
    if modules and all(one.is_right for one in findings):
        findings.append(_there(str(address), config, modules))
    return findings


def _here(modules: Sequence[str]) -> list[Finding]:
    from importlib.util import find_spec  # noqa: PLC0415 - lazy: only for modules

    return [
        Finding("module", is_right=True, text=f"{name} is found on this machine")
        if find_spec(name.partition(".")[0])
        else Finding("module", is_right=False, text=f"{name} is not found on this machine: install it")
        for name in modules
    ]


def _there(address: str, config: RayConfig, modules: Sequence[str]) -> Finding:
    from penstock_ray.connection import connect  # noqa: PLC0415 - lazy, see the top
    from penstock_ray.probe import ask, complaint  # noqa: PLC0415 - lazy, see the top

    connection = connect(config, {**os.environ, "RAY_ADDRESS": address})
    try:
        nodes = connection.nodes()
        said = complaint(ask(("penstock", "penstock_ray", *modules), nodes, connection.host))
    finally:
        connection.close()
    return Finding(
        "module", is_right=not said, text=said or f"{', '.join(modules)}: found on {len(nodes)} nodes"
    )


def _line(finding: Finding) -> str:
    return f"{finding.part}: {finding.text}"


def _plain(finding: Finding) -> dict[str, object]:
    return {"part": finding.part, "ok": finding.is_right, "text": finding.text}
