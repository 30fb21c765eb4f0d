"""Words of closed sets: yes or no, a channel, an event, an arm, as SQL that reads them."""

from __future__ import annotations

from features.ledger.schema.column import NO, YES, ColumnKind, ColumnSpec, name_key
from features.ledger.sql import literal, quoted

SEPARATORS = "[;,/|]"


def word_key(column: ColumnSpec) -> str:
    """SQL over the raw text: its letters and digits in lower case; for columns of several words, the text as it is."""
    return quoted(column.name) if column.kind is ColumnKind.WORDS else _key(quoted(column.name))


def known_word(column: ColumnSpec, text: str) -> str:
    """SQL over a :func:`word_key`: our word, or true or false; null where the set does not hold it.

    Several words must all be known; they are kept in the order of the contract, separated by ``; ``.
    """
    if column.kind is ColumnKind.YES_NO:
        return f"CASE WHEN {text} IN ({_listed(YES)}) THEN true WHEN {text} IN ({_listed(NO)}) THEN false END"
    if column.kind is ColumnKind.WORD:
        return _ours(column, text)
    our_words = (
        f"list_transform(string_split_regex({text}, '{SEPARATORS}'), lambda word: {_ours(column, _key('word'))})"
    )
    order = ", ".join(map(literal, column.words))
    kept = f"list_filter([{order}], lambda word: list_contains({our_words}, word))"
    return f"CASE WHEN list_count({our_words}) = len({our_words}) THEN array_to_string({kept}, '; ') END"


def _ours(column: ColumnSpec, key: str) -> str:
    cases = " ".join(
        f"WHEN {key} IN ({_listed((ours, *theirs))}) THEN {literal(ours)}" for ours, theirs in column.words.items()
    )
    return f"CASE {cases} END"


def _key(text: str) -> str:
    return rf"lower(regexp_replace({text}, '[^\pL\pN]+', '', 'g'))"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(literal(key) for key in sorted({name_key(word) for word in words}))
