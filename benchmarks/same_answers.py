"""Two versions of the code on the same companies: which scores, lists, JSON, HTTP answers and stored rows differ.

Example: python -m benchmarks.same_answers 7564d69 HEAD --data ../shared/data --work /tmp/answers

Each version runs the whole chain from a checkout of its own on the demo company and on Online Retail II, with the clock
stopped and keys that are known. What it answered is kept in the work folder, so that a version is run once. Run ids of
MLflow and seconds are left out. Ends with exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

KEY = "cf_" + "A" * 43
START = """
import datetime, secrets, sys
import features.clock
stopped = datetime.datetime.fromisoformat(sys.argv.pop(1))
features.clock.now = lambda: stopped
secrets.token_urlsafe = lambda nbytes=None: "A" * 43
sys.argv[0] = "callfirst"
import callfirst
callfirst.main()
"""
CHANCE = re.compile(r'\b[0-9a-f]{32}\b|"seconds": [\d.]+|\(\d+ s\)')
"""Ids of MLflow's runs, and how long a training took."""
PORT = 18_431
STILL_SECONDS = 10


@dataclass(frozen=True)
class AnswersCompany:
    """A company the chain runs on.

    Attributes:
        ingests: arguments of each `ingest`, without the home.
        as_of: the day it trains until and scores.
        windows: options of the windows of `train`.
        pushed: rows sent over HTTP, by kind, without their customer.
    """

    name: str
    ingests: tuple[tuple[str, ...], ...]
    as_of: str
    windows: tuple[str, ...] = ()
    demo: bool = False
    pushed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def companies(data: Path) -> list[AnswersCompany]:
    """The demo company, and the real wholesaler where its ledger is there."""
    demo = AnswersCompany(
        "demo",
        (),
        "2026-09-01",
        demo=True,
        pushed={
            "orders": [{"ordered_at": "2026-09-01T01:12:00Z", "amount": "129.90"}],
            "complaints": [{"opened_at": "2026-09-01T02:00:00Z", "complaint_kind": "late"}],
            "contacts": [{"no_such": 1}],
        },
    )
    file = data / "online_retail_ii" / "ledger.parquet"
    ingest = ("orders", str(file.resolve()), "--currency", "GBP", "--map", "ordered_at=ts")
    retail = AnswersCompany(
        "online_retail_ii",
        (ingest,),
        "2011-09-09",
        ("--horizon-days", "90", "--active-days", "90"),
    )
    return [demo, retail] if file.exists() else [demo]


def record(tree: Path, company: AnswersCompany, out: Path) -> None:
    """What one version answers on one company, as files under ``out``."""
    out.mkdir(parents=True)
    home = out / "home"
    doors = _Doors(tree, home, out, "2026-09-01T05:00:00+00:00")
    if company.demo:
        doors.run("demo", "demo", "--no-serve")
        orders = home / "var" / "demo" / "orders.csv"
        doors.run("ingest_again", "ingest", "orders", str(orders), "--json")
        doors.run("ingest_dry", "ingest", "orders", str(orders), "--dry-run", "--map", "amount=list_price")
    for number, ingest in enumerate(company.ingests):
        doors.run(f"ingest_{number}", "ingest", *ingest, "--json")
        doors.run(f"ingest_{number}_again", "ingest", *ingest)
    if not company.demo:
        doors.run("train", "train", "--until", company.as_of, *company.windows, "--json")
    at = ("--as-of", company.as_of)
    doors.run("horizon", "horizon", "--json")
    doors.run("score", "score", *at, "--out", str(out / "scores.csv"), "--json")
    doors.run("lists", "call-lists", *at, "--out", str(out / "lists"), "--json")
    doors.run("lists_text", "call-lists", *at, "--out", str(out / "lists"))
    doors.run("nightly", "nightly", *at, "--json")
    doors.run("drift", "drift", "--json")
    doors.run("report_card", "report-card", "--json")
    doors.run("models", "models", "list", "--json")
    doors.run("model", "models", "show", "--json")
    doors.run("card", "models", "show", "--card")
    doors.run("snapshot", "snapshot", *at, "--out", str(out / "snapshot.parquet"), "--json")
    doors.run("doctor", "doctor", "--json")
    doors.run("no_future", "score", "--as-of", "1999-01-01", "--out", str(out / "none.csv"))
    doors.run("keys", "keys", "create", "crm", "--rights", "push")
    ids = _ids(out / "scores.csv")
    with doors.served() as ask:
        ask("healthz", "/healthz", None)
        ask("scores", "/v1/scores", {"customer_ids": ids})
        for customer_id in ids:
            ask(f"customer_{customer_id}", f"/v1/customers/{customer_id}", None)
        ask("call_lists", "/v1/call-lists", None)
        ask("unknown_door", "/v1/nowhere", None)
        for kind, rows in company.pushed.items():
            ask(f"push_{kind}", f"/v1/{kind}", [row | {"customer_id": ids[0]} for row in rows])
        _wait_until_refreshed(home / "var")
        ask("scores_after", "/v1/scores", {"customer_ids": ids})
    (out / "database.txt").write_text("\n".join(_database(home / "var")))
    (out / "recorded").touch()


def _wait_until_refreshed(var: Path) -> None:
    """Waits until the number of dirty customers stays the same: stopped earlier, it depends on the machine's load."""
    counts: list[int] = []
    while len(counts) < STILL_SECONDS or len(set(counts[-STILL_SECONDS:])) > 1:
        time.sleep(1)
        with contextlib.closing(sqlite3.connect(next(var.glob("*.db")))) as database:
            counts += database.execute("SELECT count(*) FROM dirty_customers").fetchone()


class _Doors:
    def __init__(self, tree: Path, home: Path, out: Path, moment: str) -> None:
        start = out / "start.py"
        start.write_text(START)
        self._command = [sys.executable, str(start), moment, "--home", str(home)]
        self._tree, self._out = tree, out

    def run(self, name: str, *arguments: str) -> None:
        """One command's exit code and words."""
        done = subprocess.run(  # noqa: S603
            [*self._command, *arguments], capture_output=True, text=True, check=False, cwd=self._tree, env=self._env()
        )
        print(f"  {name}: {done.returncode}", flush=True)
        text = f"{done.returncode}\n{done.stdout}\n--\n{done.stderr}"
        (self._out / f"{name}.txt").write_text(text)

    @contextlib.contextmanager
    def served(self) -> Iterator[Any]:
        """The server, and a function that asks it and keeps the answer."""
        server = subprocess.Popen(  # noqa: S603
            [*self._command, "serve", "--port", str(PORT)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._tree,
            env=self._env(),
        )
        try:
            for _ in range(120):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz")
                    break
                time.sleep(0.5)
            yield self._ask
        finally:
            server.terminate()
            server.wait()

    def _ask(self, name: str, path: str, body: Any) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        (self._out / f"http_{name}.txt").write_text(f"{status}\n{text}")

    def _env(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self._tree), "COLUMNS": "120", "PYTHONHASHSEED": "0"}


def _ids(scores: Path) -> list[str]:
    """A few of the customers who were scored, and one whom nobody knows."""
    with scores.open(encoding="utf-8", newline="") as file:
        known = [row["customer_id"] for row in csv.DictReader(file)]
    return [known[0], known[len(known) // 2], known[-1], "nobody"]


def _database(var: Path) -> Iterator[str]:
    for file in sorted(var.glob("*.db")) + sorted(var.glob("*.sqlite*")):
        if file.name.endswith(("-wal", "-shm")):
            continue
        with contextlib.closing(sqlite3.connect(file)) as connection:
            yield from connection.iterdump()


def differences(before: Path, after: Path) -> dict[str, bool]:
    """Each answer's file, and whether both versions gave the same."""
    told = {name: _digest(before / name) for name in _answers(before)}
    then = {name: _digest(after / name) for name in _answers(after)}
    return {name: told.get(name) == then.get(name) for name in sorted(told.keys() | then.keys())}


def _answers(folder: Path) -> list[str]:
    top = [file for file in folder.iterdir() if file.is_file() and file.name != "recorded"]
    deep = [
        *folder.glob("lists/*"),
        *folder.glob("home/var/demo/*"),
        *folder.glob("home/var/bundles/**/*"),
        *folder.glob("home/var/mirror/**/*.parquet"),
    ]
    return [str(file.relative_to(folder)) for file in [*top, *deep] if file.is_file()]


def _digest(file: Path) -> str:
    folder = next(parent for parent in file.parents if (parent / "recorded").exists())
    if file.suffix == ".parquet":
        content = repr(pq.read_table(file).to_pydict()).encode() if file.stat().st_size < 5e6 else file.read_bytes()
    elif file.suffix == ".xlsx":
        with zipfile.ZipFile(file) as book:
            content = b"".join(book.read(name) for name in sorted(book.namelist()) if name.startswith("xl/"))
    else:
        content = file.read_bytes().replace(str(folder).encode(), b"")
    text = CHANCE.sub("", content.decode(errors="surrogateescape"))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _checkout(revision: str, folder: Path) -> Path:
    tree = folder / "tree"
    subprocess.run(["git", "worktree", "add", "--detach", str(tree), revision], check=True, capture_output=True)  # noqa: S603, S607
    return tree


def _recorded(revision: str, data: Path, work: Path) -> Path:
    asked = ["git", "rev-parse", "--short=12", f"{revision}^{{commit}}"]
    commit = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
    place = work / commit
    missing = [each for each in companies(data) if not (place / each.name / "recorded").exists()]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            tree = _checkout(commit, Path(folder))
            for company in missing:
                print(f"{revision} on {company.name}", flush=True)
                record(tree, company, place / company.name)
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], check=True)  # noqa: S603, S607
    return place


def main() -> None:
    """Run both versions where they have not run yet, and print what differs."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("before", help="a revision")
    ask.add_argument("after", nargs="?", help="a revision; left out: only the first is run")
    ask.add_argument("--data", type=Path, default=Path("../shared/data"))
    ask.add_argument("--work", type=Path, default=Path("benchmarks/.work/same_answers"))
    given = ask.parse_args()
    work = given.work.resolve()
    before = _recorded(given.before, given.data, work)
    if given.after is None:
        return
    after = _recorded(given.after, given.data, work)
    differing = 0
    for company in companies(given.data):
        found = differences(before / company.name, after / company.name)
        wrong = [name for name, same in found.items() if not same]
        differing += len(wrong)
        print(f"{company.name}: {len(found) - len(wrong)} of {len(found)} answers are the same to the byte")
        for name in wrong:
            print(f"  differs: {name}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
