from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.errors import SettingsError
from penstock.host.settings import environment, load_settings, prepare_home, settings_of

CORE = Path(__file__).resolve().parents[3] / "core"


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "home"
    made.mkdir()
    return made


@pytest.fixture
def project(tmp_path):
    made = tmp_path / "project"
    made.mkdir()
    return made


def write(folder, name, text):
    (folder / name).write_text(text)


def load(home, project, arguments=None, **environ):
    variables = {"PENSTOCK_HOME": str(home), **environ}
    return load_settings(arguments, environ=variables, folder=project)


def test_without_anything_the_defaults_hold(project):
    found = load_settings(environ={}, folder=project)
    assert found.home == Path("~/.penstock").expanduser()
    assert (found.executor, found.plugins, found.module) == (None, None, None)
    assert found.retention.logs_days == 30


def test_later_places_win(home, project):
    write(home, "penstock.toml", 'executor = "from_home"\nattribute = "home_defs"\nlog_dir = "home_logs"')
    write(project, "pyproject.toml", '[tool.penstock]\nexecutor = "from_project"\nlog_dir = "project_logs"')
    found = load(home, project, {"executor": "from_arguments"}, PENSTOCK_LOG_DIR="/from/environment")
    assert found.executor == "from_arguments"
    assert found.log_dir == Path("/from/environment")
    assert found.attribute == "home_defs"
    assert load(home, project).log_dir == project / "project_logs"
    assert load(home, project.parent).log_dir == home / "home_logs"


def test_settings_remember_where_they_were_written(home, project):
    write(project, "pyproject.toml", '[tool.penstock]\nmodule = "pkg.defs"')
    origins = load(home, project).origins
    assert origins["module"] == f"{project / 'pyproject.toml'}: tool.penstock.module"
    assert origins["home"] == "the environment: home"


def test_the_nearest_pyproject_is_found_from_below(home, project):
    write(project, "pyproject.toml", '[tool.penstock]\nfile = "defs.py"')
    below = project / "a" / "b"
    below.mkdir(parents=True)
    assert load(home, below).file == project / "defs.py"


def test_a_pyproject_without_our_section_changes_nothing(home, project):
    write(project, "pyproject.toml", '[tool.other]\nmodule = "x"  # penstock is mentioned here')
    assert load(home, project).module is None


def test_a_pyproject_that_does_not_concern_us_may_be_broken(home, project):
    write(project, "pyproject.toml", "[tool.other\n")
    assert load(home, project).module is None


def test_a_file_named_above_takes_the_place_of_a_module_named_below(home, project):
    write(project, "pyproject.toml", '[tool.penstock]\nmodule = "pkg.defs"\nattribute = "defs"')
    found = load(home, project, {"file": "other.py"})
    assert (found.module, found.file, found.attribute) == (None, project / "other.py", None)


def test_code_of_the_project_takes_the_place_of_code_of_the_home(home, project):
    write(home, "penstock.toml", 'file = "defs.py"')
    write(project, "pyproject.toml", '[tool.penstock]\nmodule = "pkg.defs"')
    found = load(home, project)
    assert (found.module, found.file) == ("pkg.defs", None)


def test_all_faults_of_all_places_are_told_together(home, project):
    write(home, "penstock.toml", 'exekutor = "x"\nhome = "/elsewhere"')
    write(
        project, "pyproject.toml", '[tool.penstock]\nmodule = "a"\nfile = "b.py"\nretention.runs_days = "x"'
    )
    with pytest.raises(SettingsError) as caught:
        load(home, project, {"plugins": 3}, PENSTOCK_ALLOW_NETWORK_FS="perhaps")
    text = str(caught.value)
    assert "6 faults" in text
    for part in (
        "penstock.toml: exekutor: there is no such setting. Did you mean 'executor'?",
        "penstock.toml: home:",
        "tool.penstock.retention.runs_days: wanted a number of days above 0, found 'x'",
        "either in a module or in a file",
        "the environment: allow_network_fs",
        "the arguments: plugins: wanted a list of names, or none, found 3",
    ):
        assert part in text


def test_a_file_that_is_no_toml_is_named(home, project):
    write(home, "penstock.toml", "executor = \n")
    with pytest.raises(SettingsError, match=r"penstock\.toml: is not TOML"):
        load(home, project)


def test_arguments_that_are_none_are_not_given(home, project):
    assert load(home, project, {"home": None, "executor": None}).home == home


def test_the_home_may_be_named_by_argument(home, project, tmp_path):
    assert load(home, project, {"home": tmp_path / "other"}).home == tmp_path / "other"


def test_settings_of_a_folder_look_at_nothing_else(home):
    write(home, "penstock.toml", 'executor = "x"')
    found = settings_of(home, {"retention": {"runs_days": 3}, "log_dir": "l"})
    assert (found.executor, found.retention.runs_days, found.log_dir) == (None, 3, home / "l")


def test_wrong_overrides_are_refused(home):
    with pytest.raises(SettingsError, match="Did you mean 'executor'"):
        settings_of(home, {"executer": "x"})


def test_settings_that_say_the_same_are_equal_wherever_they_were_written(home, project):
    assert load(home, project) == load_settings({"home": home}, environ={}, folder=project)
    assert hash(load(home, project)) == hash(load(home, project))


def test_the_environment_is_the_one_of_now(monkeypatch):
    monkeypatch.setenv("PENSTOCK_TEST_PROBE", "1")
    assert environment()["PENSTOCK_TEST_PROBE"] == "1"


def test_a_new_home_is_told_of_once(tmp_path):
    said = []
    home = tmp_path / "a" / "home"
    prepare_home(home, said.append)
    prepare_home(home, said.append)
    assert said == [f"Created Penstock home at {home}"]
    assert home.is_dir()


def test_a_new_home_is_told_of_on_standard_error(tmp_path, capsys):
    prepare_home(tmp_path / "home")
    captured = capsys.readouterr()
    assert captured.err == f"Created Penstock home at {tmp_path / 'home'}\n"
    assert not captured.out


def test_a_home_that_cannot_be_made_is_refused(tmp_path):
    write(tmp_path, "file", "")
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SettingsError, match="Set PENSTOCK_HOME"):
            prepare_home(home)


PREPARE = """
import sys
from pathlib import Path
from penstock.host.settings import prepare_home
prepare_home(Path(sys.argv[1]))
"""


def test_a_home_that_may_not_be_written_to_is_refused(tmp_path, bound_by_permissions):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, str(home)], check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(CORE)}, **bound_by_permissions,
    )  # fmt: skip
    assert "SettingsError" in done.stderr
    assert "may not write" in done.stderr
