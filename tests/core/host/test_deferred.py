from __future__ import annotations

import subprocess
import sys

import pytest

from penstock.host.deferred import deferred


def test_a_deferred_module_answers_like_the_module():
    import textwrap

    found = deferred("textwrap")
    assert found.dedent is textwrap.dedent
    assert found.dedent is textwrap.dedent
    assert "textwrap" in repr(found)


def test_what_a_module_does_not_have_is_missing():
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = deferred("textwrap").nothing_of_that_name


def test_an_instance_that_is_asked_nothing_imports_no_queries():
    program = (
        "import sys; from penstock.host.instance import Instance; Instance.ephemeral().close();"
        "late = {'penstock.query.runs', 'penstock.query.assets', 'penstock.events.details', 'tomllib'};"
        "sys.exit(str(late & set(sys.modules)) if late & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
