"""The README's picture: the demo company's page, as Chromium shows it.

Example: python -m benchmarks.picture call-list.png     (Debian: apt-get install chromium)
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from fastapi.testclient import TestClient

from features import clock
from features.home import Home
from features.ledger.store.database import open_store
from serving import access
from serving.api.app import create_app
from serving.settings import ServerSettings

ADDRESS = "http://127.0.0.1:8000"
STYLE_SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1100,940",
]


def page_of(home: Home) -> str:
    """The page a company key sees, its style sheet inside."""
    with open_store(home) as store:
        moment = clock.now()
        key = access.create_key(store.engine, f"picture {moment.isoformat()}", manager_id=None, now=moment)
    with TestClient(create_app(ServerSettings(home=home.root)), base_url=ADDRESS) as browser:
        page = browser.post("/sign-in", data={"key": key}, headers={"Origin": ADDRESS}).text
        return STYLE_SHEET.sub(lambda found: f"<style>{browser.get(found[1]).text}</style>", page)


def main() -> None:
    """Run the demo without a server and draw its page."""
    out = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as place:
        demo = [sys.executable, "-m", "callfirst", "--home", f"{place}/home", "demo", "--no-serve"]
        subprocess.run(demo, check=True)  # noqa: S603
        page = Path(place) / "page.html"
        page.write_text(page_of(Home(Path(place) / "home")), encoding="utf-8")
        drawn = [*CHROMIUM, f"--user-data-dir={place}/browser", f"--screenshot={out}", page.as_uri()]
        subprocess.run(drawn, check=True, capture_output=True)  # noqa: S603


if __name__ == "__main__":
    main()
