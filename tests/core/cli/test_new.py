from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def project(cli, tmp_path):
    assert cli("new", "project", "my-shop").code == 0
    return tmp_path / "my-shop"


def test_the_answer_says_what_to_do_next(cli):
    assert cli("new", "project", "my-shop").out.splitlines() == [
        "Made my-shop with 6 files. Next:",
        "  cd my-shop",
        "  penstock materialize",
        "  penstock asset list",
    ]


def test_a_new_project_works_at_once_also_from_a_folder_within(cli, project):
    os.chdir(project / "tests")
    answer = cli("materialize", "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[-1]["assets"] == ["largest_cities", "populations", "report"]
    assert cli("check").code == 0
    (run,) = cli("run", "list", "-q").out.split()
    assert cli("run", "retry", run, "--all", "-q").code == 0
    os.chdir(project.parent)


def test_its_own_test_passes(project):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_is_there_is_not_overwritten(cli, project):
    answer = cli("new", "project", "my-shop")
    assert answer.code == 2
    assert "is there already" in answer.err


@pytest.mark.parametrize("name", ["1shop", "my shop", "class", "penstock", "../shop"])
def test_a_name_that_cannot_be_imported_is_refused(cli, name):
    answer = cli("new", "project", name)
    assert answer.code == 2
    assert "wanted letters" in answer.err
