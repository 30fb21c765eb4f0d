"""The app: routes, pages, middleware and the refresh worker, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from features.home import Home
from features.ledger.store.database import open_store
from serving.api import problems
from serving.api.middleware import BodyLimit, SafeAndLogged
from serving.api.push_routes import pushes
from serving.api.refresh_worker import Refreshing
from serving.api.routes import health, v1
from serving.settings import ServerSettings
from serving.web.pages import pages

VERSION = "1"
"""The version of the contract under /v1."""


def create_app(settings: ServerSettings) -> FastAPI:
    """The app; it opens the database when it starts and closes it when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        home = Home(settings.home)
        with open_store(home) as store:
            app.state.engine = store.engine
            refreshing = Refreshing(home, store, every_seconds=settings.refresh_seconds)
            if settings.refresh_seconds:
                refreshing.start()
            yield
            if settings.refresh_seconds:
                refreshing.stop()

    app = FastAPI(
        title="Callfirst",
        version=VERSION,
        description="Which customers to call first, and why. Every /v1 request needs an access key.",
        lifespan=lifespan,
        openapi_url=None,  # the contract is committed beside this file; nothing is answered without a key
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    problems.install(app)
    app.include_router(v1)
    app.include_router(pushes)
    app.include_router(health)
    app.include_router(pages)
    app.add_middleware(BodyLimit, limit_bytes=settings.body_limit_bytes)
    app.add_middleware(SafeAndLogged)
    return app
