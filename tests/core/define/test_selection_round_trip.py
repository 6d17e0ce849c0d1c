"""What a selection is written as reads as a selection that chooses the same, whatever the graph holds."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from penstock.define.asset_decorators import asset
from penstock.define.asset_graph import AssetGraph
from penstock.define.checks import asset_check
from penstock.define.results import AssetCheckResult
from penstock.define.selection import AssetSelection
from penstock.define.selection_grammar import ATTRIBUTES, FUNCTIONS
from penstock.define.selection_parse import one_term, parse
from penstock.define.selection_reading import _Reading
from penstock.define.specs import AssetSpec
from penstock.errors import UserError
from penstock.keys import AssetCheckKey, AssetKey

PARTS = st.one_of(
    st.sampled_from(
        ["a", "b", "and", "not", "1", "a.b", "x y", "k:v", "a+b", "*", "a*b", "ä/ö", "东京", "("]
    ),
    st.text("ab*\\\"/:+ ,()='<>.", min_size=1, max_size=5).filter(lambda part: part not in {".", ".."}),
)
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(AssetKey)
GROUPS = ["raw", "core/a", "core/b"]
TAGS = st.sampled_from([{}, {"tier": "gold"}, {"tier": "tin", "pii": ""}, {"ns/x.y": "v-1"}])
KINDS = st.sampled_from([set(), {"csv"}, {"sql", "csv"}])
OWNERS = st.sampled_from([[], ["team:data"], ["ann@example.com"]])


@st.composite
def graphs(draw):
    """Some assets with any key, made here or elsewhere, that depend on those before them."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=7, unique=True))
    made = []
    for place, key in enumerate(keys):
        above = draw(st.lists(st.sampled_from(keys[:place]), max_size=3, unique=True)) if place else []
        spec = AssetSpec(
            key,
            deps=above,
            group_name=draw(st.sampled_from([None, *GROUPS])),
            tags=draw(TAGS),
            kinds=draw(KINDS),
            owners=draw(OWNERS),
            code_version=draw(st.sampled_from([None, "1", 'v"2'])),
        )
        made.append(spec)
    for number in range(draw(st.integers(0, 3))):
        made.extend(_made_here(number, draw(st.sampled_from(keys))))
    return AssetGraph.from_assets(made)


def _made_here(number, above):
    """An asset that a run can make, and a check of it."""
    one = asset(name=f"made_{number}", deps=[above], group_name=GROUPS[number], tags={"tier": "gold"})(
        lambda: None
    )
    return [one, asset_check(asset=one, name=f"fine_{number}")(lambda: AssetCheckResult(passed=True))]


def leaves(graph):
    """Every way to begin a selection."""
    keys = sorted(graph.by_key)
    named = st.lists(st.sampled_from(keys), min_size=1, max_size=2).map(
        lambda some: AssetSelection.keys(*some)
    )
    sources = st.booleans()
    texts = st.one_of(PARTS, st.sampled_from(["raw", "core/a", "csv", "gold", 'v"2', "tier"]))
    return st.one_of(
        named,
        st.builds(AssetSelection.all, sources),
        st.builds(lambda group, given: AssetSelection.groups(group, include_sources=given), texts, sources),
        st.builds(AssetSelection.tag, texts, st.one_of(st.just(""), texts), sources),
        st.builds(AssetSelection.kind, st.one_of(st.none(), texts), sources),
        st.builds(AssetSelection.owner, st.one_of(st.none(), texts)),
        st.builds(AssetSelection.key_substring, texts, sources),
        st.builds(
            lambda key, given: AssetSelection.key_prefixes(key.parts, include_sources=given), KEYS, sources
        ),
        st.builds(
            lambda text: AssetSelection.from_string(f"key:{text}"),
            st.sampled_from(["*", "a*", "*/b", '"*\\"*"']),
        ),
        st.builds(
            AssetSelection.from_string,
            st.sampled_from(["group:core/*", 'code_version:"v\\"2"', "is:external"]),
        ),
        st.just(AssetSelection.all_asset_checks()),
        st.just(AssetSelection.groups()),
    )


METHODS = [
    "roots",
    "sinks",
    "materializable",
    "upstream_source_assets",
    "without_checks",
    "required_multi_asset_neighbors",
]


def selections(graph):
    """Any selection of the algebra."""

    def wider(inner):
        depths = st.one_of(st.none(), st.integers(0, 3))
        return st.one_of(
            st.builds(lambda one, two: one | two, inner, inner),
            st.builds(lambda one, two: one & two, inner, inner),
            st.builds(lambda one, two: one - two, inner, inner),
            st.builds(lambda one, depth, own: one.upstream(depth, own), inner, depths, st.booleans()),
            st.builds(lambda one, depth, own: one.downstream(depth, own), inner, depths, st.booleans()),
            st.builds(lambda one, method: getattr(one, method)(), inner, st.sampled_from(METHODS)),
        )

    return st.recursive(leaves(graph), wider, max_leaves=6)


@settings(max_examples=200)
@given(st.data())
def test_what_is_written_chooses_the_same(data):
    graph = data.draw(graphs())
    selection = data.draw(selections(graph))
    again = AssetSelection.from_string(str(selection))
    assert again.resolve(graph) == selection.resolve(graph)
    assert again.resolve_checks(graph) == selection.resolve_checks(graph)
    assert str(again) == str(AssetSelection.from_string(str(again)))


def test_keys_stay_where_the_first_of_them_was_written():
    written = str(AssetSelection.from_string('(+* and not *) and not (key:"a" or key:"b")'))
    assert str(AssetSelection.from_string(written)) == written


@given(KEYS)
def test_any_key_can_be_written(key):
    graph = AssetGraph.from_assets([AssetSpec(key), AssetSpec("another")])
    written = str(AssetSelection.keys(key))
    assert AssetSelection.from_string(written).resolve(graph) == {key}
    assert AssetSelection.from_string(f"{written}, another").resolve(graph) == {key, AssetKey("another")}


@given(KEYS, PARTS)
def test_any_check_can_be_written(key, name):
    selection = AssetSelection.checks(AssetCheckKey(key, name))
    assert AssetSelection.from_string(str(selection)) == selection


TERMS = st.text('ab1+* :"\\/=,()\t', max_size=12)
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            ["+", "1", "2+", "+3", "*", " ", '"', "a", "a b", "and", "or", "not", ",", "(", ")", "<null>"]
        ),
        st.sampled_from([f"{one}:" for one in ATTRIBUTES]),
        st.sampled_from([f"{one}(" for one in FUNCTIONS]),
        st.sampled_from(["raw", "external", "missing", "k=v", '"x y"']),
    ),
    max_size=6,
).map("".join)


def outcome(read, text):
    """The node that a text comes to, or the error."""
    try:
        return read(text)
    except UserError as error:
        return str(error)


SINGLE = st.tuples(
    st.sampled_from(["", " ", "\t"]),
    st.sampled_from(["", "+", "++", "+ +", "2+", "2 +", "0+", "9999999999999+", "*"]),
    st.sampled_from(["", " ", *(f"{one}:" for one in ATTRIBUTES), "grop:", "and:", "Key:"]),
    st.one_of(
        st.text('ab1*:"\\/=<', max_size=6), st.sampled_from(["raw", "external", "in progress", "<null>"])
    ),
    st.sampled_from(["", "+", "++", "+ 2", "+2", "*", "*+1"]),
    st.sampled_from(["", " "]),
).map("".join)


@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much])
@given(SINGLE)
def test_a_single_term_means_the_same_with_and_without_the_parser(text):
    term = one_term(text)
    assume(term is not None)
    reading = _Reading(text)
    assert outcome(reading.term, term) == outcome(lambda _: reading.node(parse(text), 0), text)


@settings(max_examples=400)
@given(st.one_of(TERMS, PIECES, SINGLE, st.text(max_size=20)))
def test_any_text_is_read_or_refused_with_a_caret(text):
    read = outcome(AssetSelection.from_string, text)
    assert isinstance(read, AssetSelection) or "^" in read


@given(st.one_of(PIECES, SINGLE))
def test_writing_what_was_read_changes_nothing(text):
    read = outcome(AssetSelection.from_string, text)
    assume(isinstance(read, AssetSelection))
    assert AssetSelection.from_string(str(read)) == read
