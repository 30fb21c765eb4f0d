"""Customer ids that look alike: told apart as they are written, but worth a person's look.

Ids are the customer's own. " a", "a" and "A" are three customers until a mapping says otherwise.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

SHOWN = 5  # groups; the rest is counted
SHOWN_IDS = 4  # of one group
_SEPARATORS = frozenset("$+<=>^`|~")  # punctuation of ASCII that Unicode calls symbols
_LATIN = str.maketrans("авезікмнорстухјѕԁԛԝαβεζηικμνορτυχ", "abe3ikmhopctyxjsdqwabezhikmnoptyx")
"""Lower-case letters of other scripts that look like Latin ones, small or capital (В is a B, Η is an H)."""

_IS_PLAIN = r"regexp_full_match(customer_id, '[\x00-\x7F]*')"
_BARE = "lower(regexp_replace(customer_id, '[[:punct:][:space:][:cntrl:]]+', '', 'g'))"
_LIKENESS = f"CASE WHEN {_BARE} = '' THEN customer_id ELSE coalesce(nullif(ltrim({_BARE}, '0'), ''), '0') END"
"""SQL: of a plain id the same as ``likeness_of``."""

_GROUPS = f"""
WITH keyed AS (
    SELECT customer_id, rows, is_new, {_LIKENESS} AS likeness FROM ids WHERE {_IS_PLAIN}
    UNION ALL SELECT customer_id, rows, is_new, likeness FROM other_keys JOIN ids USING (customer_id))
SELECT list((customer_id, rows) ORDER BY rows DESC, customer_id) AS alike
FROM keyed GROUP BY likeness HAVING count(*) > 1 AND bool_or(is_new)
ORDER BY sum(rows) DESC, min(customer_id)
"""


@dataclass(frozen=True)
class LookAlikes:
    """Groups of ids that look alike.

    Attributes:
        groups: how many.
        first: some of them, those of most rows first: each id with its rows.
    """

    groups: int
    first: tuple[tuple[tuple[str, int], ...], ...]

    @property
    def sentence(self) -> str:
        """How many, the first of them, and what to do; empty where there are none."""
        if not self.groups:
            return ""
        shown = "; ".join(
            " and ".join(f"'{customer}' ({rows:,} rows)" for customer, rows in group[:SHOWN_IDS])
            for group in self.first
        )
        counted = (
            "1 group of customer ids looks" if self.groups == 1 else f"{self.groups:,} groups of customer ids look"
        )
        more = " and more" if self.groups > len(self.first) else ""
        return (
            f"{counted} alike: {shown}{more}. Each stays a customer of its own; "
            "if they are one, say so: callfirst ingest … --same-as FILE (columns customer_id, same_as)."
        )

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        first = [[{"customer_id": customer, "rows": rows} for customer, rows in group] for group in self.first]
        return {"groups": self.groups, "first": first}


NO_LOOK_ALIKES = LookAlikes(0, ())


def likeness_of(customer_id: str) -> str:
    """What two ids that look alike have in common.

    NFKC and case folding; Greek and Cyrillic letters as the Latin ones they look like; without white space,
    punctuation and invisible characters; without leading zeros. An id that is nothing but these is alike to none.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", customer_id).casefold())
    bare = "".join(
        letter
        for letter in folded.translate(_LATIN)
        if unicodedata.category(letter)[0] not in "PZC" and letter not in _SEPARATORS
    )
    return (bare.lstrip("0") or "0") if bare else customer_id


def new_look_alikes(connection: duckdb.DuckDBPyConnection, *, new: str, known: str) -> LookAlikes:
    """The groups in which a new id looks like another one, new or known.

    ``new``, ``known``: queries with the customer_id of every row of the batch, and of the ledger, that counts. Of a
    million ids only those go on to be compared that could look like a new one.
    """
    _register_other_keys(connection, f"SELECT DISTINCT customer_id FROM ({new})")
    near = f"SELECT {_LIKENESS} FROM ({new}) WHERE {_IS_PLAIN} UNION ALL SELECT likeness FROM other_keys"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE near AS SELECT DISTINCT * FROM ({near}) them (likeness)")
    found = look_alikes(
        connection,
        f"""SELECT customer_id, CAST(sum(rows) AS BIGINT) AS rows, bool_or(is_new) AS is_new FROM (
            SELECT customer_id, count(*) AS rows, true AS is_new FROM ({new}) GROUP BY customer_id
            UNION ALL SELECT customer_id, rows, false
            FROM (SELECT customer_id, count(*) AS rows FROM ({known}) GROUP BY customer_id)
            WHERE NOT {_IS_PLAIN} OR {_LIKENESS} IN (SELECT likeness FROM near))
        WHERE customer_id IS NOT NULL GROUP BY customer_id""",
    )
    connection.execute("DROP TABLE near")
    return found


def look_alikes(connection: duckdb.DuckDBPyConnection, ids: str) -> LookAlikes:
    """The groups of a relation of customer_id, rows and is_new in which one id at least is new.

    ``ids``: a query with one row per customer_id.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ids AS {ids}")
    _register_other_keys(connection, "FROM ids")
    found = connection.sql(_GROUPS).fetchall()
    connection.unregister("other_keys")
    connection.execute("DROP TABLE ids")
    first = tuple(tuple((str(customer), int(rows)) for customer, rows in alike) for (alike,) in found[:SHOWN])
    return LookAlikes(len(found), first)


def _register_other_keys(connection: duckdb.DuckDBPyConnection, ids: str) -> None:
    """The likeness of every id of a query that is more than ASCII stands in ``other_keys``."""
    foreign = connection.sql(f"SELECT customer_id FROM ({ids}) WHERE NOT {_IS_PLAIN}").fetchall()
    keys = {
        "customer_id": pa.array([customer for (customer,) in foreign], pa.string()),
        "likeness": pa.array([likeness_of(customer) for (customer,) in foreign], pa.string()),
    }
    connection.register("other_keys", pa.table(keys))
