"""``penstock instance``: where everything is kept, and its upkeep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from attrs import asdict

from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.host.instance import Instance, retention_policy, store_url
from penstock.host.settings import Settings, load_settings
from penstock.query.plain import as_plain
from penstock.spi.store import StoreInfo
from penstock.store.open import migrate as migrate_store
from penstock.store.retention import RetentionPolicy

_DAY = 86_400.0


@click.group("instance")
def command() -> None:
    """The database: info, migrate, retain."""


@command.command(
    "info",
    epilog=examples("penstock instance info", "PENSTOCK_HOME=/srv/penstock penstock instance info --json"),
)
@answering
def info(screen: Screen) -> None:
    """Show where runs and files are kept, how much there is, and where each setting comes from."""
    settings = load_settings()
    with Instance.get() as instance:
        store = instance.info()
        rows = _rows(instance, store)
    if screen.as_json:
        screen.document({**_places(instance), **asdict(store), "settings": _plain(settings)})
    elif screen.quiet:
        screen.names([store.url])
    else:
        for name, value in rows:
            screen.say(f"{screen.style(f'{name:9}', 'bright_black')}{value}")
        if settings.origins:
            screen.say()
            written = [
                (name, str(_value(settings, name)), origin) for name, origin in settings.origins.items()
            ]
            screen.table(("setting", "value", "written in"), written, elastic="written in")


def _rows(instance: Instance, store: StoreInfo) -> list[tuple[str, str]]:
    behind = (
        "" if store.schema_version == store.wanted_schema_version else " (run `penstock instance migrate`)"
    )
    return [
        ("home", str(instance.settings.home or "-")),
        ("database", store.url),
        ("schema", f"{store.schema_version} of {store.wanted_schema_version}{behind}"),
        ("size", size_text(store.size)),
        ("runs", f"{store.runs:,}"),
        ("events", f"{store.events:,}"),
        ("files", instance.storage_dir),
        ("logs", str(instance.log_dir)),
    ]


def size_text(count: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _places(instance: Instance) -> dict[str, str | None]:
    home = instance.settings.home
    return {
        "home": None if home is None else str(home),
        "files": instance.storage_dir,
        "logs": str(instance.log_dir),
    }


def _plain(settings: Settings) -> dict[str, dict[str, Any]]:
    return {
        name: {"value": _json(_value(settings, name)), "written_in": origin}
        for name, origin in settings.origins.items()
    }


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else as_plain(value)


@command.command("migrate", epilog=examples("penstock instance migrate"))
@answering
def migrate(screen: Screen) -> None:
    """Bring the database to the schema of this version. Safe to call again."""
    report = migrate_store(store_url(load_settings()))
    if screen.as_json:
        screen.document({name: _json(value) for name, value in asdict(report).items()})
    elif report.before == report.after:
        screen.say(f"{report.path} has schema {report.after}, which is the newest.")
    else:
        screen.say(f"Brought {report.path} from schema {report.before} to {report.after}.")


@command.command(
    "retain",
    epilog=examples(
        "penstock instance retain --days 90 --dry-run", "penstock instance retain --days 90 --keep 20"
    ),
)
@click.option("--days", type=float, metavar="DAYS", help="Finished runs older than this may go.")
@click.option("--keep", type=click.IntRange(0), metavar="N", help="The newest N runs of each job stay.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@answering
def retain(screen: Screen, days: float | None, keep: int | None, *, dry_run: bool) -> None:
    """Forget old finished runs and their logs; facts about assets stay.

    Without --days and --keep the settings retention.runs_days and retention.runs_keep decide.
    """
    with Instance.get() as instance:
        policy = retention_policy(instance.settings)
        if days is not None or keep is not None:
            policy = RetentionPolicy(older_than=None if days is None else days * _DAY, keep_last=keep)
        if policy.older_than is None and policy.keep_last is None:
            raise click.UsageError(
                "Nothing says which runs may go. Give --days or --keep, or set retention.runs_days."
            )
        report = instance.retain(policy, dry_run=dry_run)
    verb = "Would forget" if dry_run else "Forgot"
    if screen.as_json:
        screen.document({"dry_run": dry_run, "run_ids": list(report.run_ids), "rows": report.rows})
    elif screen.quiet:
        screen.names(report.run_ids)
    else:
        screen.say(f"{verb} {len(report.run_ids):,} run(s).")
