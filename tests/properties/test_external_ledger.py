"""A ledger read in place part by part is the one that is made of the same rows in memory at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clock import AsOf
from features.engines import partitions as parts
from features.home import Home
from features.ledger.external import partitioning as source_division
from features.ledger.external import read as source_ledger
from features.ledger.external import resolve as source_versions
from features.ledger.external.counts import NothingUsableError, SourceAccount
from features.ledger.external.partitioning import by_ranges
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import HistoryRule, IngestRequest, InputFiles
from features.ledger.ledger import Ledger
from features.ledger.mirror.parquet_mirror import read_ledger
from features.ledger.reading import delimited
from features.ledger.schema.arrow import ORDER_LINES
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.policy import Policy
from features.snapshot import Snapshot, take_snapshot, write_snapshot
from tests.specs.ingested import NOW, rows_of

POLICY = Policy(time_zone="Europe/Berlin", reporting_currency="EUR")
START = datetime(2026, 1, 1)

NAMES = ["B", "a", "a b", "o'x", "z", "é", "\U0001f600"]

MINUTES = st.integers(0, 5).map(lambda half_hours: START + timedelta(minutes=30 * half_hours))
ROW = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["a", "b", "ä c"]),
        "ordered_at": MINUTES,
        "amount": st.sampled_from([Decimal("1.50"), Decimal("-1.50"), Decimal("0"), Decimal("20")]),
        "order_id": st.none() | st.sampled_from(["1", "2"]),
        "line_id": st.none() | st.sampled_from(["1", "2"]),
        "product_id": st.none() | st.sampled_from(["P", "Q"]),
        "known_at": st.none() | MINUTES,
    }
)
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("ordered_at", pa.timestamp("us")),
        ("amount", pa.decimal128(12, 2)),
        ("order_id", pa.string()),
        ("line_id", pa.string()),
        ("product_id", pa.string()),
        ("known_at", pa.timestamp("us")),
    ]
)


def as_parquet(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path / "rows.parquet", row_group_size=7)
    return path / "rows.parquet"


def as_folder(table: pa.Table, path: Path) -> Path:
    (path / "rows").mkdir()
    half = (len(table) - 1) // 2  # never as long as the rest: a file that is there twice would be refused
    pq.write_table(table.slice(0, half), path / "rows" / "1.parquet")
    pq.write_table(table.slice(half), path / "rows" / "2.parquet")
    return path / "rows"


def as_text(table: pa.Table, path: Path) -> Path:
    pa.csv.write_csv(table, path / "rows.csv")
    return path / "rows.csv"


def in_place(path: Path, policy: Policy, use: Callable[[Ledger], Any]) -> tuple[Any, SourceAccount]:
    with TemporaryDirectory() as folder:
        read = source_ledger.read_source_ledger(
            path, policy, memory_bytes=10**9, folder=Path(folder), now=NOW, progress=lambda *_: None
        )
        assert read.account is not None
        return use(read.ledger), read.account


def lines_of(ledger: Ledger) -> list[dict[str, Any]]:
    """The lines in order of arrival, without their numbers, which say nothing but that order."""
    return [{name: value for name, value in row.items() if name != "row_id"} for row in rows_of(ledger)]


@pytest.fixture(autouse=True, scope="module")
def _small_parts() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_ledger, "PART_ROWS", 20)  # five rows a part
        patch.setattr(source_versions, "GROUP_ROWS", 4)
        patch.setattr(delimited, "CHUNK_ROWS", 5)
        patch.setattr(source_division, "FILE_ROWS", 5)
        yield


@given(st.lists(ROW, min_size=1, max_size=40), st.sampled_from([as_parquet, as_folder, as_text]))
@settings(max_examples=15, deadline=None)
def test_a_ledger_read_in_place_is_the_one_ingest_makes(
    rows: list[dict[str, Any]], written: Callable[[pa.Table, Path], Path]
) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    with TemporaryDirectory() as folder:
        path = written(table, Path(folder))
        home = Home(Path(folder) / "home")
        ingested = ingest(
            IngestRequest("orders", InputFiles([path]), home=home, policy=POLICY, now=NOW, history=HistoryRule.ALL)
        )
        if ingested.nothing_usable:
            with pytest.raises(NothingUsableError):
                in_place(path, POLICY, lines_of)
            return
        expected = read_ledger(home, POLICY)
        found, account = in_place(path, POLICY, lambda ledger: (lines_of(ledger), ledger))
        lines, ledger = found
        assert lines == lines_of(expected)
    assert (ledger.starts_on, ledger.ends_on) == (expected.starts_on, expected.ends_on)
    assert (ledger.currency, ledger.known_at_proven) == (expected.currency, expected.known_at_proven)
    of_storing = {"batch_id", "newly_quarantined", "nothing_changed"}
    accounts = [{name: value for name, value in item.as_json().items() if name not in of_storing}
                for item in (account, ingested)]  # fmt: skip
    assert accounts[0] == accounts[1]


@given(st.lists(ROW, min_size=1, max_size=40))
@settings(max_examples=5, deadline=None)
def test_files_of_a_ledger_read_in_place_are_sorted_and_whole_customers(rows: list[dict[str, Any]]) -> None:
    def look(ledger: Ledger) -> list[pa.Table]:
        assert isinstance(ledger.order_lines, tuple)
        return [pq.ParquetFile(path).read() for path in ledger.order_lines]

    with TemporaryDirectory() as folder:
        files, _ = in_place(as_parquet(pa.Table.from_pylist(rows, SCHEMA), Path(folder)), POLICY, look)
    keys = [
        [(row["customer_id"].encode(), row["ordered_at"], row["row_id"]) for row in file.to_pylist()] for file in files
    ]
    assert all(file == sorted(file) for file in keys)
    customers = [{customer for customer, *_ in file} for file in keys]
    assert sum(map(len, customers)) == len(set().union(*customers))
    assert all(file.schema.equals(ORDER_LINES) for file in files)
    assert keys == sorted(keys)  # files of ranges: whose ids could be had before the rows were read


@pytest.mark.parametrize("written", [as_parquet, as_text])
def test_features_of_a_ledger_read_in_place_are_the_same_in_parts_as_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Callable[[pa.Table, Path], Path]
) -> None:
    """Seven customers of 4 to 10 lines in files of about 5, cut into parts of three lines at most or one customer.

    Held in memory, the company's medians come from the same reading; streamed to a file, from one before.
    """
    owners = [customer for at, customer in enumerate(NAMES) for _ in range(4 + at)]
    rows: dict[str, list[Any]] = {
        "customer_id": owners,
        "ordered_at": [START + timedelta(days=7 * at % 50) for at in range(len(owners))],
        "amount": [Decimal(at % 9 - 1) for at in range(len(owners))],
    }
    path = written(pa.table(rows, pa.schema([SCHEMA.field(name) for name in rows])), tmp_path)
    as_ofs = [AsOf.parse(day, POLICY.zone) for day in ("2026-02-01", "2026-03-01")]

    def snapshots(ledger: Ledger) -> tuple[Snapshot, Snapshot, pa.Table]:
        assert isinstance(ledger.order_lines, tuple)
        assert len(ledger.order_lines) > 1
        at_once = take_snapshot(ledger, as_ofs, POLICY, memory="500MB")
        with monkeypatch.context() as patch:
            patch.setattr(parts, "ROW_BYTES", 12_000_000)  # a part has 37.5 MB
            write_snapshot(ledger, as_ofs, POLICY, tmp_path / "streamed", memory="500MB")
            streamed = pq.read_table(tmp_path / "streamed").sort_by(
                [("as_of", "ascending"), ("customer_id", "ascending")]
            )
            return at_once, take_snapshot(ledger, as_ofs, POLICY, memory="500MB"), streamed

    (at_once, in_parts, streamed), _ = in_place(path, POLICY, snapshots)
    assert at_once.table.equals(in_parts.table)
    assert at_once.table.equals(streamed.cast(at_once.table.schema))
    assert set(at_once.customer_ids) == set(NAMES)


def test_files_of_ranges_ascend_as_the_bytes_of_ids_do_whatever_ids_are_in_the_sample() -> None:
    """Boundaries b, o'x, y, é: what is below b is in file 0, from b on in 1, and so on; long ids are cut to 64."""
    sample = pa.chunked_array([["a", "é" + "é" * 100, "y", "o'x", "b"]])
    ids = ["", "a", "b", "bb", "o'w", "o'x", "x", "y", "z", "é" * 64, "é" * 101, "\uffee", "\U0001f600"]
    numbers = numbers_of(by_ranges(sample, 25), ids)
    assert numbers == [0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4]
    assert numbers_of(by_ranges(pa.chunked_array([["a"] * 9]), 25), ids) == [0, *[1] * 12]
    assert numbers_of(by_ranges(sample, 1), ids) == [0, 0, 0, 0, 0, *[1] * 8]  # two files at least, for two at work


def numbers_of(division: source_division.Division, ids: list[str]) -> list[int]:
    with duckdb.connect() as connection:
        connection.register("rows_in", pa.table({"customer_id": ids}))
        return [number for (number,) in connection.sql(f"SELECT {division.number} FROM rows_in").fetchall()]


def test_how_a_text_is_written_is_told_from_all_of_its_parts(tmp_path: Path) -> None:
    """Nine rows that leave day and month open, and a tenth, two parts later, that tells."""
    dates = [*(f"0{day}/02/2026" for day in range(1, 10)), "13/02/2026"]
    table = pa.table({"customer_id": [f"{at}.0" for at in range(10)], "ordered_at": dates, "amount": ["1,5"] * 10})
    pq.write_table(table, tmp_path / "rows.parquet")
    lines, _ = in_place(tmp_path / "rows.parquet", Policy(), lines_of)
    assert [line["ordered_at"] for line in lines] == [datetime(2026, 2, day) for day in [*range(1, 10), 13]]
    assert {line["amount"] for line in lines} == {Decimal("1.5")}
    assert [line["customer_id"] for line in lines] == [str(at) for at in range(10)]


def test_bad_rows_are_left_out_and_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        "customer,date,amount,currency\na,2026-01-01,1,EUR\n,2026-01-01,2,EUR\nb,never,3,EUR\nc,2026-01-02,x,EUR\n"
        "d,2026-01-03,5,EUR,extra\ne,2026-01-04,6,GBP\nf,2026-01-05,7,EUR\n"
    )
    lines, account = in_place(tmp_path / "rows.csv", Policy(), lines_of)
    assert [line["customer_id"] for line in lines] == ["a", "f"]
    assert {(str(each.reason), each.rows, each.line) for each in account.quarantine} == {
        ("no customer", 1, 3),
        ("unreadable date", 1, 4),
        ("unreadable amount", 1, 5),
        ("wrong number of fields", 1, 6),
        ("no exchange rate", 1, 7),
    }
    assert account.read.money == {"EUR": Decimal(1 + 2 + 3 + 7), "GBP": Decimal(6)}
    assert account.accepted.money == {"EUR": Decimal(1 + 7)}


def test_totals_are_out_though_what_they_add_up_lies_in_parts_before(tmp_path: Path) -> None:
    rows = [f"a,2026-01-{day:02d},{day}" for day in range(1, 13)]
    lines = [*rows[:6], "Subtotal,2026-01-31,21", *rows[6:], "Subtotal,2026-01-31,57", "Total,2026-01-31,78"]
    lines.append("Total,2026-01-31,5")  # a customer of that name
    (tmp_path / "rows.csv").write_text("customer,date,amount\n" + "\n".join(lines), encoding="utf-8")
    found, account = in_place(tmp_path / "rows.csv", Policy(), lines_of)
    assert sum(line["amount"] for line in found) == 21 + 57 + 5
    assert [(str(each.reason), each.rows) for each in account.quarantine] == [(str(QuarantineReason.TOTAL), 3)]
    assert "'Total'" in account.remarks[0]


def test_a_file_without_one_good_row_is_an_error_that_says_why(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("customer,date,amount\na,never,1\nb,2026-01-01,x\nc,never,2\n")
    with pytest.raises(source_ledger.NothingUsableError, match=r"unreadable date \(2, first: line 2\)"):
        in_place(tmp_path / "rows.csv", Policy(), lines_of)


def test_now_tells_which_lines_are_to_come(tmp_path: Path) -> None:
    rows = pa.table({"customer": ["a", "a"], "date": [NOW, datetime(2030, 1, 1, tzinfo=UTC)], "amount": [1, 2]})
    pq.write_table(rows, tmp_path / "rows.parquet")
    assert in_place(tmp_path / "rows.parquet", Policy(), lines_of)[1].to_come == 1
