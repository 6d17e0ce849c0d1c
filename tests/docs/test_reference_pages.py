"""The reference names everything that there is, and links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from attrs import fields

from penstock import MetadataValue, errors
from penstock.define.executor import IN_PROCESS_CONFIG, MULTIPROCESS_CONFIG
from penstock.define.selection_grammar import ATTRIBUTES, FUNCTIONS, STATUSES, UNKNOWABLE
from penstock.engine.inline import InlineExecutor
from penstock.events.kinds import TYPE_OF
from penstock.host.settings_shape import KEYS
from penstock_local.pool import ProcessPoolExecutor
from penstock_local.threads import ThreadExecutor
from penstock_ray.config import RayConfig
from penstock_ray.definition import RAY_CONFIG

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def page(name):
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def test_every_setting_and_its_variable_are_documented():
    text = page("settings.md")
    missing = [
        key.name for key in KEYS.values() if f"| `{key.name}` | `{key.env}` | {key.wants} |" not in text
    ]
    assert not missing


def test_the_tree_of_errors_is_the_one_in_the_source():
    tree = [line.strip() for line in errors.__doc__.splitlines() if "─" in line]
    shown = [line.strip() for line in page("errors.md").splitlines() if "─" in line]
    assert shown == tree


def test_every_error_stands_in_the_tree():
    classes = [
        name for name, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.Error)
    ]
    missing = [name for name in classes if not re.search(rf"\b{name}\b", page("errors.md"))]
    assert not missing


def test_every_event_that_is_written_is_documented():
    missing = [name for name in TYPE_OF.values() if f"| `{name}` |" not in page("events.md")]
    assert not missing


def test_every_kind_of_metadata_is_documented():
    makers = [name for name, found in inspect.getmembers(MetadataValue, inspect.isfunction) if name[0] != "_"]
    assert "md" in makers
    missing = [name for name in makers if f"| `MetadataValue.{name}(" not in page("metadata.md")]
    assert not missing


def rows_below(text, heading):
    """The cells of the table below a heading, by the first of them."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line[:1] == "|"
    ]
    return {cells[0].strip("`"): cells[1:] for cells in rows[2:]}


OF_THE_ENGINE = {"retries", "tag_concurrency_limits"}


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("What all have", OF_THE_ENGINE),
        ("`in_process`", IN_PROCESS_CONFIG.keys() - OF_THE_ENGINE),
        ("`process`", MULTIPROCESS_CONFIG.keys() - OF_THE_ENGINE),
        ("`ray`", RAY_CONFIG.keys() - OF_THE_ENGINE),
        ("`ray`", {one.name for one in fields(RayConfig)}),
    ],
)
def test_every_config_key_of_an_executor_is_documented(heading, keys):
    assert rows_below(page("executors.md"), heading).keys() == set(keys)


@pytest.mark.parametrize(
    ("heading", "words", "shown"),
    [
        ("Attributes", ATTRIBUTES, "`{}:`"),
        ("Attributes", UNKNOWABLE, "`{}:`"),
        ("Functions", FUNCTIONS, "`{}(…)`"),
        ("What was made", STATUSES, "`status:{}`"),
    ],
)
def test_every_word_of_the_selection_language_is_documented(heading, words, shown):
    section = page("selections.md").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    missing = [word for word, said in words.items() if f"| {shown.format(word)} | {said} |" not in section]
    assert not missing


FEATURES = {
    "runs in the process of the run, without pickling": "in_process",
    "a value is handed on without its I/O manager": "hands_off",
    "what a running step tells is seen before its end": "reports",
    "stops a running step, whatever it does": "cancels_running",
    "kills a step that outlives its timeout": "enforces_timeouts",
    "a worker that dies takes no other step with it": "survives_worker_loss",
    "the runs of one backfill begin it only once": "rests",
}


@pytest.mark.parametrize(
    ("place", "executor"), [(0, InlineExecutor()), (1, ThreadExecutor()), (2, ProcessPoolExecutor())]
)
def test_what_an_executor_can_do_is_documented(place, executor):
    rows, features = rows_below(page("executors.md"), "What each can do"), executor.features
    for what, name in FEATURES.items():
        assert (rows[what][place] == "yes") == getattr(features, name), what
    assert rows["steps that it may take as one task"][place] == str(features.chains)
    assert set(re.findall(r"\w+", rows["lanes"][place])) == features.lanes


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("data:")]
    missing = [link for link in local if link.endswith(".md") and not (path.parent / link).exists()]
    assert not missing
