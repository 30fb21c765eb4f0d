"""Settings of the server: where it listens and how much it accepts. There is no default secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.home import Home
from serving.errors import ServingError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ServerSettings(BaseSettings):
    """Settings from CALLFIRST_… in the environment; options of the command line take precedence.

    The database is that of the home (CALLFIRST_DATABASE_URL). Access keys are made with ``callfirst keys create`` and
    stored as hashes, so no setting holds a secret.
    """

    model_config = SettingsConfigDict(env_prefix="CALLFIRST_", frozen=True, extra="ignore")

    home: Path = Path()
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    cookie_over_https_only: bool | None = Field(
        default=None,
        description="Whether a browser sends the session over HTTPS only; by default except on this machine.",
    )
    body_limit_bytes: int = Field(default=1_048_576, ge=1_024)
    refresh_seconds: float = Field(
        default=0.2, ge=0, le=3_600, description="Seconds between two refreshes; 0: none in this process."
    )

    @property
    def secure_cookie(self) -> bool:
        """Whether a browser sends the session cookie over HTTPS only."""
        if self.cookie_over_https_only is None:
            return self.host not in LOOPBACK
        return self.cookie_over_https_only


class ServerSettingsError(ServingError):
    """A setting of the server that does not fit."""


def read_server_settings(home: Home, *, host: str | None, port: int | None) -> ServerSettings:
    """The settings: the options given, then CALLFIRST_… in the environment, then the defaults.

    Raises:
        ServerSettingsError: a value in the environment does not fit.
    """
    options: dict[str, Any] = {"host": host, "port": port}
    try:
        return ServerSettings(home=home.root, **{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        name = "_".join(str(part) for part in fault["loc"]).upper()
        raise ServerSettingsError(f"CALLFIRST_{name} does not fit: {fault['msg']}.", "Correct or unset it.") from None
