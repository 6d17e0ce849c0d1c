"""The selection language: from text to a tree.

Owns: the grammar and its error messages, exact to the column. It knows no assets; ``selection`` makes
nodes of the tree. Written by hand because a parser library would be one more dependency of every
install, imported for two dozen lines of grammar:

    choice     = both { ("or" | ",") both }
    both       = single { "and" single }
    single     = "not" single | walk
    walk       = [ [N] "+"… ] term [ "+"… [N] ]
    term       = "*" | name | attribute ":" value | function "(" choice ")" | "(" choice ")"

A bare name takes ``+`` for one step, ``++`` for two, ``*`` before or after it for all; an attribute,
a function or parentheses take ``+`` for all steps; a number next to ``+`` limits them.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.errors import InvalidDefinitionError, suggest
from penstock.values import frozen

ATTRIBUTES = (
    "key", "key_prefix", "key_substring", "group", "tag", "kind", "owner", "check",
)  # fmt: skip
ELSEWHERE = (
    "status", "column", "column_tag", "table_name", "code_location", "changed_in_branch",
)  # fmt: skip
FUNCTIONS = (
    "roots", "sinks", "materializable", "upstream_source_assets", "without_checks",
    "required_multi_asset_neighbors", "checks_for_assets",
)  # fmt: skip
NULL = "<null>"
_STOPS = frozenset(' \t\r\n()+,"')
_WORDS = frozenset({"and", "or", "not"})


@frozen
class Leaf:
    """``attribute:value``; a bare name is the attribute ``name``, ``*`` the attribute ``all``.

    ``value`` is None for ``<null>``; ``quoted`` ones hold no wildcard unless they have a ``*``.
    """

    attribute: str
    value: str | None = None


@frozen
class Combined:
    """``or``, ``and``, ``not`` or a function over its parts."""

    how: str
    parts: tuple[Tree, ...]


@frozen
class Walked:
    """A term with what is above or below it: 0 steps for none, None for all."""

    inner: Tree
    up: int | None
    down: int | None


Tree = Leaf | Combined | Walked


@frozen
class _Token:
    kind: str
    text: str
    column: int
    glued: bool


def parse(text: str) -> Tree:
    """Read a selection.

    Args:
        text: as users write it.

    Raises:
        InvalidDefinitionError: naming the column, what was wanted there and what was found.
    """
    reader = _Reader(text)
    tree = reader.choice()
    reader.expect_end()
    return tree


def _tokens(text: str) -> Sequence[_Token]:
    found: list[_Token] = []
    at, after = 0, -1
    while at < len(text):
        start, char = at, text[at]
        if char in " \t\r\n":
            at += 1
            continue
        if char in "()+,":
            at += 1
            token = _Token(char, char, start, start == after)
        elif char == '"':
            at = _end_of_quote(text, start)
            token = _Token("quoted", text[start + 1 : at - 1].replace('\\"', '"'), start, start == after)
        else:
            while at < len(text) and text[at] not in _STOPS:
                at += 1
            token = _Token("word", text[start:at], start, start == after)
        found.append(token)
        after = at
    found.append(_Token("end", "", len(text), glued=False))
    return found


def _end_of_quote(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        if text[at] == '"' and text[at - 1] != "\\":
            return at + 1
        at += 1
    raise _fault(text, start, "a closing quotation mark for the one here")


def _fault(text: str, column: int, wanted: str, hint: str = "") -> InvalidDefinitionError:
    found = repr(text[column : column + 20]) if column < len(text) else "the end"
    return InvalidDefinitionError(
        f"The selection cannot be read at column {column + 1}: wanted {wanted}, found {found}.{hint}\n"
        f"  {text}\n  {' ' * column}^"
    )


class _Reader:
    """Reads tokens from left to right; one method per line of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _is_word(self, *words: str) -> bool:
        return self._next.kind == "word" and self._next.text.lower() in words

    def _refuse(self, wanted: str, hint: str = "", token: _Token | None = None) -> InvalidDefinitionError:
        return _fault(self._text, (token or self._next).column, wanted, hint)

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._refuse("'and', 'or', ',' or the end")

    def choice(self) -> Tree:
        parts = [self._both()]
        while self._is_word("or") or self._next.kind == ",":
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Combined("or", tuple(parts))

    def _both(self) -> Tree:
        parts = [self._single()]
        while self._is_word("and"):
            self._take()
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Combined("and", tuple(parts))

    def _single(self) -> Tree:
        negations = 0
        while self._is_word("not"):
            self._take()
            negations += 1
        tree = self._walk()
        for _ in range(negations):
            tree = Combined("not", (tree,))
        return tree

    def _walk(self) -> Tree:
        number, before = self._number_before(), self._pluses()
        first = self._next
        inner = self._term()
        after = self._pluses(glued=True)
        limit = self._number_after() if after else None
        bare = isinstance(inner, Leaf) and inner.attribute == "name"
        up = _steps(before, number, bare=bare)
        down = _steps(after, limit, bare=bare)
        if isinstance(inner, Leaf) and inner.attribute == "name":
            inner, up, down = self._stars(inner, up, down, first)
        return inner if up == down == 0 else Walked(inner, up, down)

    def _number_before(self) -> int | None:
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if self._next.kind == "word" and self._next.text.isdecimal() and following.kind == "+":
            return int(self._take().text)
        return None

    def _number_after(self) -> int | None:
        if self._next.kind == "word" and self._next.text.isdecimal() and self._next.glued:
            return int(self._take().text)
        return None

    def _pluses(self, *, glued: bool = False) -> int:
        count = 0
        while self._next.kind == "+" and (not glued or self._next.glued):
            self._take()
            count += 1
        return count

    def _stars(
        self, leaf: Leaf, up: int | None, down: int | None, token: _Token
    ) -> tuple[Leaf, int | None, int | None]:
        """``*name*``: everything above and below a bare name."""
        name = leaf.value or ""
        bare = name.strip("*")
        if not bare or "*" in bare:
            raise self._refuse("a name", f" For names with a wildcard write key:{name}.", token)
        return (
            Leaf("name", bare),
            None if name.startswith("*") else up,
            None if name.endswith("*") else down,
        )

    def _term(self) -> Tree:
        token = self._next
        if token.kind == "(":
            self._take()
            return self._closed(self.choice())
        if token.kind == "quoted":
            self._take()
            return Leaf("key", token.text)
        if token.kind != "word" or token.text.lower() in _WORDS:
            raise self._refuse("an asset, an attribute such as group:, '*' or '('")
        self._take()
        if token.text == "*":
            return Leaf("all")
        if self._next.kind == "(" and self._next.glued:
            return self._call(token)
        return self._attribute(token) if ":" in token.text else Leaf("name", token.text)

    def _closed(self, tree: Tree) -> Tree:
        if self._next.kind != ")":
            raise self._refuse("')'")
        self._take()
        return tree

    def _call(self, token: _Token) -> Tree:
        if token.text not in FUNCTIONS:
            near = suggest(token.text, FUNCTIONS)
            raise self._refuse("a function: " + ", ".join(FUNCTIONS), near, token)
        self._take()
        return Combined(token.text, (self._closed(self.choice()),))

    def _attribute(self, token: _Token) -> Tree:
        attribute, _, value = token.text.partition(":")
        if attribute in ELSEWHERE:
            hint = f" {attribute}: is known where runs are, not in code."
            raise self._refuse("an attribute that definitions have", hint, token)
        if attribute not in ATTRIBUTES:
            hint = suggest(attribute, ATTRIBUTES)
            raise self._refuse("an attribute: " + ", ".join(ATTRIBUTES), hint, token)
        while self._next.glued and self._next.kind in {"quoted", "word"}:
            value += self._take().text
        if not value:
            raise self._refuse(f"a value right after {attribute}:")
        return Leaf(attribute, None if value == NULL else value)


def _steps(pluses: int, number: int | None, *, bare: bool) -> int | None:
    if pluses == 0 or number is not None:
        return number or 0
    return pluses if bare else None
