"""From the text of a selection to a tree, by the grammar of ``selection_grammar``.

Owns: the parser and what is said of a text that the grammar does not cover. Lazy: lark and its tables
(25 ms together) are loaded for the first text that is more than one term; ``one_term`` reads the others
with the same terminals.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from penstock.define.bulk import without_collector
from penstock.define.selection_grammar import ATTRIBUTE, DOWN, FUNCTION, GRAMMAR, UP, VALUE, WORDS
from penstock.define.selection_text import Word, fault

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

_NEXT_WORD = r'[^\s()+,"]+|.'
_DIGITS = 9  # no graph is deeper, and Python refuses to read numbers of thousands of digits
_SIGNS = {"&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "-": "and not", "~": "not"}


class Term(NamedTuple):
    """The pieces of one term as they are written; None for those that it does not have."""

    up: Word | None
    attribute: Word | None
    value: Word
    down: Word | None


def one_term(text: str) -> Term | None:
    """The pieces of a text that is one term without parentheses; None for any other text.

    Args:
        text: as users write it.
    """
    found = _one_term().fullmatch(text)
    if found is None or (found["value"].lower() in WORDS and found["attribute"] is None):
        return None
    up, attribute, value, down = (
        Word(found[name], found.start(name)) if found[name] is not None else None
        for name in ("up", "attribute", "value", "down")
    )
    return Term(up, attribute, value or Word("", 0), down)


@lru_cache(maxsize=1)
def _one_term() -> re.Pattern[str]:
    # Each piece is taken as the lexer takes it, and never given back: "(?>...)" and "?+" forbid that.
    parts = (
        rf"\s*(?:(?P<up>(?>{UP}))\s*)?+",
        rf"(?:(?P<attribute>(?>{ATTRIBUTE}))\s*|(?!{ATTRIBUTE}|{FUNCTION}))",
        rf"(?P<value>(?>{VALUE}))\s*",
        rf"(?:(?P<down>(?>{DOWN}))\s*)?+",
    )
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


class Bare(NamedTuple):
    """A name that counts steps, and how far it goes: 0 for nowhere, None for all the way."""

    word: Word
    up: int | None
    down: int | None


def bare_name(text: str, term: Term, hint: str = "") -> Bare:
    """Read a bare name: ``a+``, ``++a``, ``*a*``, ``2+a``.

    Args:
        text: the whole selection.
        term: of it, without attribute.
        hint: what to do instead when a star stands inside of the name.

    Raises:
        InvalidDefinitionError: when there is no name between the stars.
    """
    word = term.value
    name = word.text.strip("*")
    if not name or "*" in name:
        raise fault(text, word, "a name", hint)
    return Bare(
        Word(name, word.start + word.text.index(name)),
        None if word.text.startswith("*") else steps(term.up),
        None if word.text.endswith("*") else steps(term.down),
    )


def steps(word: Word | None) -> int:
    """How far ``++`` or ``2+`` goes; 0 without."""
    if word is None:
        return 0
    digits = word.text.replace("+", " ").strip()
    return int(digits[:_DIGITS]) if digits.isdecimal() else word.text.count("+")


def parse(text: str) -> Tree[Token]:
    """Read a selection.

    Args:
        text: as users write it.

    Raises:
        InvalidDefinitionError: naming the column, what was wanted there and what was found.
    """
    from lark import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415 - lazy, as the docstring says

    try:
        return cast("Any", _parser()).parse(text)
    except UnexpectedToken as error:
        token = cast("Token", error.token)
        at_end = token.type == "$END"
        _refuse(text, len(text) if at_end else token.start_pos or 0, error.accepts, error)
    except UnexpectedCharacters as error:
        _refuse(text, cast("int", error.pos_in_stream), error.allowed, error)


@lru_cache(maxsize=1)
@without_collector
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415 - lazy, as the docstring says

    return Lark(GRAMMAR, parser="lalr")


def _refuse(text: str, start: int, accepted: AbstractSet[str], error: Any) -> NoReturn:
    """Say what could stand at a place of the text, and what stands there."""
    found = re.match(_NEXT_WORD, text[start:], re.DOTALL)
    word = Word(found[0] if found else "", start)
    if word.text == '"':
        raise fault(text, word, "a closing quotation mark for the one here") from error
    raise fault(text, word, _wanted(text[:start], accepted), _hint(word.text, accepted)) from error


def _wanted(before: str, accepted: AbstractSet[str]) -> str:
    if "VALUE" in accepted:
        return f"a value right after {before.rsplit(maxsplit=1)[-1].rpartition('(')[2]}"
    if "NAME" in accepted:
        return "an asset, an attribute such as group:, a function such as sinks(, '*' or '('"
    closing = "')'" if "RPAR" in accepted else "the end"
    return f"'and', 'or', ',' or {closing}"


def _hint(word: str, accepted: AbstractSet[str]) -> str:
    """What people mean who write this here."""
    if word in _SIGNS:
        return f" For {word!r} write {_SIGNS[word]!r}."
    if "NAME" in accepted or "VALUE" in accepted:
        return ""
    if word.lower() == "not":
        return " Write 'and not'."
    if word[:1] == ":":
        return " An attribute is a word right before its colon."
    return " Join choices with 'and', 'or' or a comma." if word not in {"", "+", ")"} else ""
