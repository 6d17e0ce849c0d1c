"""Importing a module of the user, and saying in one screen what is wrong with it.

Owns: where a module is looked for, and the wording of import failures: a missing module, a syntax
error with its line, an exception with the frames of the user alone. Lazy: imports modules by name.
Must not know definitions: that is ``code``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from penstock.define.bulk import without_collector
from penstock.errors import CodeLocationError, UserError, suggest
from penstock.values import frozen

_LIBRARY = re.compile(r"[/\\](site|dist)-packages[/\\]|[/\\]lib[/\\]python3")
_OWN = str(Path(__file__).resolve().parent.parent)
_MOST_FRAMES = 4
_MOST_LINES = 6
_LONGEST_LINE = 300


@frozen(kw_only=True)
class CodeSource:
    """Where definitions are.

    Args:
        module: the dotted name of a module.
        file: a Python file; exactly one of both is given.
        attribute: the variable that holds the definitions, None to look for it.
        folder: where modules are looked for, with its ``src`` folder.
    """

    module: str | None = None
    file: Path | None = None
    attribute: str | None = None
    folder: Path

    @classmethod
    def parse(cls, *, module: str | None = None, file: str | None = None, folder: Path) -> CodeSource:
        """Read ``MODULE[:NAME]`` or ``FILE.py[:NAME]``.

        Args:
            module, file: as on the command line; one of both.
            folder: the current folder, or that of the project.
        """
        text, colon, attribute = (module or file or "").rpartition(":")
        if not colon or (file and not attribute.isidentifier()):
            text, attribute = module or file or "", ""
        return cls(
            module=text if module else None,
            file=None if module else Path(os.path.normpath(folder / text)),  # keeps symbolic links
            attribute=attribute or None,
            folder=folder,
        )

    def __str__(self) -> str:
        place = self.module or str(self.file)
        return f"{place}:{self.attribute}" if self.attribute else place


Loading = Callable[[str, str], SourceFileLoader]
"""What loads a module, made of its name and its file."""


def import_source(source: CodeSource, loading: Loading = SourceFileLoader) -> ModuleType:
    """The module of a source, imported.

    Args:
        source: says where it is.
        loading: makes what loads a file; a module that is named is loaded as Python finds it.

    Raises:
        CodeLocationError: when it cannot be found or imported; the message is for the user.
    """
    return _import_file(source.file, loading) if source.file is not None else _import_module(source)


@without_collector
def _import_module(source: CodeSource) -> ModuleType:
    name = source.module or ""
    for folder in (source.folder / "src", source.folder):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise CodeLocationError(_missing_module(source, error.name)) from error
        raise CodeLocationError(told(f"module {name}", error)) from error
    except (Exception, SystemExit) as error:
        raise CodeLocationError(told(f"module {name}", error)) from error


@without_collector
def _import_file(file: Path, loading: Loading) -> ModuleType:
    if not file.is_file():
        raise CodeLocationError(_missing_file(file))
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    name = _free_name(file)
    spec = None
    if file.suffix == ".py":
        spec = importlib.util.spec_from_file_location(name, file, loader=loading(name, str(file)))
    if spec is None or spec.loader is None:
        raise CodeLocationError(f"{file} is not a Python file: its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # functions are pickled by this name
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise CodeLocationError(told(str(file), error)) from error
    return module


def _free_name(file: Path) -> str:
    """The file's name, unless another module has it (``json.py``, ``penstock.py``)."""
    name = file.stem
    while name in sys.modules or name in sys.stdlib_module_names:
        name = f"{name}_"
    return name


def _missing_module(source: CodeSource, missing: str) -> str:
    parent, _, last = missing.rpartition(".")
    folder = source.folder / Path(*parent.split(".")) if parent else source.folder
    known = [one.stem for one in _python_files(folder)]
    known += [one.parent.name for one in folder.glob("*/__init__.py")] if folder.is_dir() else []
    near = suggest(last, known)
    return f"There is no module {missing!r} in {source.folder} or among what is installed.{near}"


def _missing_file(file: Path) -> str:
    if file.is_dir():
        return f"{file} is a folder, wanted a Python file. Its modules are named with -m."
    return f"There is no file {file}.{suggest(file.name, (one.name for one in _python_files(file.parent)))}"


def _python_files(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.py")) if folder.is_dir() else ()


def told(what: str, error: BaseException) -> str:
    """Why user code could not be imported, in one screen.

    Args:
        what: the module or file that was imported.
        error: what importing it raised.
    """
    if isinstance(error, SyntaxError):
        return f"{what} cannot be read as Python.\n{_syntax(error)}"
    head = str(error) if isinstance(error, UserError) else _said(error)
    lines = [f"{what} cannot be imported: {head}", *_frames(error)]
    cause = error.__cause__
    if cause is not None and not (isinstance(error, UserError) and _is_of_library(cause)):
        lines += [f"because of {_said(cause)}", *_frames(cause)]
    return "\n".join(lines)


def _said(error: BaseException) -> str:
    """What an exception of the user says, cut: some libraries put whole tables into their messages."""
    try:
        lines = str(error).splitlines() or [""]
    except Exception:  # noqa: BLE001 - an exception may fail even to tell what it is
        lines = ["(it cannot be shown)"]
    shown = [
        line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …" for line in lines[:_MOST_LINES]
    ]
    if len(lines) > _MOST_LINES:
        shown.append(f"… and {len(lines) - _MOST_LINES} more lines")
    return f"{type(error).__name__}: " + "\n  ".join(shown)


def _syntax(error: SyntaxError) -> str:
    """File, line and a caret below the fault."""
    shown = traceback.format_exception_only(type(error), error)
    return "".join(shown).rstrip()


def _frames(error: BaseException) -> list[str]:
    """The user's frames, outermost first, without those of Penstock and of the import system."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((_OWN, "<frozen ", "<attrs "))]
    shown = traceback.format_list(own[-_MOST_FRAMES:])
    return [line.rstrip("\n") for frame in shown for line in frame.splitlines()]


def _is_of_library(error: BaseException) -> bool:
    """Whether no code of the user stands behind an exception, whose message Penstock has put into its own."""
    return all(
        frame.filename.startswith((_OWN, "<")) or _LIBRARY.search(frame.filename)
        for frame in traceback.extract_tb(error.__traceback__)
    )
