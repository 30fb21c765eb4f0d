"""The catalogue as a page: `python -m features.catalog.page` writes CATALOG.md beside this file."""

from __future__ import annotations

from pathlib import Path

from features.catalog import CATALOG, CATALOG_FINGERPRINT
from features.catalog.definition import Feature

PAGE = Path(__file__).with_name("CATALOG.md")

_TOP = f"""# The catalogue

Every feature of a customer as of an instant, in snapshot order. Made by `python -m features.catalog.page` from
`features/catalog/*.py`; do not edit by hand. Windows are business days back from the as-of's day, half-open, up to the
as-of itself. Counts and sums are 0 where a customer has no such row; everything else is then unknown (null), never 0.

Fingerprint: `{CATALOG_FINGERPRINT[:16]}`; a model refuses a snapshot of another catalogue.

| feature | unit | meaning | unknown when | a manager reads | learnt from | source |
|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The catalogue in Markdown, one line per feature."""
    return _TOP + "".join(_line(feature) for feature in CATALOG)


def _line(feature: Feature) -> str:
    sentence = feature.sentence.replace("{value}", "…")
    learnt = "yes" if feature.learnable else "no"
    cells = (
        f"`{feature.name}`",
        feature.unit.value,
        feature.meaning,
        feature.missing,
        sentence,
        learnt,
        feature.source,
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
