"""The committed contract, and how it is refreshed: ``python -m serving.api.openapi``."""

from __future__ import annotations

import json
from pathlib import Path

from serving.api.app import create_app
from serving.settings import ServerSettings

CONTRACT = Path(__file__).with_name("openapi.json")


def write_contract() -> None:
    """Write openapi.json as the app has it."""
    text = json.dumps(create_app(ServerSettings()).openapi(), indent=1, ensure_ascii=False)
    CONTRACT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_contract()
