"""Who errs silently on bad ledgers: ours, lifetimes and pymc-marketing over the corpus.

Example: python -m benchmarks.bad_ledgers --rivals benchmarks/.rivals

The rule, the same for all three. *Right*: of exactly the customers with an order day the answer tells the order days,
the days from the first to the last and the money the case expects (to a cent). *Refuses*: there is no answer but an
error. *Errs aloud*: another answer, with a warning. *Errs silently*: another answer and no word, also where the case
expects a refusal, as nobody can know. *Waits*: no answer in 20 seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import pinned
from features.atomic_write import atomic_write
from features.errors import CallfirstError
from features.home import Home
from features.ledger.errors import EmptyLedgerError
from features.ledger.ingest.intake import ingest
from features.ledger.ingest.request import IngestRequest, InputFiles
from features.ledger.mirror.parquet_mirror import read_ledger
from features.policy import Policy
from tests.corpus.cases import Case, read_cases

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).parent / "CORPUS.md"
NOW = datetime(2026, 8, 31, 12, tzinfo=UTC)
RIVALS = ("lifetimes", "pymc-marketing")
WAYS = ("right", "refuses", "errs aloud", "waits", "errs silently")
Answer = Mapping[str, Any]


def main() -> None:
    """Writes benchmarks/bad_ledgers/CORPUS.md."""
    parser = argparse.ArgumentParser(description="Who errs silently on bad ledgers: benchmarks/bad_ledgers/CORPUS.md.")
    parser.add_argument("--rivals", type=Path, default=ROOT / "benchmarks" / ".rivals", help="their environment")
    told = parser.parse_args()
    cases = [case for case in read_cases() if _can_be_told(case)]
    with tempfile.TemporaryDirectory() as folder:
        files = {case.name: _written(case, Path(folder) / str(at)) for at, case in enumerate(cases)}
        answers = _ask(told.rivals / "bin" / "python", files)
        for at, case in enumerate(cases):
            answers[case.name]["callfirst"] = _ours(case, files[case.name], Home(Path(folder) / f"home{at}"))
    verdicts = {case: {who: verdict(case, answers[case.name][who]) for who in ("callfirst", *RIVALS)} for case in cases}
    with atomic_write(PAGE) as path:
        path.write_text(page(verdicts), encoding="utf-8")
    print(totals(verdicts))


def _can_be_told(case: Case) -> bool:
    """Whether all three can be asked: order lines alone, and no rights that depend on who runs the command."""
    return all(step.kind == "orders" and "Permission denied" not in step.refused for step in case.ingests)


def _written(case: Case, folder: Path) -> list[list[Path]]:
    return [step.write(folder / str(at)) for at, step in enumerate(case.ingests)]


def _ask(python: Path, files: Mapping[str, Sequence[Sequence[Path]]]) -> dict[str, dict[str, Answer]]:
    asked = {name: [str(path) for step in steps for path in step] for name, steps in files.items()}
    command = [str(python), "-m", "benchmarks.bad_ledgers.rival_answers"]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"The rivals failed:\n{done.stderr}")
    answers: dict[str, dict[str, Answer]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def _ours(case: Case, files: Sequence[Sequence[Path]], home: Home) -> Answer:
    policy = Policy(**case.policy)
    try:
        for step, paths in zip(case.ingests, files, strict=True):
            ingest(IngestRequest(step.kind, InputFiles(paths), home=home, policy=policy, now=NOW, **step.options))
        with read_ledger(home, policy).open() as connection:
            found = connection.sql(
                """SELECT customer_id, count(DISTINCT order_day) FILTER (makes_order) AS days,
                    max(order_day) FILTER (makes_order) - min(order_day) FILTER (makes_order), sum(amount)
                FROM order_lines WHERE replaced_at IS NULL GROUP BY customer_id HAVING days > 0"""
            ).fetchall()
    except EmptyLedgerError:
        return {"customers": {}, "warned": []}
    except CallfirstError as error:
        return {"refused": error.sentence}
    return {"customers": {name: [days, span, float(money)] for name, days, span, money in found}, "warned": []}


def verdict(case: Case, answer: Answer) -> str:
    """One of WAYS."""
    if "waits" in answer:
        return "waits"
    if "refused" in answer:
        return "refuses"
    expected = {
        each.customer_id: [each.order_days, (each.last_on - each.first_on).days, float(each.money)]
        for each in case.customers
        if each.first_on and each.last_on
    }
    found = answer["customers"]
    same = expected.keys() == found.keys() and all(
        math.isclose(one, other, abs_tol=0.005)
        for name in expected
        for one, other in zip(expected[name], found[name], strict=True)
    )
    if same and not case.refused:
        return "right"
    return "errs aloud" if answer["warned"] else "errs silently"


def totals(verdicts: Mapping[Case, Mapping[str, str]]) -> str:
    """The table of how often who did what."""
    lines = ["| | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    for who in ("callfirst", *RIVALS):
        counts = Counter(each[who] for each in verdicts.values())
        lines.append(f"| {who} | " + " | ".join(str(counts[way]) for way in WAYS) + " |")
    return "\n".join(lines)


def page(verdicts: Mapping[Case, Mapping[str, str]]) -> str:
    """The page."""
    rule = (__doc__ or "").split("\n\n")[2]
    versions = ", ".join(f"{name} {pinned()[name]}" for name in (*RIVALS, "pandas"))
    lines = [
        "# Who errs silently on bad ledgers",
        "",
        f"Made by `python -m benchmarks.bad_ledgers` from {len(verdicts)} cases of [the corpus](../../tests/corpus),",
        f"with {versions}. The rivals read each file by pandas with its defaults, as their users do.",
        "The cases are ours and a test holds callfirst to them, so its own row is no surprise: "
        "the others' are the news.",
        "",
        rule,
        "",
        totals(verdicts),
        "",
    ]
    for room in dict.fromkeys(case.room for case in verdicts):
        lines += [
            "",
            f"## {room}",
            "",
            "| case | fault | callfirst | " + " | ".join(RIVALS) + " |",
            "|---|---|---|---|---|",
        ]
        for case, said in verdicts.items():
            if case.room == room:
                ways = " | ".join(_shown(said[who], case) for who in ("callfirst", *RIVALS))
                lines.append(f"| {case.name} | {case.fault.replace('|', chr(92) + '|')} | {ways} |")
    return "\n".join(lines) + "\n"


def _shown(way: str, case: Case) -> str:
    if way == "errs silently":
        return f"**{way}**"
    return f"{way}, as it must" if way == "refuses" and case.refused else way


if __name__ == "__main__":
    main()
