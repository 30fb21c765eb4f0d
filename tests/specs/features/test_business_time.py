"""Times without a zone are business time, also where clocks go forward or back; rows and as-ofs by one rule."""

from __future__ import annotations

import pytest

from features.ledger.ingest.in_memory import ledger_of
from features.policy import Policy
from tests.specs.ingested import rows_of
from tests.text_tables import at, seen, table

PARIS, SAO_PAULO = "Europe/Paris", "America/Sao_Paulo"
CLOCKS = [
    (PARIS, "2024-03-31 01:59:59", "2024-03-31 00:59:59", "2024-03-31"),
    (PARIS, "2024-03-31 02:30:00", "2024-03-31 01:30:00", "2024-03-31"),  # skipped: 03:30
    (PARIS, "2024-03-31 03:30:00", "2024-03-31 01:30:00", "2024-03-31"),
    (PARIS, "2024-10-27 01:30:00", "2024-10-26 23:30:00", "2024-10-27"),
    (PARIS, "2024-10-27 02:30:00", "2024-10-27 01:30:00", "2024-10-27"),  # twice: the later one
    (PARIS, "2024-10-27 03:00:00", "2024-10-27 02:00:00", "2024-10-27"),
    (SAO_PAULO, "2017-10-14 23:30:00", "2017-10-15 02:30:00", "2017-10-14"),
    (SAO_PAULO, "2017-10-15 00:30:00", "2017-10-15 03:30:00", "2017-10-15"),  # midnight is skipped: 01:30
    (SAO_PAULO, "2018-02-17 23:30:00", "2018-02-18 02:30:00", "2018-02-17"),  # the hour before midnight, twice
    (SAO_PAULO, "2018-02-18 00:00:00", "2018-02-18 03:00:00", "2018-02-18"),
]


@pytest.mark.parametrize(("zone", "written", "utc", "day"), CLOCKS)
def test_rows_and_as_ofs_mean_the_same_instant_and_day(zone: str, written: str, utc: str, day: str) -> None:
    policy = Policy(time_zone=zone)
    lines = table(f"customer_id | ordered_at | amount\na | {written} | 1")
    [row] = rows_of(ledger_of(lines, None, policy))
    assert (str(row["ordered_at"]), str(row["order_day"])) == (utc, day)
    as_of = at(written.replace(" ", "T"), policy)
    assert (str(as_of.naive), str(as_of.day)) == (utc, day)


def test_a_date_is_the_first_instant_of_its_day_also_where_midnight_is_skipped() -> None:
    policy = Policy(time_zone=SAO_PAULO)
    lines = table("customer_id | ordered_at | amount\na | 2017-10-14 | 1\na | 2017-10-15 | 10\na | 2017-10-16 | 100")
    world = ledger_of(lines, None, policy)
    assert seen(world, "2017-10-15", "a", policy=policy)["net_sales_lifetime"] == 1
    assert seen(world, "2017-10-16", "a", policy=policy)["net_sales_lifetime"] == 1 + 10
    assert [str(row["order_day"]) for row in rows_of(world)] == ["2017-10-14", "2017-10-15", "2017-10-16"]


def test_what_names_its_zone_is_taken_at_its_word() -> None:
    policy = Policy(time_zone=PARIS)
    lines = table(
        "customer_id | ordered_at | amount\na | 2024-10-27T02:30:00+02:00 | 1\na | 2024-10-27T02:30:00+01:00 | 1"
    )
    assert [str(row["ordered_at"]) for row in rows_of(ledger_of(lines, None, policy))] == [
        "2024-10-27 00:30:00",
        "2024-10-27 01:30:00",
    ]
