"""Finding commands, exit codes, and how errors are told."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from penstock.cli.main import ending
from penstock.cli.screen import Screen
from penstock.errors import SettingsError


def test_without_arguments_there_is_a_short_friendly_help(cli):
    answer = cli()
    assert answer.code == 0
    assert "penstock new project NAME" in answer.out
    assert len(answer.out.splitlines()) < 12


def test_help_lists_every_command(cli):
    answer = cli("--help")
    assert answer.code == 0
    for name in ("materialize", "plan", "check", "asset", "job", "run", "instance", "plugins", "new"):
        assert f"\n  {name} " in answer.out


def test_a_group_without_a_command_shows_its_help(cli):
    answer = cli("run")
    assert answer.code == 0
    assert answer.out.startswith("Usage: penstock run")


def test_the_version_is_that_of_the_distribution(cli):
    assert cli("--version").out.startswith("penstock 0.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["matrialize"], "There is no command 'matrialize'. Did you mean 'materialize'?"),
        (["run", "lst"], "Did you mean 'list'?"),
        (["run", "show"], "Missing argument 'RUN'"),
        (["materialize", "--slect", "x"], "Did you mean one of: '--file', '--select'?"),
        (["materialize", "-m", "a", "-f", "b.py"], "either in a module (-m) or in a file (-f), not both"),
    ],
)
def test_a_wrong_command_line_is_bad_input(cli, arguments, said):
    answer = cli(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_bad_input_is_one_message_without_a_traceback(cli):
    answer = cli("run", "show", "nothing")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].startswith("Error: There is no run 'nothing'.")
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback_of_bad_input(cli):
    assert "Traceback" in cli("run", "show", "nothing", "--debug").err


def test_with_json_bad_input_is_a_document_too(cli):
    answer = cli("run", "show", "nothing", "--json")
    assert answer.code == 2
    assert answer.json["error"]["type"] == "RunNotFoundError"


def test_nothing_says_where_the_definitions_are(cli):
    answer = cli("materialize")
    assert answer.code == 2
    assert "-m package.module" in answer.err
    assert "[tool.penstock]" in answer.err


def raising(error):
    def act():
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code"),
    [(SettingsError("x"), 2), (KeyboardInterrupt(), 130), (click.Abort(), 130), (ZeroDivisionError(), 70)],
)
def test_each_end_has_its_exit_code(error, code, capsys):
    assert ending(raising(error), Screen()) == code
    assert capsys.readouterr().err


def test_a_bug_comes_with_its_traceback_and_where_to_report_it(capsys):
    assert ending(raising(ZeroDivisionError("oh")), Screen()) == 70
    said = capsys.readouterr().err
    assert "ZeroDivisionError: oh" in said
    assert "Please report it" in said


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "from penstock.cli.main import main; main()"
    writer = subprocess.Popen(
        [sys.executable, "-c", code, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    writer.stdout.close()
    said = writer.stderr.read()
    writer.stderr.close()
    assert writer.wait() == 0
    assert said == b""


# ---- what help and a plain run load ----------------------------------------------------------------


def loaded_by(arguments, folder):
    code = (
        "import json, sys\n"
        "from penstock.cli.main import run\n"
        f"code = run({arguments!r})\n"
        "sys.stderr.write('\\n' + json.dumps([code, sorted(sys.modules)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=folder
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return {module.partition(".")[0] for module in modules} | set(modules)


def test_help_loads_neither_the_definitions_nor_a_heavy_library(tmp_path):
    modules = loaded_by(["--help"], tmp_path)
    heavy = {"rich", "pyarrow", "sqlite3", "cattrs", "asyncio", "yaml", "penstock.define", "penstock.engine"}
    assert not modules & heavy


def test_a_run_in_a_pipe_loads_no_table_library_and_no_display(tmp_path):
    (tmp_path / "tiny.py").write_text("from penstock import asset\n@asset\ndef one():\n    return 1\n")
    modules = loaded_by(["materialize", "-f", "tiny.py"], tmp_path)
    assert not modules & {"rich", "pyarrow", "pandas", "polars", "numpy", "asyncio", "yaml", "fsspec"}


# ---- commands of plugins ---------------------------------------------------------------------------


@pytest.fixture
def hello_plugin(tmp_path_factory, monkeypatch):
    """A plugin with a command, installed for this test."""
    site = tmp_path_factory.mktemp("site")
    info = site / "acme_hello-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-hello\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[penstock.plugins]\nhello = acme_hello_plugin\n")
    (site / "acme_hello_plugin.py").write_text(
        "from penstock.spi.entry import CommandEntry\n"
        "from penstock.spi.hooks import hookimpl\n"
        "penstock_spi = '1.0'\n"
        "@hookimpl\n"
        "def penstock_commands():\n"
        "    return [\n"
        "        CommandEntry(name='hello', target='acme_hello:command', summary='Say hello.'),\n"
        "        CommandEntry(name='lost', target='acme_hello_lost:command', summary='Is not there.'),\n"
        "        CommandEntry(name='odd', target='acme_hello:NAME', summary='Is no command.'),\n"
        "    ]\n"
    )
    (site / "acme_hello.py").write_text(
        "import click\n"
        "NAME = 'hello'\n"
        "@click.command()\n"
        "@click.option('--break', 'broken', is_flag=True)\n"
        "def command(broken):\n"
        "    click.echo(f'hello {1 / (not broken)}')\n"
    )
    monkeypatch.syspath_prepend(str(site))
    from penstock.cli.main import cli as root

    monkeypatch.delitem(vars(root), "registry", raising=False)
    yield
    vars(root).pop("registry", None)
    for name in ("acme_hello", "acme_hello_plugin"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("hello_plugin")
def test_a_command_of_a_plugin_is_listed_with_its_distribution_and_runs(cli):
    answer = cli("--help")
    assert "Commands of plugins:" in answer.out
    assert "Say hello. (acme-hello)" in answer.out
    assert "acme_hello" not in sys.modules
    assert cli("hello").out == "hello 1.0\n"


@pytest.mark.usefixtures("hello_plugin")
def test_a_command_of_a_plugin_that_raises_is_a_bug_of_the_plugin(cli):
    answer = cli("hello", "--break")
    assert answer.code == 70
    assert "ZeroDivisionError" in answer.err


@pytest.mark.usefixtures("hello_plugin")
@pytest.mark.parametrize(
    ("name", "said"), [("lost", "No module named 'acme_hello_lost'"), ("odd", "click command")]
)
def test_a_command_that_cannot_be_loaded_says_so(cli, name, said):
    answer = cli(name)
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.usefixtures("hello_plugin")
def test_commands_of_plugins_are_chosen_by_the_settings_of_the_project(cli, write):
    write("pyproject.toml", '[tool.penstock]\nplugins = "none"\n')
    assert "Commands of plugins:" not in cli("--help").out
    assert "There is no command 'hello'" in cli("hello").err


def test_installed_plugins_can_be_switched_off(cli, monkeypatch):
    monkeypatch.setenv("PENSTOCK_PLUGINS", "none")
    answer = cli("plugins", "--json")
    assert [plugin["name"] for plugin in answer.json if plugin["state"] == "ready"] == ["core"]


@pytest.mark.parametrize("closed", [(0, 1, 2), (1,), (0, 2)])
@pytest.mark.parametrize("executor", ["in_process", "process"])
def test_a_command_that_is_started_without_standard_streams_does_its_work(cli, shop, closed, executor):
    program = "from penstock.cli.main import main; main()"
    close = "import os; [os.close(fd) for fd in CLOSED]; os.execv(ARGV[0], ARGV)"
    command = [sys.executable, "-c", program, "materialize", "-f", str(shop), "--executor", executor]
    outer = f"CLOSED, ARGV = {closed!r}, {command!r}; {close}"
    assert subprocess.run([sys.executable, "-c", outer], check=False, capture_output=True).returncode == 0
    assert cli("run", "list", "--json").json[0]["status"] == "SUCCESS"
