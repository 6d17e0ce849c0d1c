"""The selection language: its grammar, its attributes and its functions.

Owns: ``GRAMMAR``, which a reader of this file can learn the language from, and the words that it knows.
What a text comes to: ``selection_reading``; how it is read: ``selection_parse``. Imports nothing.

Three rules stand behind the grammar. A *bare* name counts steps: ``a+`` is one step further, ``a++`` two,
``a*`` all the way. Whatever is more than a bare name (an attribute, a function, parentheses, a name in
quotation marks) goes all the way with ``+``. A number beside ``+`` limits either.
"""

from __future__ import annotations

#: A run of plain characters and of pieces in quotation marks, such as ``a/b``, ``"a b"`` or ``"k"="v 1"``.
VALUE = r'(?:[^\s()+,"]|"(?:\\.|[^"\\])*")+'
#: ``+``, ``++`` or ``2+`` before a term, and ``+``, ``++`` or ``+2`` after one.
UP = r"\d+\s*\+|\+(?:\s*\+)*"
DOWN = r"\+\s*\d+|\+(?:\s*\+)*"
#: ``group:``
ATTRIBUTE = r"[a-z_]\w*\s*:"
#: ``roots(``; ``not(`` is the word ``not`` and a parenthesis.
FUNCTION = r"(?!(?:and|or|not)\s*\()[a-z_]\w*\s*\("

# In the notation of lark. A rule that begins with ? leaves no trace when it holds one part alone; a terminal
# that begins with _ leaves none at all; .2 comes first where several match; /.../is ignores case.
GRAMMAR = rf"""
start:    choice

?choice:  both                                 // any of several, with the same meaning as in Python
       |  both ((_OR | ",") both)+    -> any_of
?both:    single                               // all of several
       |  single (_AND single)+       -> all_of
?single:  walk
       |  NOT single                  -> negation

walk:     [UP] term [DOWN]                     // what is above, what is chosen, what is below
?term:    NAME                        -> name
       |  ATTRIBUTE VALUE             -> attribute
       |  FUNCTION [choice] ")"       -> function
       |  "(" choice ")"              -> group

_AND:         "and"i
_OR:          "or"i
NOT:          "not"i
UP.2:         /{UP}/
DOWN:         /{DOWN}/
ATTRIBUTE.2:  /{ATTRIBUTE}/is
FUNCTION.2:   /{FUNCTION}/is
NAME:         /{VALUE}/is
VALUE:        /{VALUE}/is
%ignore       /\s+/
"""

#: What may stand before a colon, and what it asks for.
ATTRIBUTES = {
    "key": "the key; * stands for any characters",
    "key_prefix": "a key that begins with these parts",
    "key_substring": "a key that contains this text",
    "group": "the group; * stands for any characters",
    "tag": "a tag, tag:name=value, or tag:name for one without value",
    "kind": "a kind",
    "owner": "an owner",
    "code_version": "the code version",
    "is": "external, materializable or observable",
    "status": "what was made: missing, failed, stale and so on",
    "column": "a column of the table",
    "column_tag": "a tag of a column, column_tag:name=value or column_tag:name",
    "table_name": "the name of the table",
    "code_location": "the code location",
    "check": "a check alone, check:asset:name; check:* for all of them",
}
#: Attributes that the original reads, and what to do instead of asking for them.
UNKNOWABLE = {
    "changed_in_branch": "No other deployment is known to compare with; status:code_changed compares with"
    " what was made last.",
    "partitions": "Choose assets here, and their partitions with --partition.",
    "automation_type": "Conditions, schedules and sensors cannot be asked for.",
    "sensor": "What a sensor launches is not known before it runs.",
    "schedule": "Name what the schedule runs.",
    "job": "Run a job by its name: penstock job run.",
}
#: Functions of a choice; without an argument they take every asset.
FUNCTIONS = {
    "roots": "those that depend on none of the others",
    "sinks": "those on which none of the others depends",
    "materializable": "those that a run can make",
    "include_sources": "the same choice, with attributes and * finding external assets too",
    "upstream_source_assets": "the external assets that they depend on",
    "required_multi_asset_neighbors": "with what the same functions make and cannot leave out",
    "without_checks": "the assets without their checks",
    "with_checks": "the assets with all of their checks",
    "checks_for_assets": "their checks alone",
}
#: What ``status:`` may ask for. The first four exclude each other; partitions of one asset may differ.
STATUSES = {
    "materialized": "made, with all of its partitions, and no later try failed or is under way",
    "missing": "never made, or some of its partitions were not",
    "failed": "the last run that was to make it, or some of its partitions, failed",
    "in_progress": "a run that is not over is to make it, or some of its partitions",
    "fresh": "made, and what it was made from has not changed since",
    "stale": "made, and it or something upstream of it has changed since; also partly",
    "code_changed": "made by code of another version",
    "upstream_newer": "made before what it depends on was",
}
NULL = "<null>"
WORDS = frozenset({"and", "or", "not"})
