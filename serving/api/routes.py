"""What /v1 answers; each route reads the published tables and nothing else."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Path, Query, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request

from serving.access import Caller
from serving.api.keyed_route import KeyedRoute
from serving.api.problems import MEDIA_TYPE
from serving.api.schemas import (
    CallListsAnswer,
    Customer,
    Health,
    Identifier,
    ListsQuestion,
    Problem,
    Question,
    RunAnswer,
    ScoresAnswer,
    ScoresQuestion,
)
from serving.publication import publish as publication


def problems_of(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The errors of a route as OpenAPI shows them."""
    shown = {"model": Problem, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {status.value: shown | {"description": status.phrase} for status in statuses}


ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _engine(request: Request) -> sa.Engine:
    engine: sa.Engine = request.app.state.engine
    return engine


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Book = Annotated[sa.Engine, Depends(_engine)]
Asking = Annotated[Caller, Depends(_caller)]

NoQuery = Annotated[Question, Query()]

bearer = HTTPBearer(auto_error=False, scheme_name="bearer")
header = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="key")

v1 = APIRouter(
    prefix="/v1",
    route_class=KeyedRoute,
    dependencies=[Security(bearer), Security(header)],  # for OpenAPI; KeyedRoute decides
)
health = APIRouter()


@v1.post("/scores", responses=problems_of(*ALWAYS, *BODY))
def scores(asked: ScoresQuestion, book: Book, caller: Asking, _: NoQuery) -> ScoresAnswer:
    """Published scores of up to 10,000 customers, in the order asked."""
    run = publication.newest_run(book)
    found = publication.scores_of(book, run, asked.customer_ids, caller=caller)
    known = [each for each in asked.customer_ids if each in found]
    return ScoresAnswer.model_validate(
        RunAnswer.facts(run)
        | {
            "scores": [found[each] for each in known],
            "refreshed": [each for each in known if found[each]["as_of"] > run.made.as_of],
            "unknown": [each for each in asked.customer_ids if each not in found],
        }
    )


@v1.get("/customers/{customer_id:path}", responses=problems_of(*ALWAYS, HTTPStatus.NOT_FOUND))
def customer(customer_id: Annotated[Identifier, Path()], book: Book, caller: Asking, _: NoQuery) -> Customer:
    """The published score of one customer."""
    run = publication.newest_run(book)
    score = publication.score_of(book, run, customer_id, caller=caller)
    return Customer.model_validate(score | {"refreshed": score["as_of"] > run.made.as_of})


@v1.get("/call-lists", responses=problems_of(*ALWAYS, HTTPStatus.NOT_FOUND))
def call_lists(asked: Annotated[ListsQuestion, Query()], book: Book, caller: Asking) -> CallListsAnswer:
    """The published call lists, with their lines by rank."""
    run = publication.newest_run(book)
    lists = publication.lists_for(book, run, caller=caller, manager_id=asked.manager_id)
    return CallListsAnswer.model_validate(RunAnswer.facts(run) | {"lists": lists})


@health.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@health.get("/readyz", responses=problems_of(HTTPStatus.SERVICE_UNAVAILABLE))
def readyz(book: Book) -> Health:
    """Something is published, so questions can be answered."""
    publication.newest_run(book)
    return Health(status="ready")
