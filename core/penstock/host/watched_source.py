"""A module of the user, rewritten so that each of its statements may fail alone.

Owns: ``watched``, from a syntax tree to one in which every statement of the module, and every call in it, is
tried and reports to the module's watch (see ``watching``) instead of ending the import. Bodies of functions
and classes, and statements that handle exceptions themselves, stay as they are. Pure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

WATCH = "__penstock_watch__"
"""The name of the watch among the module's variables."""

_ERROR = "__penstock_error__"
_DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOK_AROUND = frozenset({"dir", "eval", "exec", "globals", "locals", "super", "vars"})
_NAMING = frozenset({"name", "key", "asset"})


def watched(tree: ast.Module) -> ast.Module:
    """The same module with each statement and call tried.

    Args:
        tree: as parsed; it is changed.
    """
    head = next((at for at, one in enumerate(tree.body) if not _stays_first(one)), len(tree.body))
    tree.body[head:] = _tried(tree.body[head:])
    return ast.fix_missing_locations(tree)


def _stays_first(statement: ast.stmt) -> bool:
    """Docstrings and ``from __future__`` must stand at the top."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _tried(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [_try(part) for statement in statements for part in _one_by_one(statement)]


def _one_by_one(statement: ast.stmt) -> Iterator[ast.stmt]:
    """``from a import b, c`` as one statement a name: one may be there without the other."""
    if isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            one = ast.ImportFrom(statement.module, [alias], statement.level)
            yield ast.copy_location(one, statement)
    else:
        yield statement


def _try(statement: ast.stmt) -> ast.stmt:
    names, texts = sorted(bound_by(statement)), sorted(named_in(statement))
    mark = ast.Constant(f"{statement.lineno}:{statement.col_offset}")
    if isinstance(statement, (ast.If, ast.For, ast.While)):
        statement.body, statement.orelse = _tried(statement.body), _tried(statement.orelse)
        _try_calls(statement, "iter" if isinstance(statement, ast.For) else "test", names)
    elif isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
        _try_calls(statement, "value", names)
    begin = ast.Expr(_watch("begin", mark))
    failed = ast.Expr(_watch("failed", mark, ast.Name(_ERROR, ast.Load()), _texts(names), _texts(texts)))
    handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), _ERROR, [failed])
    return _placed(ast.Try([begin, statement], [handler], [], []), statement)


def _try_calls(statement: Any, part: str, names: Sequence[str]) -> None:
    """Try each call in an expression, unless the expression binds names, which would be lost."""
    expression = getattr(statement, part)
    if expression is not None and not any(isinstance(one, ast.NamedExpr) for one in ast.walk(expression)):
        setattr(statement, part, _Calls(names).visit(expression))


class _Calls(ast.NodeTransformer):
    """Puts ``watch.attempt(lambda: call)`` into the place of each call."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in _LOOK_AROUND:
            return node
        texts = _texts([*sorted(_names_given(node)), *self._names])
        self.generic_visit(node)
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return _placed(_watch("attempt", ast.Lambda(nothing, node), texts), node)


def _texts(texts: Sequence[str]) -> ast.Tuple:
    return ast.Tuple([ast.Constant(text) for text in texts], ast.Load())


def _watch(method: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(WATCH, ast.Load()), method, ast.Load()), [*arguments], [])


def _placed(new: Any, old: ast.stmt | ast.expr) -> Any:
    """New nodes at the place of an old one; those within that have a place keep it."""
    return ast.fix_missing_locations(ast.copy_location(new, old))


def bound_by(node: ast.AST) -> set[str]:
    """The names that a statement binds in its own scope.

    Args:
        node: a statement, or a part of one.
    """
    if isinstance(node, _OWN_SCOPE):
        return set()
    if isinstance(node, _DEFINED):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(one.asname or one.name).partition(".")[0] for one in node.names if one.name != "*"}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    return {name for child in ast.iter_child_nodes(node) for name in bound_by(child)}


def named_in(statement: ast.stmt) -> set[str]:
    """The texts by which the calls of a statement name what they make: ``name=`` and first arguments.

    Args:
        statement: of a definition only the decorators count.
    """
    parts = statement.decorator_list if isinstance(statement, _DEFINED) else [statement]
    walked = (one for part in parts for one in ast.walk(part))
    return {text for one in walked if isinstance(one, ast.Call) for text in _names_given(one)}


def _names_given(call: ast.Call) -> Iterator[str]:
    given = [*call.args[:1], *(one.value for one in call.keywords if one.arg in _NAMING)]
    for value in given:
        for one in ast.walk(value):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value
