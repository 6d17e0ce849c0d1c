"""Counts modules, functions, classes and parameters against the limits of the house.

What is larger stands in sizes_allowed.toml with its measured number and a reason. That list only shrinks: an
entry that is larger than what is measured, or is not needed at all, fails as well.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "executors", "io_managers", "integrations")
ALLOWED = Path(__file__).with_name("sizes_allowed.toml")
LIMITS = {"module_lines": 500, "function_lines": 60, "public_methods": 15, "parameters": 6}
ATTRIBUTE_LIKE = {"property", "cached_property"}


def measure(source, module):
    """{(kind, dotted name): number} of one module's source; of overloads the largest counts."""
    tree = ast.parse(source)
    sizes = {("module_lines", module): len(source.splitlines())}
    _measure_body(tree.body, module, sizes, is_class=False)
    return sizes


def _measure_body(body, owner, sizes, *, is_class):
    for node in body:
        name = f"{owner}.{getattr(node, 'name', '')}"
        if isinstance(node, ast.ClassDef):
            sizes["public_methods", name] = len(_public_methods(node))
            _measure_body(node.body, name, sizes, is_class=True)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            _keep_largest(sizes, ("function_lines", name), _function_lines(node))
            _keep_largest(sizes, ("parameters", name), _parameters(node, is_method=is_class))
            _measure_body(node.body, name, sizes, is_class=False)
        else:
            for field in ("body", "orelse", "finalbody"):
                _measure_body(_statements(node, field), owner, sizes, is_class=is_class)
            for handler in getattr(node, "handlers", []) + getattr(node, "cases", []):
                _measure_body(handler.body, owner, sizes, is_class=is_class)


def _statements(node, field):
    found = getattr(node, field, [])
    return found if isinstance(found, list) else []


def _keep_largest(sizes, key, number):
    sizes[key] = max(number, sizes.get(key, 0))


def _function_lines(node):
    """Lines from `def` to the end, without decorators and docstring."""
    lines = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        lines -= node.body[0].end_lineno - node.body[0].lineno + 1
    return lines


def _parameters(node, *, is_method):
    arguments = node.args
    count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
    return count - (is_method and "staticmethod" not in _decorators(node))


def _public_methods(node):
    return {
        item.name
        for item in node.body
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        and not item.name.startswith("_")
        and not _decorators(item) & ATTRIBUTE_LIKE
        and not {name for name in _decorators(item) if name in ("setter", "deleter")}
    }


def _decorators(node):
    names = set()
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        names.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return names


def judge(sizes, allowed):
    """What is wrong, one sentence a fault. `allowed` is {kind: {name: {"is": number, "why": reason}}}."""
    faults = []
    for (kind, name), number in sorted(sizes.items()):
        entry = allowed.get(kind, {}).get(name)
        if entry is None and number > LIMITS[kind]:
            faults.append(
                f'{kind} of {name}: {number}, at most {LIMITS[kind]}  ("{name}" = {{ is = {number} }})'
            )
        elif entry is not None and number <= LIMITS[kind]:
            faults.append(f"{kind} of {name}: {number} is within the limit, strike out the entry")
        elif entry is not None and number != entry["is"]:
            faults.append(f"{kind} of {name}: {number} measured, {entry['is']} on the list")
        if entry is not None and not entry.get("why", "").strip():
            faults.append(f"{kind} of {name}: the entry has no reason (why)")
    gone = [(kind, name) for kind, names in allowed.items() for name in names if (kind, name) not in sizes]
    return faults + [f"{kind} of {name}: no such thing, strike out the entry" for kind, name in gone]


def test_nothing_is_larger_than_the_house_allows():
    sizes = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT / folder).with_suffix("").parts)
            sizes |= measure(path.read_text(encoding="utf-8"), module.removesuffix(".__init__"))
    allowed = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))
    faults = judge(sizes, allowed)
    assert not faults, "\n" + "\n".join(faults)


SAMPLE = '''"""A module."""


class Door:
    @property
    def colour(self): ...

    def open(self, how, *, far=1): ...

    @staticmethod
    def close(how): ...

    def _creak(self): ...


@decorated(
    with_lines=True,
)
async def knock(a, b, /, c, *rest, d, **more):
    """Knock.

    Twice.
    """
    try:
        pass
    except ValueError:
        def listen(e): ...
'''


def test_lines_are_counted_without_decorators_and_docstring():
    sizes = measure(SAMPLE, "m")
    assert sizes["module_lines", "m"] == len(SAMPLE.splitlines())
    assert sizes["function_lines", "m.knock"] == 5


def test_parameters_are_counted_without_self_and_stars():
    sizes = measure(SAMPLE, "m")
    assert [sizes["parameters", f"m.{name}"] for name in ("Door.open", "Door.close", "knock")] == [2, 1, 4]


def test_properties_and_private_methods_are_not_public_methods():
    assert measure(SAMPLE, "m")["public_methods", "m.Door"] == 2


def test_functions_inside_any_block_are_found():
    assert measure(SAMPLE, "m")["parameters", "m.knock.listen"] == 1


def test_what_is_too_large_is_a_fault_unless_listed_with_its_number_and_a_reason():
    sizes = {("parameters", "m.f"): 9}
    assert judge(sizes, {})
    assert not judge(sizes, {"parameters": {"m.f": {"is": 9, "why": "the public API"}}})
    assert judge(sizes, {"parameters": {"m.f": {"is": 9, "why": " "}}})


def test_the_list_only_shrinks():
    listed = {"parameters": {"m.f": {"is": 9, "why": "the public API"}}}
    assert "8 measured, 9 on the list" in judge({("parameters", "m.f"): 8}, listed)[0]
    assert "within the limit" in judge({("parameters", "m.f"): 6}, listed)[0]
    assert "no such thing" in judge({}, listed)[0]
