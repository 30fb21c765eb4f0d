"""``sources.toml``: the named places that a company's rows are pulled from, checked when it is read."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from features.ledger.errors import LedgerError
from features.ledger.reading.databases import address_of, asks_since
from features.ledger.schema.record_types import RECORD_TYPES
from features.settings_file import SettingError, settings_of

VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET_OPTIONS = ("pass", "pwd", "secret", "token")
WatermarkValue = date | datetime | int | float | str
"""A value of a watermark column."""


class SourcesFileError(LedgerError):
    """An invalid sources.toml."""


class UnknownSourceError(LedgerError):
    """A source that is not in sources.toml; without a name: there are no sources."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"There is no source '{name}' in sources.toml." if name else "sources.toml names no source.",
            f"It names: {', '.join(known)}." if known else "Add one: [name], kind, files; or kind, url, query.",
        )


class LiteralPasswordError(SourcesFileError):
    """A password written into sources.toml."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The source '{name}' holds a password in its url.",
            "Put it into an environment variable and write ${NAME} in its place: postgresql://reader:${ERP_PASSWORD}@…",
        )


class MissingVariableError(LedgerError):
    """An environment variable that a source needs is not set."""

    def __init__(self, source: str, variable: str) -> None:
        super().__init__(
            f"The source '{source}' needs the environment variable {variable}, which is not set.",
            "Set it in the environment of callfirst.",
        )


@dataclass(frozen=True)
class Source:
    """One named place that rows are pulled from.

    Attributes:
        name: its heading in sources.toml.
        kind: of its rows.
        files: file, folder of Parquet, or pattern; relative to the home. Empty: a database.
        url: of the database; ``${NAME}`` in it stands for an environment variable.
        query: run there; ``:since`` in it stands for the watermark.
        since: start of a query's first pull.
        watermark: the column whose largest value is the start of the next pull.
        overlap: distance before the watermark at which it starts again: days of a date or instant, else its own unit.
        mapping: ours → theirs.
        currency, known_at, history: as ``ingest`` has them.
    """

    name: str
    kind: str
    files: str = ""
    url: str = ""
    query: str = ""
    since: WatermarkValue | None = None
    watermark: str = ""
    overlap: float = 0
    mapping: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    known_at: str = ""
    history: bool = False

    def __post_init__(self) -> None:
        if self.kind not in RECORD_TYPES:
            raise self._wrong(f"kind = '{self.kind}', which is none", f"Kinds are: {', '.join(RECORD_TYPES)}.")
        if bool(self.files) == bool(self.url) or bool(self.url) != bool(self.query):
            raise self._wrong("neither files nor url and query", "Give files = …, or url = … and query = ….")
        if asks_since(self.query) and not self.watermark:
            raise self._wrong("a query with :since, but no watermark", "Name the column: watermark = …")
        if asks_since(self.query) and self.since is None:
            raise self._wrong("a query with :since, but no since", "Say where to start: since = 2020-01-01")
        if self.overlap < 0:
            raise self._wrong("an overlap below 0", "Give days, or steps of the watermark: overlap = 2")
        if self.url:
            self._refuse_literal_password()

    def address(self) -> URL:
        """The database's address, with the values of environment variables.

        Raises:
            MissingVariableError: a variable is not set.
        """
        if VARIABLE.fullmatch(self.url):
            return address_of(self._filled(self.url))
        url = address_of(self.url)
        parts = {part: getattr(url, part) for part in ("username", "password", "host", "database")}
        filled = {part: self._filled(str(value)) for part, value in parts.items() if value is not None}
        options = {
            name: value if isinstance(value, tuple) else self._filled(value) for name, value in url.query.items()
        }
        return url.set(**filled, query=options)  # type: ignore[arg-type]  # its overloads know no mapping

    def _filled(self, text: str) -> str:
        def value_of(variable: re.Match[str]) -> str:
            if (value := os.environ.get(variable[1])) is None:
                raise MissingVariableError(self.name, variable[1])
            return value

        return VARIABLE.sub(value_of, text)

    def _refuse_literal_password(self) -> None:
        if VARIABLE.fullmatch(self.url):
            return
        url = address_of(self.url)
        options = [str(value) for name, value in url.query.items() if any(part in name for part in SECRET_OPTIONS)]
        secrets = [str(secret) for secret in (url.password, *options) if secret]
        if any(VARIABLE.sub("", secret) for secret in secrets):
            raise LiteralPasswordError(self.name)

    def _wrong(self, what: str, hint: str) -> SourcesFileError:
        return SourcesFileError(f"The source '{self.name}' in sources.toml has {what}.", hint)


def read_sources(path: Path) -> dict[str, Source]:
    """The sources of a company by name; none where there is no file.

    Raises:
        SourcesFileError: the file cannot be read, or is invalid.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourcesFileError(
            f"{path} is not TOML: {error}.", 'Write a heading [name], then lines like kind = "orders".'
        ) from None
    return {name: _source(name, table) for name, table in tables.items()}


def _source(name: str, table: Any) -> Source:
    if not isinstance(table, dict):
        raise SourcesFileError(f"'{name}' in sources.toml has no heading.", "Write [name] above its settings.")
    try:
        return settings_of(Source, {"kind": "", **table}, name=name)
    except SettingError as error:
        raise SourcesFileError(f"The source '{name}' in sources.toml sets {error.problem}.", error.hint) from None
