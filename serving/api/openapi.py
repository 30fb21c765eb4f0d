"""The committed OpenAPI contract; ``python -m serving.api.openapi`` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

from serving.api.app import create_app
from serving.settings import ServerSettings

CONTRACT = Path(__file__).with_name("openapi.json")


def write_contract() -> None:
    """The app's contract is in openapi.json."""
    text = json.dumps(create_app(ServerSettings()).openapi(), indent=1, ensure_ascii=False)
    CONTRACT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_contract()
