"""The routes of /v1 that read; each reads the published tables and nothing else."""

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
    problem = {"model": Problem, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {status.value: problem | {"description": status.phrase} for status in statuses}


ALWAYS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _engine(request: Request) -> sa.Engine:
    engine: sa.Engine = request.app.state.engine
    return engine


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Engine = Annotated[sa.Engine, Depends(_engine)]
KeyHolder = Annotated[Caller, Depends(_caller)]

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
def scores(question: ScoresQuestion, engine: Engine, caller: KeyHolder, _: NoQuery) -> ScoresAnswer:
    """Published scores of up to 10,000 customers, in the order asked."""
    run = publication.newest_run(engine)
    score_by_id = publication.scores_of(engine, run, question.customer_ids, caller=caller)
    known_ids = [customer_id for customer_id in question.customer_ids if customer_id in score_by_id]
    return ScoresAnswer.model_validate(
        RunAnswer.facts(run)
        | {
            "scores": [score_by_id[customer_id] for customer_id in known_ids],
            "refreshed": [
                customer_id for customer_id in known_ids if score_by_id[customer_id]["as_of"] > run.inputs.as_of
            ],
            "unknown": [customer_id for customer_id in question.customer_ids if customer_id not in score_by_id],
        }
    )


@v1.get("/customers/{customer_id:path}", responses=problems_of(*ALWAYS, HTTPStatus.NOT_FOUND))
def customer(customer_id: Annotated[Identifier, Path()], engine: Engine, caller: KeyHolder, _: NoQuery) -> Customer:
    """The published score of one customer."""
    run = publication.newest_run(engine)
    score = publication.score_of(engine, run, customer_id, caller=caller)
    return Customer.model_validate(score | {"refreshed": score["as_of"] > run.inputs.as_of})


@v1.get("/call-lists", responses=problems_of(*ALWAYS, HTTPStatus.NOT_FOUND))
def call_lists(question: Annotated[ListsQuestion, Query()], engine: Engine, caller: KeyHolder) -> CallListsAnswer:
    """The published call lists, with their lines by rank."""
    run = publication.newest_run(engine)
    lists = publication.lists_for(engine, run, caller=caller, manager_id=question.manager_id)
    return CallListsAnswer.model_validate(RunAnswer.facts(run) | {"lists": lists})


@health.get("/healthz")
def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@health.get("/readyz", responses=problems_of(HTTPStatus.SERVICE_UNAVAILABLE))
def readyz(engine: Engine) -> Health:
    """Something is published, so questions can be answered."""
    publication.newest_run(engine)
    return Health(status="ready")
