from __future__ import annotations

import re
import sys
from importlib.metadata import distributions

import pytest

from penstock.errors import PluginError
from penstock.plugins.discovery import GROUP
from penstock.plugins.registry import Registry

BUILTINS = {"core": "penstock.host.builtin"}

EXECUTOR = """
@hookimpl
def penstock_executors():
    return [ExecutorEntry(name="{name}", target="acme_{plugin}_code:Executor", summary="Fast.")]
"""


@pytest.fixture
def registry(site):
    """Makes registries that see what is built in and what this test installed, nothing else."""

    def discover():
        here = distributions(path=[str(site.folder)])
        return [point for dist in here for point in dist.entry_points.select(group=GROUP)]

    def make(selection=None, builtins=BUILTINS, trace=None):
        return Registry(builtins=builtins, selection=selection, discover=discover, trace=trace)

    return make


def state_of(registry, name):
    return next(info for info in registry.plugins() if info.origin.name == name)


def test_a_third_party_plugin_is_found_and_its_target_imported_on_first_use(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    (site.folder / "acme_turbo_code.py").write_text("class Executor: pass\n")
    found = registry()
    assert found.entry("executor", "turbo").entry.summary == "Fast."
    assert "acme_turbo_code" not in sys.modules
    assert found.resolve("executor", "turbo").__name__ == "Executor"
    assert found.resolve("executor", "turbo") is found.resolve("executor", "turbo")


def test_what_is_built_in_needs_no_look_at_what_is_installed(site, registry):
    site.plugin("turbo", "raise RuntimeError('imported')")
    found = registry()
    assert found.entry("executor", "in_process").origin.builtin
    assert "acme_turbo_plugin" not in sys.modules
    assert found.problems == ()


def test_a_plugin_that_is_ready_says_what_it_offers(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"), version="2.5")
    info = state_of(registry(), "turbo")
    assert (info.state, info.origin.title) == ("ready", "acme-turbo 2.5")
    assert info.provides == {"executor": ("turbo",)}


def test_an_unknown_name_is_answered_with_the_nearest(registry):
    with pytest.raises(PluginError, match=r"There is no executor 'in_proces'\. Did you mean 'in_process'\?"):
        registry().entry("executor", "in_proces")


def test_an_unknown_kind_is_answered_with_the_nearest(registry):
    with pytest.raises(PluginError, match=r"no kind of plugin 'executer'\. Did you mean 'executor'"):
        registry().names("executer")


@pytest.mark.parametrize(
    ("body", "spi", "reason"),
    [
        ("raise RuntimeError('no luck')", 'penstock_spi = "1.0"', "raised RuntimeError: no luck"),
        ("raise SystemExit(3)", 'penstock_spi = "1.0"', "raised SystemExit: 3"),
        ("import no_such_library", 'penstock_spi = "1.0"', "No module named 'no_such_library'"),
        ("def broken(:", 'penstock_spi = "1.0"', "SyntaxError"),
        ("", "", "does not state which version"),
        ("", "penstock_spi = 1", "penstock_spi is 1, wanted text"),
        ("", 'penstock_spi = "2.0"', "it speaks penstock.spi 2.0, this is 1.0"),
        ("", 'penstock_spi = "1.7"', "it speaks penstock.spi 1.7, this is 1.0"),
        (
            "@hookimpl\ndef penstock_executor(): return []",
            'penstock_spi = "1.0"',
            r"no hook penstock_executor\(\)",
        ),
        (
            "@hookimpl\ndef penstock_executors(host): return []",
            'penstock_spi = "1.0"',
            r"found penstock_executors\(host\), wanted penstock_executors\(\) -> ",
        ),
    ],
    ids=["raises", "exits", "import", "syntax", "unstated", "number", "major", "minor", "hook", "signature"],
)
def test_a_broken_plugin_is_a_problem_and_the_others_go_on(site, registry, body, spi, reason):
    site.plugin("broken", body, spi=spi)
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    found = registry()
    assert found.entry("executor", "turbo").entry.name == "turbo"
    (problem,) = found.problems
    assert (problem.name, problem.distribution, problem.version) == ("broken", "acme-broken", "1.0")
    assert re.search(reason, problem.reason), problem.reason
    assert problem.hint
    assert state_of(found, "broken").state == "disabled"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("@hookimpl\ndef penstock_executors(): raise ValueError('late')", "raised ValueError: late"),
        ("@hookimpl\ndef penstock_executors(): return ['turbo']", "answered 'turbo', wanted ExecutorEntry"),
        ("@hookimpl\ndef penstock_executors(): return 7", "raised TypeError"),
        ("def penstock_executors(): return []", "is not marked, so nobody calls it"),
    ],
    ids=["raises", "texts", "number", "unmarked"],
)
def test_a_hook_that_fails_loses_its_own_answer_only(site, registry, body, reason):
    commands = '\n@hookimpl\ndef penstock_commands():\n    return [CommandEntry(name="go", target="x:y")]\n'
    site.plugin("half", body + commands)
    found = registry()
    assert "go" in found.names("command")
    info = state_of(found, "half")
    assert info.state == "faulty"
    assert reason in info.reason


def test_an_optional_hook_of_a_newer_version_is_no_fault(site, registry):
    site.plugin("newer", "@hookimpl(optionalhook=True)\ndef penstock_panels(): return []")
    assert state_of(registry(), "newer").state == "ready"


def test_a_name_that_two_distributions_claim_is_refused_naming_both(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="fast", plugin="turbo"))
    site.plugin("rocket", EXECUTOR.format(name="fast", plugin="rocket"))
    found = registry()
    with pytest.raises(PluginError, match=r"'fast' is claimed by acme-rocket 1\.0 and acme-turbo 1\.0"):
        found.entry("executor", "fast")
    assert {state_of(found, name).state for name in ("turbo", "rocket")} == {"faulty"}


def test_a_name_that_is_built_in_stays_built_in(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="in_process", plugin="turbo"))
    found = registry()
    assert found.names("executor")["in_process"].origin.builtin
    assert "is claimed by penstock as well" in state_of(found, "turbo").reason


def test_two_plugins_of_one_name_are_refused_naming_the_first(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    site.install("zz-turbo", points={"turbo": "zz_turbo_plugin"}, modules={"zz_turbo_plugin": ""})
    found = registry()
    assert found.entry("executor", "turbo").origin.distribution == "acme-turbo"
    (problem,) = found.problems
    assert problem.distribution == "zz-turbo"
    assert "acme-turbo 1.0 has a plugin of the same name" in problem.reason


def test_an_entry_point_without_a_module_is_a_problem(site, registry):
    site.install("acme-odd", points={"odd": "two words"}, modules={})
    assert "names no module" in state_of(registry(), "odd").reason


def test_damaged_metadata_is_a_problem_and_what_is_built_in_works():
    def damaged():
        raise OSError("unreadable")

    found = Registry(builtins=BUILTINS, discover=damaged)
    assert "in_process" in found.names("executor")
    assert "unreadable" in found.problems[0].reason


# ---- extras ---------------------------------------------------------------------------------------

RAYISH = EXECUTOR.format(name="rayish", plugin="rayish")
REQUIRES = ['no-such-library[default]>=2.40; extra == "fast"', "attrs>=20"]


def test_a_missing_library_of_an_extra_says_what_to_install(site, registry):
    site.plugin("rayish", RAYISH, extra="fast", requires=REQUIRES)
    (site.folder / "acme_rayish_code.py").write_text("import no_such_library\n")
    with pytest.raises(PluginError, match=r'Run: pip install "acme-rayish\[fast\]"') as caught:
        registry().resolve("executor", "rayish")
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_missing_library_shows_in_the_list_without_an_import(site, registry):
    site.plugin("rayish", RAYISH, extra="fast", requires=REQUIRES)
    info = state_of(registry(), "rayish")
    assert (info.state, info.reason) == ("incomplete", "no-such-library not installed")
    assert info.hint == 'pip install "acme-rayish[fast]"'
    assert "acme_rayish_code" not in sys.modules


def test_an_extra_whose_libraries_are_there_is_complete(site, registry):
    site.plugin("rayish", RAYISH, extra="fast", requires=['attrs>=20; extra == "fast"'])
    assert state_of(registry(), "rayish").state == "ready"


def test_a_target_that_does_not_exist_is_an_error_that_names_it(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    (site.folder / "acme_turbo_code.py").write_text("")
    with pytest.raises(PluginError, match="'acme_turbo_code:Executor', and that cannot be found"):
        registry().resolve("executor", "turbo")


# ---- selection ------------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", ["none", "NONE", ()])
def test_none_switches_every_installed_plugin_off(site, registry, selection):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    found = registry(selection)
    assert set(found.names("executor")) == {"in_process"}
    with pytest.raises(PluginError, match="switched off"):
        found.entry("executor", "turbo")


@pytest.mark.parametrize("selection", ["turbo", "acme-turbo", " turbo , ", ("turbo",)])
def test_a_selection_admits_plugins_by_name_or_distribution(site, registry, selection):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    site.plugin("rocket", "raise RuntimeError('imported')")
    found = registry(selection)
    assert "turbo" in found.names("executor")
    assert state_of(found, "rocket").state == "not selected"
    assert found.problems == ()


def test_a_selected_plugin_that_is_not_installed_is_an_error(site, registry):
    site.plugin("turbo", EXECUTOR.format(name="turbo", plugin="turbo"))
    with pytest.raises(PluginError, match=r"names 'turob'.*Did you mean 'turbo'\?"):
        registry("turob").entry("executor", "x")


def test_a_selected_plugin_that_cannot_be_used_is_an_error(site, registry):
    site.plugin("turbo", "raise RuntimeError('no luck')")
    with pytest.raises(PluginError, match=r"names what cannot be used: .*no luck"):
        registry("turbo").entry("executor", "turbo")


def test_a_broken_plugin_is_named_when_a_name_is_not_found(site, registry):
    site.plugin("turbo", "import no_such_library", extra="fast")
    with pytest.raises(PluginError, match=r'no_such_library.*pip install "acme-turbo\[fast\]"'):
        registry().entry("executor", "turbo")


def test_tracing_shows_each_hook_call(registry):
    lines = []
    registry(trace=lines.append).names("executor")
    assert any("penstock_executors" in line for line in lines)
