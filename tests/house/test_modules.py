"""What every module of the house has: a docstring that says what it owns, and a name that says what it is."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import penstock

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "executors", "io_managers", "integrations")
MODULES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
SAYS_NOTHING = {
    "base",
    "common",
    "core",
    "helper",
    "helpers",
    "impl",
    "misc",
    "shared",
    "stuff",
    "util",
    "utils",
}


def vague_parts(name):
    """The words of a module name that say nothing about what it owns."""
    return SAYS_NOTHING & set(name.removesuffix(".py").strip("_").split("_"))


IGNORE = re.compile(
    r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore|pyright:\s*ignore)(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(?:\[[^]]*\])?"
)


def ignores_without_reason(source):
    """The comments that silence a checker and do not say why, as `line: comment`.

    The reason stands behind it, or in a comment above the lines that it silences.
    """
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    silent, excused = [], set()
    for line, comment in comments.items():
        says_why = re.search(r"\w+ \w+", IGNORE.sub("", comment))
        if says_why or (IGNORE.search(comment) and line - 1 in excused):
            excused.add(line)
        elif IGNORE.search(comment):
            silent.append(f"{line}: {comment}")
    return silent


def eager_names(tree):
    """Names that a module imports while it loads, at any depth outside `if TYPE_CHECKING`."""
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def checked_names(tree):
    """Names that a module shows to type checkers: imported under `if TYPE_CHECKING`."""
    blocks = [
        node.body for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    imports = [node for body in blocks for node in body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_owns(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "no module docstring"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_a_name_that_says_something(path):
    parts = [path.name, *(part.name for part in path.relative_to(ROOT).parents if part.name not in FOLDERS)]
    vague = {word for part in parts for word in vague_parts(part)}
    assert not vague, f"{sorted(vague)} says nothing about what the module owns"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_silences_a_checker_says_why(path):
    assert not ignores_without_reason(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_that_imports_inside_functions_says_that_it_is_lazy(path):
    source = path.read_text(encoding="utf-8")
    if "PLC0415" in source:
        assert "lazy" in ast.get_docstring(ast.parse(source)).lower()


@pytest.mark.parametrize("package", sorted(path.parent.name for path in ROOT.glob("*/penstock*/__init__.py")))
def test_a_package_is_typed(package):
    (marker,) = ROOT.glob(f"*/{package}")
    assert (marker / "py.typed").exists()


def test_each_public_name_exists():
    missing = [name for name in penstock.__all__ if not hasattr(penstock, name)]
    assert not missing


def test_the_list_of_public_names_has_no_doubles_and_is_what_dir_shows():
    names = list(penstock.__all__)
    assert len(names) == len(set(names))
    assert set(names) <= set(dir(penstock))


def test_type_checkers_see_exactly_the_public_names():
    tree = ast.parse(Path(penstock.__file__).read_text(encoding="utf-8"))
    seen = {name for name in checked_names(tree) | eager_names(tree) if not name.startswith("_")}
    machinery = {"annotations", "TYPE_CHECKING", "importlib", "import_module", "sys", "PLACES"}
    assert seen - machinery == {name for name in penstock.__all__ if not name.startswith("_")}


@pytest.mark.parametrize("name", ["utils.py", "io_helpers.py", "_base.py", "common_types.py"])
def test_a_vague_name_is_found(name):
    assert vague_parts(name)


@pytest.mark.parametrize("name", ["database.py", "run_step.py", "__init__.py", "sharing.py"])
def test_a_telling_name_is_left_alone(name):
    assert not vague_parts(name)


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S301", "# noqa: S301, S403", "# type: ignore[x]", "# pyright: ignore[y]  # why"],
)
def test_a_silent_ignore_is_found(comment):
    assert ignores_without_reason(f"x = 1  {comment}\n")


@pytest.mark.parametrize(
    "lines",
    [
        "x = 1  # noqa: S301 - our own file",
        "x = 1  # type: ignore[x]  # set before use",
        "# a word from above\nx = 1  # noqa: S301\ny = 1  # noqa: S301",
        "x = 1  # plain",
    ],
)
def test_an_ignore_with_a_reason_is_left_alone(lines):
    assert not ignores_without_reason(f"{lines}\n")
