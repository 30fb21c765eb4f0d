"""Rows pulled from databases and named sources: what comes in, how far each was pulled, and what is said when not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Connection

from features.home import Home
from features.ledger.ingest import pull as pulling
from features.ledger.ingest.pull import Pulled, pull, pull_all
from features.ledger.ingest.source_config import (
    LiteralPasswordError,
    MissingVariableError,
    Source,
    SourcesFileError,
    read_sources,
)
from features.ledger.ingest.watermarks import Watermark, WatermarkError, furthest, since, watermark_of
from features.ledger.reading.databases import DatabaseSourceError, address_of, column_of, read_query, shown, together
from features.ledger.store.database import open_store
from tests.specs.ingested import LATER, NOW, read
from tests.text_tables import POLICY

QUERY = "SELECT customer, day, net, no, line, changed FROM sales WHERE changed >= :since ORDER BY changed"


@pytest.fixture
def shop(tmp_path: Path) -> Callable[..., Path]:
    """Adds rows to a shop's database: customer, day, net, order, line, changed."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as shop:
        shop.execute("CREATE TABLE sales (customer TEXT, day TEXT, net REAL, no TEXT, line TEXT, changed TEXT)")

    def sell(*rows: tuple[object, ...]) -> Path:
        with sqlite3.connect(path) as shop:
            shop.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?)", rows)
        return path

    return sell


def source_of(path: Path, **more: object) -> Source:
    mapping = {"ordered_at": "day", "amount": "net", "order_id": "no", "line_id": "line"}
    settings: dict[str, object] = {
        "query": QUERY,
        "since": "2026-01-01",
        "watermark": "changed",
        "mapping": mapping,
        "known_at": "changed",
    }
    return Source("shop", "orders", url=f"sqlite:///{path}", **(settings | more))  # type: ignore[arg-type]


def held(home: Home, source: Source) -> Watermark | None:
    with open_store(home) as store, store.engine.connect() as database:
        return watermark_of(database, source)


def test_a_source_is_pulled_from_its_watermark_on(home: Home, shop: Callable[..., Path]) -> None:
    source = source_of(
        shop(("a", "2026-01-02", 1.5, "1", "1", "2026-01-03"), ("b", "2026-01-04", 2, "2", "1", "2026-01-05"))
    )
    first = pull(source, home=home, policy=POLICY, now=NOW)
    assert first is not None and first.accepted.rows == 2
    assert held(home, source) == Watermark("text", "2026-01-05")
    shop(("a", "2026-01-02", 1.25, "1", "1", "2026-01-07"))  # a correction
    second = pull(source, home=home, policy=POLICY, now=LATER)
    assert second is not None
    assert (second.read.rows, second.accepted.rows, second.merged.rows, second.corrections) == (1 + 1, 1, 1, 1)
    assert held(home, source) == Watermark("text", "2026-01-07")
    assert [row["amount"] for row in read(home)] == [Decimal("1.5"), Decimal(2), Decimal("1.25")]


def test_an_overlap_reads_late_rows_and_counts_none_twice(home: Home, shop: Callable[..., Path]) -> None:
    source = source_of(shop(("a", "2026-01-02", 1, "1", "1", "2026-01-05")), overlap=2)
    pull(source, home=home, policy=POLICY, now=NOW)
    shop(("b", "2026-01-02", 2, "2", "1", "2026-01-04"))  # changed before the watermark, committed after
    late = pull(source, home=home, policy=POLICY, now=LATER)
    assert late is not None and (late.accepted.rows, late.merged.rows) == (1, 1)
    assert held(home, source) == Watermark("text", "2026-01-05")


def test_the_watermark_stays_where_the_rows_were_not_kept(
    home: Home, shop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(shop(("a", "2026-01-02", 1, "1", "1", "2026-01-05")))
    pull(source, home=home, policy=POLICY, now=NOW, dry_run=True)
    assert not home.var.exists()

    def lost_power(database: Connection, **_: object) -> None:
        raise DatabaseSourceError("Power was lost.", "")

    monkeypatch.setattr(pulling, "move", lost_power)
    with pytest.raises(DatabaseSourceError):
        pull(source, home=home, policy=POLICY, now=NOW)
    assert held(home, source) is None
    monkeypatch.undo()
    account = pull(source, home=home, policy=POLICY, now=NOW)
    assert account is not None and account.accepted.rows == 1


def test_nothing_new_is_no_failure_and_a_failing_source_does_not_stop_the_others(
    home: Home, shop: Callable[..., Path]
) -> None:
    good = source_of(shop(("a", "2026-01-02", 1, "1", "1", "2026-01-05")))
    sources = [
        Source("gone", "orders", url="sqlite:///nowhere.db", query="SELECT 1"),
        good,
        source_of(shop(), since="2030-01-01", watermark=""  , query="SELECT * FROM sales WHERE changed > '2030'"),
        Source("files", "orders", files="exports/*.csv"),
    ]  # fmt: skip
    pulled = pull_all(sources, home=home, policy=POLICY, now=NOW)
    assert [each.failed for each in pulled] == [True, False, False, True]
    assert "nowhere.db" in pulled[0].sentence
    assert pulled[2] == Pulled(sources[2], None)
    assert "exports/*.csv" in pulled[3].sentence


def test_files_of_a_source_begin_at_the_home(home: Home) -> None:
    (home.root / "exports").mkdir(parents=True)
    for at in (1, 2):
        (home.root / "exports" / f"{at}.csv").write_text(f"customer,date,amount\na,2026-01-0{at},{at}\n")
    account = pull(Source("files", "orders", files="exports/*.csv"), home=home, policy=POLICY, now=NOW)
    assert account is not None and account.accepted.money == {"XXX": Decimal(1 + 2)}


def test_types_of_a_database_are_kept_and_nothing_can_be_written(shop: Callable[..., Path]) -> None:
    address = address_of(f"sqlite:///{shop(('a', '2026-01-02', 1.5, '1', '1', None))}")
    rows = read_query(address, "SELECT customer, net, 7 AS seven, changed, '12:30 :x' AS text FROM sales")
    assert rows.schema.types == [pa.string(), pa.float64(), pa.int64(), pa.null(), pa.string()]
    assert rows.to_pylist()[0]["text"] == "12:30 :x"
    with pytest.raises(DatabaseSourceError, match="readonly"):
        read_query(address, "DELETE FROM sales")


def test_values_of_several_types_become_text_and_decimals_of_several_scales_one_decimal() -> None:
    assert column_of([1, "x", None]).to_pylist() == ["1", "x", None]
    parts = [column_of([Decimal("1.5")]), column_of([None]), column_of([Decimal("2.125"), Decimal(7)])]
    assert together(parts).to_pylist() == [Decimal("1.5"), None, Decimal("2.125"), Decimal(7)]
    assert together([column_of([2**80]), column_of([1])]).to_pylist() == [str(2**80), "1"]
    moments = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)]
    assert column_of(moments).to_pylist() == ["2026-01-01 00:00:00+00:00", "2026-01-01 00:00:00"]
    assert column_of([date(2026, 1, 1)]).type == pa.date32()


@pytest.mark.parametrize(
    ("url", "query", "words"),
    [
        ("nonsense", "SELECT 1", ["not a database address"]),
        ("sqlite:///nowhere.db", "SELECT 1", ["nowhere.db"]),
        ("oracle+nothing://u:secret@h/d", "SELECT 1", ["driver", "oracle+nothing"]),
        ("mysql+pymysql://u:secret@h/d", "SELECT 1", ["driver", "mysql+pymysql"]),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/d", "SELECT 1", ["no connection", "127.0.0.1:1"]),
        ("sqlite:///SHOP", "SELECT colour FROM sales", ["no such column: colour"]),
        ("sqlite:///SHOP", "SELECT customer, customer FROM sales", ["more than one column 'customer'"]),
        ("sqlite:///SHOP", "PRAGMA cache_size = 1000", ["gives no columns", "SELECT"]),
    ],
)
def test_what_a_database_does_not_give_is_one_sentence_without_the_password(
    url: str, query: str, words: list[str], shop: Callable[..., Path]
) -> None:
    with pytest.raises(Exception) as caught:  # its words are what is tested
        read_query(address_of(url.replace("SHOP", str(shop()))), query)
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert "secret" not in said


def test_an_address_is_shown_without_user_password_and_options() -> None:
    url = "postgresql+psycopg://u:secret@erp:5433/sales?sslpassword=secret"
    assert shown(address_of(url)) == "postgresql://erp:5433/sales"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind = 1", ["'kind' in sources.toml has no heading"]),
        ("[a]\nkind = 'orders'", ["neither files nor url and query"]),
        ("[a]\nkind = 'weather'\nfiles = 'x'", ["weather", "orders"]),
        ("[a]\nkind = 'orders'\nfiles = 'x'\ncolour = 'red'", ["colour", "not a setting"]),
        ("[a]\nkind = 'orders'\nfiles = 7", ["sets files to 7", "It takes a string"]),
        (
            "[a]\nkind = 'orders'\nfiles = 'x'\nsince = true",
            ["a date or an integer or a number or a string"],
        ),
        (
            "[a]\nkind = 'orders'\nfiles = 'x'\nmapping = {amount = 1}",
            ["sets mapping.amount to 1", "It takes a string"],
        ),
        ("[a]\nkind = 'orders'\nfiles = 'x'\nmapping = 1", ["sets mapping to 1", "It takes a table of strings"]),
        ("[a]\nkind = 'orders'\nurl = 'sqlite:///x'\nquery = 'SELECT :since'", [":since, but no watermark"]),
        ("[a]\nkind = 'orders'\nurl = 'sqlite:///x'\nquery = ':since'\nwatermark = 'w'", ["no since"]),
        ("[a]\nkind = 'orders'\nfiles = 'x'\noverlap = -1", ["overlap below 0"]),
        ("[a", ["not TOML"]),
    ],
)
def test_a_sources_file_that_cannot_hold_says_where(text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(text)
    with pytest.raises(SourcesFileError) as caught:
        read_sources(tmp_path / "sources.toml")
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("url", ["['postgresql://u:secret@h/d']", "{ address = 'postgresql://u:secret@h/d' }"])
def test_an_address_of_the_wrong_type_is_not_shown(url: str, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(f"[a]\nkind = 'orders'\nquery = 'SELECT 1'\nurl = {url}")
    with pytest.raises(SourcesFileError, match=r"sets url to a (list|table)\. It takes a string\.") as caught:
        read_sources(tmp_path / "sources.toml")
    assert "secret" not in str(caught.value)


def test_a_secret_comes_from_the_environment_and_never_from_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def source(url: str) -> Source:
        return Source("erp", "orders", url=url, query="SELECT 1")

    for literal in ("postgresql://u:secret@h/d", "postgresql://u@h/d?password=secret", "postgresql://u:x${A}@h/d"):
        with pytest.raises(LiteralPasswordError) as caught:
            source(literal)
        assert "secret" not in str(caught.value)
    asked = source("postgresql+psycopg://u:${ERP_PASSWORD}@${ERP_HOST}/d")
    with pytest.raises(MissingVariableError, match="ERP_PASSWORD"):
        asked.address()
    monkeypatch.setenv("ERP_PASSWORD", "p@ss/w:rd")
    monkeypatch.setenv("ERP_HOST", "erp.example")
    assert (asked.address().password, asked.address().host) == ("p@ss/w:rd", "erp.example")
    monkeypatch.setenv("ERP_URL", "postgresql://u:secret@h/d")
    assert source("${ERP_URL}").address().password == "secret"


MARKS = [
    (datetime(2026, 1, 2, 3, tzinfo=UTC), datetime(2026, 1, 1, 3, tzinfo=UTC)),
    (datetime(2026, 1, 2, 3), datetime(2026, 1, 1, 3)),
    (date(2026, 1, 2), date(2026, 1, 1)),
    (17, 16),
    (Decimal("17.5"), Decimal("16.5")),
    ("2026-01-02", "2026-01-01"),
    ("2026-01-02 03:00:00", "2026-01-01 03:00:00"),
]


@pytest.mark.parametrize(("largest", "a_step_before"), MARKS)
def test_a_watermark_keeps_its_type_and_never_moves_back(largest: object, a_step_before: object) -> None:
    source = Source("s", "orders", files="x", watermark="w", overlap=1)
    found = furthest(source, pa.table({"w": [a_step_before, largest, None]}), None)
    assert found is not None and found.mark == largest
    assert since(source, found) == a_step_before
    assert furthest(source, pa.table({"w": [a_step_before]}), found) == found
    assert furthest(source, pa.table({"w": pa.array([None], pa.type_for_alias("int64"))}), found) == found


def test_a_watermark_that_cannot_be_told_is_named() -> None:
    source = Source("s", "orders", files="x", watermark="w", overlap=1)
    with pytest.raises(WatermarkError, match="no column 'w'"):
        furthest(source, pa.table({"v": [1]}), None)
    with pytest.raises(WatermarkError, match="the text 'x7'"):
        since(source, Watermark("text", "x7"))
