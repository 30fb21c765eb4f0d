"""The routes of /v1 that take rows: a POST per kind of event, and a PUT for customers.

Every row is accounted for. 200: every row is in the ledger, as a new one or as a known one. 207: some rows are in
quarantine, each named with its reason; the others are in the ledger. Any other status: nothing was stored.

Rows that carry their number (order_id and line_id, complaint_id …) are versions of it: the same values sent again
change nothing, other values correct it. Rows without a number are told apart by their content: the k-th equal row of a
batch counts as known once k equal rows are in the ledger, so a batch may be sent again and never counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Body, Path, Request, Response, Security

from features import clock
from features.home import Home
from serving.api.keyed_route import KeyedRoute
from serving.api.push_schemas import MOST_ROWS, PushedRow, row_of, table_of
from serving.api.routes import ALWAYS, BODY, NoQuery, bearer, header, problems_of
from serving.api.schemas import Identifier, PushAnswer
from serving.authorised_push import push

PUSHED = ("orders", "contacts", "complaints", "surveys", "payments", "events")
RESPONSES = {
    HTTPStatus.MULTI_STATUS.value: {"model": PushAnswer, "description": "Some rows are in quarantine"},
    **problems_of(*ALWAYS, *BODY, HTTPStatus.FORBIDDEN),
}

pushes = APIRouter(prefix="/v1", route_class=KeyedRoute, dependencies=[Security(bearer), Security(header)])


def _post(kind: str) -> Callable[..., PushAnswer]:
    def answer(rows: Sequence[PushedRow], request: Request, response: Response, _: NoQuery) -> PushAnswer:
        return _push(kind, table_of(kind, rows), request, response)

    return _taking_rows(answer, row_of(kind))


def _put(row: type[PushedRow]) -> Callable[..., PushAnswer]:
    def answer(
        customer_id: Annotated[Identifier, Path()],
        rows: Sequence[PushedRow],
        request: Request,
        response: Response,
        _: NoQuery,
    ) -> PushAnswer:
        return _push("customers", table_of("customers", rows, customer_id=customer_id), request, response)

    return _taking_rows(answer, row)


def _push(kind: str, table: pa.Table, request: Request, response: Response) -> PushAnswer:
    """The account of the rows, which are now in the ledger; the status of the response is set."""
    state = request.app.state
    home = Home(state.settings.home)
    pushed = push(home, state.engine, kind, table, caller=request.state.caller, now=clock.now())
    response.status_code = HTTPStatus.MULTI_STATUS if pushed.faults else HTTPStatus.OK
    return PushAnswer.of(pushed)


def _taking_rows(answer: Callable[..., PushAnswer], row: type[PushedRow]) -> Callable[..., PushAnswer]:
    """The handler with the type of its rows, which is made from the record type and so has no name in code."""
    rows: Any = list[row]  # type: ignore[valid-type]  # made from data
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
    description="The state of a customer from now on: one row, or one for each person there.",
)
