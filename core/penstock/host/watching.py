"""Importing the user's modules to their end, whatever is wrong in them.

Owns: ``watching``, which makes every module of the user that is imported meanwhile report to a ``Ledger``:
each statement or call that fails is one fault, what it would have bound is a ``StandIn``, and what fails
because of a stand-in is passed over. A module that is not Python is one fault and gives only stand-ins.
Must not know definitions: what is made of the faults is for ``inspection``.
"""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from attrs import Factory, define

from penstock.define.faults import DefinitionFault
from penstock.errors import UserError
from penstock.host.stand_in import StandIn, Touches
from penstock.host.watched_source import WATCH, bound_by, watched
from penstock.values import frozen

_PYTHON = Path(sysconfig.get_path("stdlib")).resolve()
_INSTALLED = {"site-packages", "dist-packages"}


@define
class Ledger:
    """What failed while modules of the user were imported.

    Args:
        faults: what is to be said, in order of import.
        hidden: names that would be known had nothing failed.
        files: the text of each file that was watched.
        lines: ``"file.py:12"`` by file and name, of what is bound at the top of a watched file.
        touches: what was done to stand-ins.
    """

    faults: list[DefinitionFault] = Factory(list[DefinitionFault])
    hidden: set[str] = Factory(set[str])
    files: dict[str, str] = Factory(dict[str, str])
    lines: dict[tuple[str, str], str] = Factory(dict[tuple[str, str], str])
    touches: Touches = Factory(Touches)

    def note(self, error: BaseException, begun: int, names: Sequence[str]) -> None:
        """Write down a failure, unless a stand-in is behind it.

        Args:
            error: what was raised.
            begun: the count of touches when what failed began.
            names: what it was about to define.
        """
        self.hidden.update(names)
        message = said(error)
        if self.touches.count == begun and StandIn.__name__ not in message:
            where = self._place(error.__traceback__)
            self.faults.append(DefinitionFault(names[0] if names else "definitions", message, where))

    def _place(self, frames: TracebackType | None) -> str:
        """The innermost line of the user."""
        where = ""
        while frames is not None:
            file = frames.tb_frame.f_code.co_filename
            if file in self.files:
                where = f"{file}:{frames.tb_lineno}"
            frames = frames.tb_next
        return where


def said(error: BaseException) -> str:
    """What an exception says: ours in full, another with its class and its first line."""
    if isinstance(error, UserError):
        return str(error)
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


class Watch:
    """What the statements of one rewritten module report to."""

    def __init__(self, ledger: Ledger, variables: dict[str, Any]) -> None:
        self._ledger = ledger
        self._variables = variables
        self._begun: dict[str, int] = {}

    def begin(self, mark: str) -> None:
        """A statement begins.

        Args:
            mark: the same when it fails.
        """
        self._begun[mark] = self._ledger.touches.count

    def failed(self, mark: str, error: Exception, names: tuple[str, ...], texts: tuple[str, ...]) -> None:
        """A statement failed: what it would have bound is stood in for.

        Args:
            mark: of the statement.
            error: what it raised.
            names: what it binds.
            texts: what the things that it makes are called.
        """
        self._ledger.note(error, self._begun[mark], (*names, *texts))
        for name in names:
            self._variables[name] = StandIn(self._ledger.touches)

    def attempt(self, act: Callable[[], Any], texts: tuple[str, ...]) -> Any:
        """What a call gives, a stand-in when it fails.

        Args:
            act: makes the call.
            texts: what the thing that it makes is called, and the names that it is to be bound to.
        """
        begun = self._ledger.touches.count
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault and the module goes on
            self._ledger.note(error, begun, texts)
            return StandIn(self._ledger.touches)

    def missing(self, name: str) -> StandIn:
        """What a module that is not Python gives for any name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(self._ledger.touches)


class WatchingLoader(SourceFileLoader):
    """Loads a file as rewritten; neither reads nor writes compiled files."""

    def __init__(self, name: str, path: str, ledger: Ledger) -> None:
        super().__init__(name, path)
        self._ledger = ledger

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with a watch among its variables."""
        setattr(module, WATCH, Watch(self._ledger, vars(module)))
        try:
            super().exec_module(module)
        except SyntaxError as error:
            self._unreadable(error, module)
        except SystemExit as error:
            self._ledger.note(error, self._ledger.touches.count, ())

    def get_code(self, fullname: str) -> CodeType:
        """The rewritten file, compiled.

        Raises:
            SyntaxError: when it is not Python.
        """
        data = self.get_data(self.path)
        self._ledger.files[self.path] = data.decode(errors="replace")
        try:
            tree = ast.parse(data, self.path)
        except ValueError as error:  # what some versions say of null bytes
            raise SyntaxError(str(error), (self.path, 1, 1, "")) from error
        for statement in tree.body:
            for name in bound_by(statement):
                self._ledger.lines[self.path, name] = f"{self.path}:{statement.lineno}"
        return compile(watched(tree), self.path, "exec", dont_inherit=True)

    def _unreadable(self, error: SyntaxError, module: ModuleType) -> None:
        """Whatever is named anywhere in the file might have been defined in it."""
        where = f"{error.filename or self.path}:{error.lineno or 1}"
        self._ledger.faults.append(DefinitionFault("definitions", f"SyntaxError: {error.msg}", where))
        self._ledger.hidden.update(re.findall(r"\w+", self._ledger.files[self.path]))
        module.__dict__["__getattr__"] = vars(module)[WATCH].missing


@frozen
class OwnCode:
    """Which modules are the user's.

    Args:
        folders: what is below them and neither installed nor of Python is the user's.
        package: a package or module that is the user's wherever it stands, None for none.
    """

    folders: Sequence[Path]
    package: str | None = None

    def has(self, name: str, file: str | None) -> bool:
        """Whether a module is the user's.

        Args:
            name: dotted.
            file: where it is, None when it is nowhere.
        """
        top = name.partition(".")[0]
        if file is None or top == "penstock" or top.startswith("penstock_"):
            return False
        path = Path(file).resolve()
        if path.is_relative_to(_PYTHON) or _INSTALLED & set(path.parts):
            return top == self.package
        return top == self.package or any(path.is_relative_to(one.resolve()) for one in self.folders)


@frozen
class _Finder:
    """Finds the user's modules as Python does, and has them loaded as rewritten."""

    ledger: Ledger
    own: OwnCode

    def find_spec(self, name: str, path: Any = None, _target: Any = None) -> ModuleSpec | None:
        """What Python finds, with another loader, or None for what is not the user's."""
        spec = PathFinder.find_spec(name, path)
        if spec is None or type(spec.loader) is not SourceFileLoader or not self.own.has(name, spec.origin):
            return None
        spec.loader = WatchingLoader(name, spec.loader.path, self.ledger)
        return spec


@contextmanager
def watching(ledger: Ledger, own: OwnCode) -> Generator[None]:
    """Have the user's modules that are imported meanwhile report what fails.

    Args:
        ledger: where to.
        own: which modules these are; those that were imported before are imported again.
    """
    for name, module in list(sys.modules.items()):
        if name != "__main__" and own.has(name, getattr(module, "__file__", None)):
            del sys.modules[name]
    finder: Any = _Finder(ledger, own)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
