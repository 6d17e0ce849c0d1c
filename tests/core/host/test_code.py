"""Loading user code: what is found in a module, and what is said when it cannot be."""

from __future__ import annotations

import sys
import textwrap

import pytest

from penstock.errors import CodeLocationError, InvalidDefinitionError
from penstock.host.code import load_code, source_of
from penstock.host.settings import Settings, load_settings
from penstock.host.user_code import CodeSource

ASSETS = """
from penstock import Definitions, asset, job, op, repository

@asset
def orders(): ...

@op
def greet(): ...

@job
def greeting():
    greet()
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Writes a file and loads it, by file or as a module."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def load_text(text, *, name="code_under_test.py", attribute=None, as_module=None):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        if as_module:
            return load_code(CodeSource(module=as_module, attribute=attribute, folder=tmp_path))
        return load_code(CodeSource(file=path, attribute=attribute, folder=tmp_path))

    yield load_text
    for name, module in list(sys.modules.items()):
        if name not in before and str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


def inventory(code):
    return sorted(key.to_user_string() for key in code.graph.by_key), code.job_names


def test_the_definitions_of_a_module_are_found(load):
    code = load(ASSETS + "whatever = Definitions(assets=[orders])")
    assert inventory(code) == (["orders"], [])


def test_the_repository_of_a_module_is_found(load):
    code = load(ASSETS + "@repository\ndef everything():\n    return [orders, greeting]")
    assert inventory(code) == (["orders"], ["greeting"])


def test_loose_assets_and_jobs_are_collected(load):
    assert inventory(load(ASSETS)) == (["orders"], ["greeting"])


def test_assets_in_a_list_are_collected_too(load):
    make = "def make(name):\n    @asset(name=name)\n    def one(): ...\n    return one\n"
    text = f"from penstock import asset\n{make}made = [make('a'), make('b')]"
    assert inventory(load(text))[0] == ["a", "b"]


def test_a_name_chooses_among_several(load):
    text = ASSETS + "one = Definitions(assets=[orders])\ntwo = Definitions(jobs=[greeting])"
    assert inventory(load(text, attribute="two")) == ([], ["greeting"])


@pytest.mark.parametrize("name", ["make", "orders", "listed", "greeting"])
def test_a_name_may_be_a_function_an_asset_a_list_or_a_job(load, name):
    text = ASSETS + "listed = [orders]\ndef make():\n    return Definitions(assets=[orders])"
    assert inventory(load(text, attribute=name)) in ((["orders"], []), ([], ["greeting"]))


def test_the_same_definitions_under_two_names_are_one(load):
    assert inventory(load(ASSETS + "a = b = Definitions(assets=[orders])")) == (["orders"], [])


def test_several_definitions_are_ambiguous(load):
    with pytest.raises(
        CodeLocationError, match=r"holds 2 definitions: a, b\. Say which: -f .*code_under_test.py:a"
    ):
        load(ASSETS + "a = Definitions(assets=[orders])\nb = Definitions(jobs=[greeting])")


def test_a_module_without_definitions_is_refused(load):
    with pytest.raises(CodeLocationError, match="holds no definitions"):
        load("x = 1")


def test_a_name_that_is_not_there_is_answered_with_the_nearest(load):
    with pytest.raises(CodeLocationError, match=r"has no 'defz'\. Did you mean 'defs'\?"):
        load(ASSETS + "defs = Definitions(assets=[orders])", attribute="defz")


def test_a_name_that_is_something_else_is_refused(load):
    with pytest.raises(CodeLocationError, match="is a int, wanted Definitions"):
        load("number = 7", attribute="number")


def test_a_module_is_found_in_its_folder_and_in_src(load):
    assert inventory(load(ASSETS, name="pkg_here/code.py", as_module="pkg_here.code"))[0] == ["orders"]
    assert inventory(load(ASSETS, name="src/pkg_src/code.py", as_module="pkg_src.code"))[0] == ["orders"]


def test_a_module_that_is_not_there_is_answered_with_the_nearest(load):
    with pytest.raises(CodeLocationError, match=r"no module 'shopp' in .*Did you mean 'shop'\?"):
        load("x = 1", name="shop.py", as_module="shopp")


def test_a_file_that_is_not_there_is_answered_with_the_nearest(load, tmp_path):
    load(ASSETS, name="shop.py")
    with pytest.raises(CodeLocationError, match=r"no file .*shopp\.py\. Did you mean 'shop\.py'\?"):
        load_code(CodeSource(file=tmp_path / "shopp.py", folder=tmp_path))


def test_a_file_may_have_the_name_of_another_module(load):
    assert inventory(load(ASSETS, name="json.py"))[0] == ["orders"]
    assert "dumps" in vars(sys.modules["json"])


def test_helpers_beside_a_file_can_be_imported(load, tmp_path):
    (tmp_path / "beside_code.py").write_text("NAME = 'orders'\n")
    text = "from beside_code import NAME\nfrom penstock import asset\n@asset(name=NAME)\ndef a(): ..."
    assert inventory(load(text))[0] == ["orders"]


# ---- what cannot be imported ----------------------------------------------------------------------


def message(load, text):
    with pytest.raises(CodeLocationError) as caught:
        load(text)
    return str(caught.value)


def test_a_syntax_error_shows_its_line_and_a_caret(load):
    said = message(load, "x = 1\ndef a(:\n    pass\n").splitlines()
    assert said[0].endswith("code_under_test.py cannot be read as Python.")
    assert said[1].endswith('code_under_test.py", line 2')
    assert said[2].strip() == "def a(:"
    assert said[3].strip() == "^"


def test_an_exception_shows_the_users_frames_alone(load):
    said = message(load, "def helper():\n    return {}['key']\n\nX = helper()\n")
    assert "cannot be imported: KeyError: 'key'" in said
    assert "line 4, in <module>" in said
    assert "line 2, in helper" in said
    assert "penstock/host" not in said
    assert "importlib" not in said


def test_a_missing_import_inside_is_told_as_such(load):
    assert "ModuleNotFoundError: No module named 'no_such_library'" in message(load, "import no_such_library")


def test_a_wrong_definition_shows_our_message_and_the_users_line(load):
    said = message(load, "from penstock import asset\n@asset(name='a b c!')\ndef a(): ...\n")
    assert "line 2" in said
    assert "Traceback" not in said


def test_a_module_that_exits_is_an_error(load):
    assert "SystemExit: 3" in message(load, "raise SystemExit(3)")


def test_what_was_behind_is_shown_too(load):
    said = message(
        load, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('odd') from e\n"
    )
    assert "because of ZeroDivisionError: division by zero" in said


def test_a_function_that_raises_is_told_with_its_lines(load):
    with pytest.raises(CodeLocationError, match=r"RuntimeError: no luck[\s\S]*line 2, in make"):
        load("def make():\n    raise RuntimeError('no luck')\n", attribute="make")


def test_strict_definitions_with_a_loose_dependency_do_not_load(load):
    text = (
        "from penstock import Definitions, asset\n@asset(deps=['x'])\ndef a(): ...\n"
        "defs = Definitions(assets=[a], strict_deps=True)"
    )
    with pytest.raises(InvalidDefinitionError, match="which nobody defines"):
        load(text)


# ---- what runs ------------------------------------------------------------------------------------


def test_a_job_is_found_by_name(load):
    code = load(ASSETS)
    assert code.job("greeting").name == "greeting"
    with pytest.raises(CodeLocationError, match=r"has no job 'greting'\. Did you mean 'greeting'\?"):
        code.job("greting")


def test_a_selection_becomes_a_job(load):
    job = load(ASSETS + "@asset\ndef late(orders): ...").asset_job("late")
    assert [key.to_user_string() for key in job.assets.selected] == ["late"]


# ---- where it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"module": "a.b"}, ("a.b", None, None)),
        ({"module": "a.b:defs"}, ("a.b", None, "defs")),
        ({"file": "a.py"}, (None, "a.py", None)),
        ({"file": "x/../a.py:defs"}, (None, "a.py", "defs")),
        ({"file": "odd:name/a.py"}, (None, "odd:name/a.py", None)),
    ],
)
def test_module_and_file_may_name_a_variable(tmp_path, given, parts):
    source = CodeSource.parse(**given, folder=tmp_path)
    file = None if source.file is None else str(source.file.relative_to(tmp_path))
    assert (source.module, file, source.attribute) == parts


def test_nothing_says_where(tmp_path):
    with pytest.raises(CodeLocationError, match="Nothing says where your definitions are"):
        source_of(Settings(), folder=tmp_path)


def test_the_command_line_wins_over_the_settings(tmp_path):
    assert source_of(Settings(module="a"), file="b.py", folder=tmp_path).module is None


def test_a_module_of_pyproject_is_looked_for_beside_it(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodule = "shop.code"\nattribute = "defs"\n')
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    source = source_of(load_settings(environ={}, folder=below), folder=below)
    assert (source.module, source.attribute, source.folder) == ("shop.code", "defs", tmp_path)
