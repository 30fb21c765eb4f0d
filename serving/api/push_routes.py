"""The doors through which rows come in: a POST per kind of what happened, and a PUT for customers.

Every row is accounted for. 200: all of them are in the ledger, as new or as there already. 207: some are in quarantine,
each named with its reason; the others are in. Anything else: nothing was stored.

Rows that carry their number (order_id and line_id, complaint_id …) are versions of it: sent again they change nothing,
sent with other values they correct it. Rows without one are told apart by their content: the k-th equal row of a batch
is there already once k equal rows are in the ledger, so that a batch may be sent again and never counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request, Response, Security

from features import clock
from features.home import Home
from features.ledger.ingest.push import Pushed
from serving.api.keyed_route import KeyedRoute
from serving.api.push_schemas import MOST_ROWS, PushedRow, row_of, table_of
from serving.api.routes import ALWAYS, BODY, Asking, Book, NoQuery, bearer, header, problems_of
from serving.api.schemas import Identifier, PushAnswer
from serving.authorised_push import push

PUSHED = ("orders", "contacts", "complaints", "surveys", "payments", "events")
RESPONSES = {
    HTTPStatus.MULTI_STATUS.value: {"model": PushAnswer, "description": "Some rows are in quarantine"},
    **problems_of(*ALWAYS, *BODY, HTTPStatus.FORBIDDEN),
}

pushes = APIRouter(prefix="/v1", route_class=KeyedRoute, dependencies=[Security(bearer), Security(header)])


def _answered(pushed: Pushed, response: Response) -> PushAnswer:
    response.status_code = HTTPStatus.MULTI_STATUS if pushed.faults else HTTPStatus.OK
    return PushAnswer.of(pushed)


def _post(kind: str) -> Callable[..., PushAnswer]:
    def answer(
        rows: Sequence[PushedRow], request: Request, response: Response, book: Book, caller: Asking, _: NoQuery
    ) -> PushAnswer:
        home = Home(request.app.state.settings.home)
        return _answered(push(home, book, kind, table_of(kind, rows), caller=caller, now=clock.now()), response)

    return _taking(answer, row_of(kind))


def _put(customer: type[PushedRow]) -> Callable[..., PushAnswer]:
    def answer(
        customer_id: Annotated[Identifier, Path()],
        rows: Sequence[PushedRow],
        request: Request,
        response: Response,
        book: Book,
        caller: Asking,
        _: NoQuery,
    ) -> PushAnswer:
        home, table = Home(request.app.state.settings.home), table_of("customers", rows, customer_id=customer_id)
        return _answered(push(home, book, "customers", table, caller=caller, now=clock.now()), response)

    return _taking(answer, customer)


def _taking(answer: Callable[..., PushAnswer], row: type[PushedRow]) -> Callable[..., PushAnswer]:
    """The door with the rows it takes, which are made of the contract and so have no name in code."""
    rows: Any = list[row]  # type: ignore[valid-type]  # made of data
    answer.__annotations__["rows"] = Annotated[rows, Body(min_length=1, max_length=MOST_ROWS)]
    return answer


for _kind in PUSHED:
    pushes.add_api_route(
        f"/{_kind}",
        _post(_kind),
        methods=["POST"],
        responses=RESPONSES,
        name=f"push_{_kind}",
        summary=f"Push {_kind}",
        description=f"Bring up to {MOST_ROWS:,} rows of {_kind} into the ledger.",
    )
pushes.add_api_route(
    "/customers/{customer_id:path}",
    _put(row_of("customers", without=("customer_id",))),
    methods=["PUT"],
    responses=RESPONSES,
    name="put_customer",
    summary="Put a customer",
    description="What is known of a customer from now on: a row, or one for each person there.",
)
