"""The running server: its socket, its log, its HTTP parser."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http import HTTPStatus

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from features.home import Home
from features.ledger.store.database import open_store
from serving import access
from serving.api.app import create_app
from serving.api.logs import log_as_json
from serving.api.problems import problem
from serving.api.security_headers import SAFE_HEADERS
from serving.errors import ServingError
from serving.settings import ServerSettings


class NoKeysError(ServingError):
    """A server without access keys, which no client could use."""

    def __init__(self) -> None:
        super().__init__("There is no access key, so nobody can sign in.", "Make one: callfirst keys create NAME.")


class AddressError(ServingError):
    """An address that the server cannot listen on."""

    def __init__(self, settings: ServerSettings, why: str) -> None:
        super().__init__(
            f"Cannot listen on {settings.host}:{settings.port}: {why}.",
            "Choose another --host or --port, or stop the program that uses it.",
        )


class PlainSpoken(H11Protocol):
    """HTTP/1.1 whose answer to a malformed request is problem+json with the safe headers, as for every other error."""

    def send_400_response(self, msg: str) -> None:
        """Answer and close the connection; ``msg`` is uvicorn's sentence."""
        refusal = problem(HTTPStatus.BAD_REQUEST, msg, headers={**SAFE_HEADERS, "Connection": "close"})
        head = [b"HTTP/1.1 400 Bad Request", *(b": ".join(header) for header in refusal.raw_headers)]
        self.transport.write(b"\r\n".join([*head, b"", bytes(refusal.body)]))
        self.transport.close()


def serve_until_stopped(settings: ServerSettings, *, announce: Callable[[str], None]) -> None:
    """Answer until the process is told to stop; ``announce`` is called with the address once it is open.

    Raises:
        NoKeysError: no valid access key exists.
        AddressError: the address is taken or not of this machine.
    """
    with open_store(Home(settings.home)) as store:
        has_keys = any(key.revoked_at is None for key in access.keys(store.engine))
    if not has_keys:
        raise NoKeysError
    with _listening(settings) as listener:
        log_as_json()
        host, port = listener.getsockname()[:2]
        announce(f"Call lists: http://{host}:{port}/ (sign in with an access key)")
        config = uvicorn.Config(
            create_app(settings),
            access_log=False,  # it would log paths, and a path may name a customer
            log_config=None,
            server_header=False,
            http=PlainSpoken,
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listening(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2_048)
    except OSError as error:
        raise AddressError(settings, (error.strerror or str(error)).partition(" (while ")[0]) from None
    except (TypeError, UnicodeError):  # the name of the host is too long or not a text
        raise AddressError(settings, "this is not a host name") from None
