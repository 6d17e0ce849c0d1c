"""Runs every code block of the documentation, page by page, each in an empty folder of its own.

Conventions, and there is no way out of them:

- ```python blocks run in order, as one module;
- a block of any language with ``title="name"`` is written to that file instead;
- ```console blocks hold ``$ command`` lines, run as a shell would; the rest is for the reader.
  The exit code must be 0, or what ``exit=2`` after the language says;
- ``$(penstock ...)`` in a command stands for what that prints;
- ``$ cd examples/...`` enters a copy of that folder, for the commands and the imports that follow.
"""

from __future__ import annotations

import linecache
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PENSTOCK = (sys.executable, "-c", "from penstock.cli.main import main; main()")
MADE_BY_EXAMPLES = (".penstock-home", "reports")
#: commands that a page may show though a test cannot run them: they fetch things or change the machine
NOT_RUN = {"cd", "git", "make", "pip", "source"}
MODULE = "documentation_page"


class Block(NamedTuple):
    """One fenced block: what follows the language, what stands inside, and the line where that begins."""

    language: str
    options: dict[str, str]
    text: str
    line: int


def blocks_of(text):
    """The fenced blocks of a page, in order.

    Raises:
        ValueError: when something after the language is not title="..." or exit=N.
    """
    fences = (token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence")
    return [_block(token) for token in fences]


def _block(token):
    language, _, rest = token.info.strip().partition(" ")
    options = dict(re.findall(r'(title|exit)=("[^"]+"|\d+)', rest))
    left_over = re.sub(r'(title="[^"]+"|exit=\d+)', "", rest).strip()
    if left_over:
        raise ValueError(
            f'line {token.map[0] + 1}: {left_over!r} means nothing, only title="..." and exit=N do'
        )
    options = {name: value.strip('"') for name, value in options.items()}
    return Block(language, options, token.content, token.map[0] + 2)


def commands_of(text):
    """The commands of a console block: lines after `$ `, with their continuations."""
    joined = text.replace("\\\n", " ")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


class Page:
    """A page that is being run: its folder, its module and the environment of its commands."""

    def __init__(self, path, folder, monkeypatch):
        self.path, self.folder, self.monkeypatch = path, folder, monkeypatch
        self.module = types.ModuleType(MODULE)
        self.environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}

    def run(self, block):
        if "title" in block.options:
            target = self.folder / block.options["title"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "console":
            for command in commands_of(block.text):
                self._run_command(command, int(block.options.get("exit", "0")), block.line)

    def _run_python(self, block):
        name = f"{self.path}"
        source = "\n" * (block.line - 1) + block.text  # tracebacks then show the line of the page
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.module.__dict__)

    def _run_command(self, command, expected, line):
        command = re.sub(r"\$\((penstock [^)]*)\)", lambda asked: self._answer(asked[1]), command)
        words = shlex.split(command, comments=True)
        where = f"{self.path}:{line}: $ {command}"
        if words[0] == "cd" and words[1].startswith("examples/"):
            self._enter(words[1])
            return
        if words[0] in NOT_RUN:
            return
        if words[0] == "export":
            self.environment.update(word.split("=", 1) for word in words[1:])
            return
        programs = {"penstock": PENSTOCK, "python": (sys.executable,), "cat": ("cat",), "ls": ("ls",)}
        assert words[0] in programs, f"{where}: a page may run {sorted(programs)}, and show {sorted(NOT_RUN)}"
        done = subprocess.run(
            [*programs[words[0]], *words[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = f"exit code {done.returncode}, expected {expected}\n{done.stdout}{done.stderr}"
        assert done.returncode == expected, f"{where}\n{said}"

    def _answer(self, command):
        """What stands for ``$(penstock ...)`` in another command."""
        words = [*PENSTOCK, *shlex.split(command)[1:]]
        return subprocess.check_output(words, cwd=self.folder, env=self.environment, text=True).strip()

    def _enter(self, example):
        """Go on in a copy of an example, without what its runs left behind."""
        unwanted = shutil.ignore_patterns("__pycache__", *MADE_BY_EXAMPLES)
        self.folder = shutil.copytree(ROOT / example, self.folder / example, ignore=unwanted)
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.syspath_prepend(str(self.folder))


@pytest.fixture
def page_at(tmp_path, monkeypatch):
    """A function that opens a page in an empty folder; what it imports and sets is forgotten after."""
    variables = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    opened = []

    def open_page(path):
        page = Page(path, tmp_path, monkeypatch)
        sys.modules[MODULE] = page.module
        opened.append(page)
        return page

    yield open_page
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    sys.modules.pop(MODULE, None)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    for page in opened:
        linecache.cache.pop(f"{page.path}", None)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_does_what_it_says(path, page_at):
    page = page_at(path)
    for block in blocks_of(path.read_text(encoding="utf-8")):
        page.run(block)


SAMPLE = """# Sample

```python title="made/lines.py"
LIMIT = 3
```

```python
from made.lines import LIMIT
rows = list(range(LIMIT))
```

```python
assert rows == [0, 1, 2], rows
```

```console
$ export WHO=world
$ python -c \\
    "import os; print('hello', os.environ['WHO'])"
hello world
```

```console exit=3
$ python -c "raise SystemExit(3)"
```
"""


def test_blocks_share_files_names_and_environment(page_at, tmp_path):
    page = page_at(tmp_path / "sample.md")
    for block in blocks_of(SAMPLE):
        page.run(block)
    assert page.module.rows == [0, 1, 2]


def test_a_page_enters_a_copy_of_an_example(page_at, tmp_path):
    page = page_at(tmp_path / "sample.md")
    for block in blocks_of("```console\n$ cd examples/nycflights\n$ ls demo.sh\n```\n"):
        page.run(block)
    assert page.folder == tmp_path / "examples" / "nycflights"
    assert Path.cwd() == page.folder


def test_a_block_knows_the_line_where_it_begins():
    assert [block.line for block in blocks_of(SAMPLE)] == [4, 8, 13, 17, 24]


def test_a_block_cannot_opt_out():
    with pytest.raises(ValueError, match="notest"):
        blocks_of("```python notest\n1/0\n```\n")


def test_a_block_that_raises_fails_at_its_line_of_the_page(page_at, tmp_path):
    page = page_at(tmp_path / "sample.md")
    (block,) = blocks_of("text\n\n```python\n1/0\n```\n")
    with pytest.raises(ZeroDivisionError) as caught:
        page.run(block)
    assert caught.traceback[-1].lineno + 1 == 4


def test_a_command_with_another_exit_code_fails(page_at, tmp_path):
    page = page_at(tmp_path / "sample.md")
    (block,) = blocks_of('```console\n$ python -c "raise SystemExit(3)"\n```\n')
    with pytest.raises(AssertionError, match="exit code 3, expected 0"):
        page.run(block)


def test_a_command_that_no_test_can_run_is_refused(page_at, tmp_path):
    page = page_at(tmp_path / "sample.md")
    (block,) = blocks_of("```console\n$ curl example\n```\n")
    with pytest.raises(AssertionError, match="a page may run"):
        page.run(block)
