"""Selections as users write them, made into nodes.

Owns: what each construct of the selection language means. The grammar is ``selection_grammar``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from penstock.define.selection_attributes import Matching, leaf, with_sources
from penstock.define.selection_grammar import FUNCTIONS
from penstock.define.selection_nodes import Node, Part, Walk, all_of, any_of, minus
from penstock.define.selection_parse import Term, bare_name, one_term, parse, steps
from penstock.define.selection_text import Word, fault
from penstock.errors import suggest

if TYPE_CHECKING:
    from lark import Token, Tree

_DEEPEST = 100


@lru_cache(maxsize=512)
def read_selection(text: str, *, include_sources: bool = False) -> Node:
    """Read a selection.

    Args:
        text: in the selection language.
        include_sources: whether external assets can be chosen by attributes.

    Raises:
        InvalidDefinitionError: naming the column where it cannot be read.
    """
    term = one_term(text)
    node = _Reading(text).node(parse(text), 0) if term is None else _Reading(text).term(term)
    return with_sources(node) if include_sources else node


class _Reading:
    """Makes nodes of the pieces of one text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def node(self, tree: Tree[Token], depth: int) -> Node:
        """What a part of the text means.

        Args:
            tree: the part.
            depth: how many others it stands in.
        """
        parts: list[Any] = tree.children
        match str(tree.data):
            case "walk":
                return self._walk(parts, depth)
            case "any_of":
                return any_of(self.node(part, depth) for part in parts)
            case "all_of":
                return self._all_of(parts, depth)
            case "negation":
                return minus(Matching("all"), self._negated(tree, depth))
            case _:
                return self.node(parts[0], depth)

    def term(self, term: Term) -> Node:
        """What a bare name or an attribute means, with what is above and below it."""
        if term.attribute is None and '"' not in term.value.text:
            return self._bare(term)
        inner = leaf(self._text, term.attribute, term.value)
        return _walked(inner, self._limit(term.up), self._limit(term.down))

    def _walk(self, parts: list[Any], depth: int) -> Node:
        up, inner, down = parts[0], parts[1], parts[2]
        pieces: list[Any] = inner.children
        if inner.data == "name":
            return self.term(Term(_word(up), None, _sure(pieces[0]), _word(down)))
        if inner.data == "attribute":
            return self.term(Term(_word(up), _sure(pieces[0]), _sure(pieces[1]), _word(down)))
        if inner.data == "function":
            found = self._function(_sure(pieces[0]), pieces[1], depth)
        else:
            found = self._deeper(pieces[0], depth)
        return _walked(found, self._limit(_word(up)), self._limit(_word(down)))

    def _function(self, word: Word, argument: Tree[Token] | None, depth: int) -> Node:
        name = Word(word.text[:-1].rstrip(), word.start)
        if name.text not in FUNCTIONS:
            near = suggest(name.text, FUNCTIONS)
            raise fault(self._text, name, "a function: " + ", ".join(FUNCTIONS), near)
        inner = Matching("all") if argument is None else self._deeper(argument, depth)
        return with_sources(inner) if name.text == "include_sources" else Part(name.text, inner)

    def _all_of(self, parts: list[Any], depth: int) -> Node:
        """``a and not b`` is what a chooses without b; other parts are intersected."""
        negated = [self._negated(part, depth) for part in parts if part.data == "negation"]
        chosen = [self.node(part, depth) for part in parts if part.data != "negation"]
        found = all_of(chosen) if chosen else Matching("all")
        return minus(found, any_of(negated)) if negated else found

    def _negated(self, tree: Tree[Token], depth: int) -> Node:
        inner: Any = tree.children[1]
        return self._deeper(inner, depth)

    def _deeper(self, tree: Tree[Token], depth: int) -> Node:
        if depth >= _DEEPEST:
            wanted = f"at most {_DEEPEST} choices inside of each other"
            raise fault(self._text, Word("", len(self._text)), wanted, found="more")
        return self.node(tree, depth + 1)

    def _bare(self, term: Term) -> Node:
        """A name that counts steps: ``a+``, ``++a``, ``*a*``."""
        if term.value.text == "*":
            return _walked(Matching("all"), self._limit(term.up), self._limit(term.down))
        name = bare_name(self._text, term, f" For names with a wildcard write key:{term.value.text}.")
        return _walked(leaf(self._text, None, name.word), name.up, name.down)

    def _limit(self, word: Word | None) -> int | None:
        """How far to go from more than a bare name: 0 for nowhere, None for all the way."""
        if word is None or word.text == "+":
            return None if word else 0
        if word.text.strip("+ \t\r\n").isdecimal():
            return steps(word)
        hint = " Write +2 for two steps; only a bare name counts plus signs."
        raise fault(self._text, word, "one '+', or one with a number", hint)


def _walked(inner: Node, up: int | None, down: int | None) -> Node:
    found = [Walk(way, inner, depth) for way, depth in (("upstream", up), ("downstream", down)) if depth != 0]
    return any_of(found) if found else inner


def _word(token: Token | None) -> Word | None:
    return None if token is None else _sure(token)


def _sure(token: Token) -> Word:
    return Word(str(token), token.start_pos or 0)
