"""Choosing assets: the algebra, the language, and that they say the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.define.asset_decorators import asset, multi_asset
from penstock.define.asset_graph import AssetGraph
from penstock.define.checks import asset_check
from penstock.define.observe import observable_source_asset
from penstock.define.results import AssetCheckResult
from penstock.define.selection import AssetSelection
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidDefinitionError, InvalidSubsetError
from penstock.keys import AssetCheckKey, AssetKey, user_strings


@asset(group_name="raw", kinds={"csv"}, owners=["team:data"])
def raw(): ...


@asset(deps=["outside", raw], tags={"tier": "gold", "pii": ""})
def clean(): ...


@asset(deps=[clean], key_prefix=["mart", "sales"])
def report(): ...


@asset(deps=[report])
def mail(): ...


@asset_check(asset=clean)
def tidy():
    return AssetCheckResult(passed=True)


GRAPH = AssetGraph.from_assets([raw, clean, report, mail, tidy, AssetSpec("outside", group_name="raw")])


def chosen(selection):
    return user_strings(AssetSelection.from_coercible(selection).resolve(GRAPH))


def checks(selection):
    return [key.name for key in AssetSelection.from_coercible(selection).resolve_checks(GRAPH)]


TERMS = [
    "*",
    "raw",
    'key:"mail"',
    "key:*a*",
    "group:raw",
    "tag:tier=gold",
    "tag:pii",
    "kind:csv",
    "kind:<null>",
    "owner:team:data",
    'key_prefix:"mart/sales"',
    "key_substring:ai",
    'check:"clean:tidy"',
]
FUNCTIONS = [
    "roots",
    "sinks",
    "materializable",
    "upstream_source_assets",
    "without_checks",
    "checks_for_assets",
    "required_multi_asset_neighbors",
]
TEXTS = st.recursive(
    st.sampled_from(TERMS),
    lambda inner: st.one_of(
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", "and not"]), inner),
        st.builds(
            "{}({}){}".format, st.sampled_from(["+", "1+", ""]), inner, st.sampled_from(["+", "+2", ""])
        ),
        st.builds("{}({})".format, st.sampled_from(FUNCTIONS), inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@given(TEXTS)
def test_what_is_written_reads_as_the_same_selection(text):
    selection = AssetSelection.from_string(text)
    again = AssetSelection.from_string(str(selection))
    assert again.resolve(GRAPH) == selection.resolve(GRAPH)
    assert again.resolve_checks(GRAPH) == selection.resolve_checks(GRAPH)
    assert str(AssetSelection.from_string(str(again))) == str(again)


@given(TEXTS, TEXTS)
def test_operators_are_those_of_sets(left, right):
    one, two = AssetSelection.from_string(left), AssetSelection.from_string(right)
    a, b = one.resolve(GRAPH), two.resolve(GRAPH)
    assert (one | two).resolve(GRAPH) == a | b
    assert (one & two).resolve(GRAPH) == a & b
    assert (one - two).resolve(GRAPH) == a - b


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("clean+", ["clean", "mart/sales/report"]),
        ("clean++", ["clean", "mail", "mart/sales/report"]),
        ("clean*", ["clean", "mail", "mart/sales/report"]),
        ("*clean", ["clean", "raw"]),
        ("1+mail", ["mail", "mart/sales/report"]),
        ("key:clean+", ["clean", "mail", "mart/sales/report"]),
        ("raw, mail", ["mail", "raw"]),
        ("mart/sales/report", ["mart/sales/report"]),
        ("raw or clean and mail", ["raw"]),
        ("not raw and not mail", ["clean", "mart/sales/report"]),
        ("NOT (raw OR mail)", ["clean", "mart/sales/report"]),
    ],
)
def test_the_language(text, wanted):
    assert chosen(text) == wanted


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("raw and", 8, "the end"),
        ("(raw", 5, "')'"),
        ("raw mail", 5, "'mail'"),
        ("grop:raw", 1, "'group'"),
        ("sink(raw)", 1, "'sinks'"),
        ("group:", 7, "value"),
        ("changed_in_branch:main", 1, "status:code_changed"),
        ("ra*w", 1, "key:ra*w"),
        ('key:"raw', 5, "quotation"),
        ("", 1, "the end"),
    ],
)
def test_what_cannot_be_read_is_shown_with_its_column(text, column, hint):
    with pytest.raises(InvalidDefinitionError) as caught:
        AssetSelection.from_string(text)
    assert f"column {column}:" in str(caught.value)
    assert hint in str(caught.value)


def test_an_unknown_key_is_named_with_what_is_near():
    with pytest.raises(InvalidSubsetError, match=r"'claen'.*'clean'"):
        chosen(["claen"])
    assert AssetSelection.keys("claen").resolve(GRAPH, allow_missing=True) == set()


def test_an_asset_that_is_only_depended_on_cannot_be_chosen_by_name():
    graph = AssetGraph.from_assets([asset(name="a", deps=["typo"])(lambda: 1)])
    with pytest.raises(InvalidSubsetError, match="typo"):
        AssetSelection.keys("typo").resolve(graph)


def test_external_assets_are_left_out_unless_asked_for():
    assert chosen("group:raw") == ["raw"]
    everything = AssetSelection.all(include_sources=True)
    assert "outside" in user_strings(everything.resolve(GRAPH))
    assert chosen(AssetSelection.assets("clean").upstream()) == ["clean", "raw"]
    assert chosen(AssetSelection.assets("mail").upstream_source_assets()) == ["outside"]


def test_an_observable_asset_is_chosen_by_key_only():
    @observable_source_asset
    def feed(): ...

    assert AssetSelection.all().resolve([feed]) == set()
    assert AssetSelection.assets(feed).resolve([feed]) == {feed.key}


def test_an_asset_brings_its_checks_unless_told_not_to():
    assert checks("clean") == ["tidy"]
    assert checks(AssetSelection.assets("clean").without_checks()) == []
    assert checks(AssetSelection.all() - AssetSelection.all_asset_checks()) == []
    assert chosen(AssetSelection.checks_for_assets("clean")) == []
    assert checks([tidy]) == checks(AssetSelection.checks(tidy)) == ["tidy"]


def test_checks_that_are_chosen_apart_stay_when_the_assets_around_them_go():
    odd = (AssetSelection.keys("raw") | AssetSelection.all_asset_checks()).downstream(include_self=False)
    assert checks(odd) == checks(AssetSelection.from_string(str(odd))) == ["tidy"]
    assert checks("with_checks(without_checks(clean))") == ["tidy"]


def test_a_name_without_its_prefix_is_told_the_whole_key():
    with pytest.raises(InvalidSubsetError, match=r"'report'\. Did you mean 'mart/sales/report'\?"):
        chosen("raw or report")


def test_many_unknown_keys_are_told_in_one_screen():
    with pytest.raises(InvalidSubsetError, match="And 492 more") as caught:
        chosen([f"no_{n}" for n in range(500)])
    assert len(str(caught.value)) < 2_000


def test_many_differences_stay_shallow():
    selection = AssetSelection.all()
    for _ in range(3_000):
        selection -= AssetSelection.groups("raw")
    assert chosen(selection) == ["clean", "mail", "mart/sales/report"]


def test_an_unknown_check_is_named():
    with pytest.raises(InvalidSubsetError, match="clean:tydi"):
        AssetSelection.checks(AssetCheckKey(AssetKey("clean"), "tydi")).resolve_checks(GRAPH)


def test_roots_and_sinks_look_past_assets_that_are_not_chosen():
    ends = AssetSelection.assets("raw", "mail")
    assert chosen(ends.roots()) == ["raw"]
    assert chosen(ends.sinks()) == ["mail"]


def test_neighbors_of_what_is_made_together_come_along():
    @multi_asset(specs=[AssetSpec("a"), AssetSpec("b")])
    def both(): ...

    found = AssetSelection.assets("a").required_multi_asset_neighbors().resolve([both])
    assert user_strings(found) == ["a", "b"]


@pytest.mark.parametrize(
    "given", ["clean", ["clean"], clean, clean.key, [clean], [clean.key], AssetSelection.assets(clean)]
)
def test_every_spelling_is_understood(given):
    assert chosen(given) == ["clean"]


def test_a_list_inside_a_list_is_a_key_of_several_parts():
    assert chosen([["mart", "sales", "report"]]) == ["mart/sales/report"]
    assert chosen(["mart/sales/report"]) == ["mart/sales/report"]


def test_what_is_no_selection_is_refused():
    with pytest.raises(InvalidDefinitionError, match="selection"):
        AssetSelection.from_coercible(5)


def test_many_unions_stay_shallow():
    selection = AssetSelection.keys("raw")
    for _ in range(3_000):
        selection |= AssetSelection.groups("raw") | AssetSelection.keys("mail")
    assert chosen(selection) == ["mail", "raw"]
