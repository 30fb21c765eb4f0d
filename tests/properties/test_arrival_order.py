"""Laws of arrival: in any order of files, the version that became known last before an instant is in force then."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.home import Home
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy

NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
POLICY = Policy(reporting_currency="EUR")
Version = tuple[int | None, int]
"""A number, and the day of January on which it became known; None: the row is only about a person."""
CODES = (
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CNY",
    "CZK",
    "DKK",
    "GBP",
    "HKD",
    "HUF",
    "IDR",
    "ILS",
    "INR",
    "ISK",
    "JPY",
    "KRW",
    "MXN",
    "MYR",
    "NOK",
    "NZD",
    "PHP",
    "PLN",
    "RON",
    "SEK",
)
"""One code per thing, as rates have no other name."""
KINDS = {
    "orders": ("customer_id,ordered_at,order_id,line_id,amount,known_at", "a,2026-01-01,{0},1,{1},2026-01-{2:02d}"),
    "complaints": ("customer_id,opened_at,complaint_id,kind,known_at", "a,2026-01-01,{0},{1},2026-01-{2:02d}"),
    "customers": ("customer_id,name,person,role,known_at", "{0},{1},Bob,{1},2026-01-{2:02d}"),
    "managers": ("manager_id,name,known_at", "{0},{1},2026-01-{2:02d}"),
    "rates": ("currency,rated_on,rate,known_at", "{0},2026-01-01,{1},2026-01-{2:02d}"),
}
"""Header of each kind, and the row of a version: thing, number, day on which it became known."""
VIEWS = (
    ("orders", "order_lines", "order_id", "amount"),
    ("complaints", "complaints", "complaint_id", "complaint_kind"),
    ("customers", "customers", "customer_id", "name"),
    ("customers", "people", "customer_id", "role"),
    ("managers", "managers", "manager_id", "name"),
    ("rates", "rates", "currency", "rate"),
)
"""Kind, view, and its columns of the thing and of the number."""


def read_in_order(home: Home, kind: str, files: Sequence[Mapping[str, Sequence[Version]]]) -> None:
    """Each file comes by a command of its own; every account adds up, and the same file again changes nothing."""
    header, version = KINDS[kind]
    paths = [home.root / f"{kind}{at}.csv" for at in range(len(files))]
    for path, things in zip(paths, files, strict=True):
        rows = [
            version.format(thing, "" if number is None else number, day)
            for thing, versions in things.items()
            for number, day in versions
        ]
        path.write_text("\n".join([header, *rows]) + "\n")
        account = ingest(IngestRequest(kind, InputFiles([path]), home=home, policy=POLICY, now=NOW))
        assert account.read.rows == account.accepted.rows == len(rows)
        money = account.accepted.money.get("EUR", Decimal(0))
        assert money == account.read.money.get("EUR", Decimal(0))
    for path in paths:
        assert ingest(IngestRequest(kind, InputFiles([path]), home=home, policy=POLICY, now=NOW)).nothing_changed


def stands(home: Home, view: str, thing: str, number: str) -> dict[tuple[str, int], list[int | None]]:
    """The numbers of each thing in a view at noon of the first days of January."""
    with read_ledger(home, POLICY).open() as connection:
        rows = connection.sql(
            f"""SELECT {thing}, day, list(CAST({number} AS INTEGER)) FROM {view}, range(1, 8) days(day)
            WHERE visible_from < TIMESTAMP '2025-12-31 12:00' + to_days(CAST(day AS INTEGER))
                AND (replaced_at IS NULL OR replaced_at >= TIMESTAMP '2025-12-31 12:00' + to_days(CAST(day AS INTEGER)))
                AND {thing} IS NOT NULL
            GROUP BY ALL"""
        ).fetchall()
    return {(name, day): numbers for name, day, numbers in rows}


def truth(view: str, versions: Sequence[Version]) -> dict[int, list[int | None]]:
    """By day, the number that became known last; a row about a person has none, but shows that its customer exists."""
    numbers = {day: number for number, day in versions if view != "customers" or number is not None}
    begun = min(day for _, day in versions)
    known = {day: sorted(numbers.keys() & range(day + 1)) for day in range(begun, 8)}
    return {day: [numbers[days[-1]] if days else None] for day, days in known.items()}


def compare(arrivals: Mapping[str, Sequence[Sequence[Version]]], kinds: Sequence[str]) -> None:
    """Every thing whose versions arrive file by file stands as if all had come at once."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        first = home.root / "first.csv"
        first.write_text("customer_id,ordered_at,amount\nz,2026-01-01,1\n")
        ingest(IngestRequest("orders", InputFiles([first]), home=home, policy=POLICY, now=NOW))
        most = max(len(files) for files in arrivals.values())
        for kind in kinds:
            parts = [{thing: files[at] for thing, files in arrivals.items() if at < len(files)} for at in range(most)]
            read_in_order(home, kind, parts)
        for kind, view, thing, number in VIEWS:
            if kind in kinds:
                expected = {
                    (thing, day): numbers
                    for thing, files in arrivals.items()
                    for day, numbers in truth(view, [version for versions in files for version in versions]).items()
                }
                assert stands(home, view, thing, number) == expected, view


OF_A_PERSON_ALONE = [(None, 1), (6, 2), (None, 3), (5, 4)]


@pytest.mark.parametrize(
    ("kind", "versions"),
    [*((kind, [(5, 1), (6, 2), (5, 3), (5, 4)]) for kind in KINDS), ("customers", OF_A_PERSON_ALONE)],
)
def test_versions_of_one_thing_may_arrive_in_any_order(kind: str, versions: list[Version]) -> None:
    arrivals = {
        code: [[version] for version in order] for code, order in zip(CODES, permutations(versions), strict=True)
    }
    compare(arrivals, [kind])


@st.composite
def arriving(draw: st.DrawFn, kind: str) -> list[list[Version]]:
    """Versions of one thing, cut into files in any order."""
    number = st.none() | st.integers(1, 3) if kind == "customers" else st.integers(1, 3)
    numbers = draw(st.lists(number, min_size=1, max_size=7))
    order = draw(st.permutations([(number, day) for day, number in enumerate(numbers, start=1)]))
    cuts = sorted(draw(st.sets(st.integers(1, 6))) & set(range(1, len(order))))
    return [list(order[first:last]) for first, last in zip([0, *cuts], [*cuts, len(order)], strict=True)]


@settings(max_examples=2, deadline=None)
@given(
    drawn=st.sampled_from(sorted(KINDS)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.lists(arriving(kind), min_size=len(CODES), max_size=len(CODES)))
    )
)
def test_files_in_any_order_show_what_one_file_shows(drawn: tuple[str, list[list[list[Version]]]]) -> None:
    kind, things = drawn
    compare(dict(zip(CODES, things, strict=True)), [kind])
