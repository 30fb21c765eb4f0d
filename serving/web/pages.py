"""The pages: the sign-in with an access key, and today's call list."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from features import clock
from serving import access
from serving.errors import BodyTypeError, ForeignOriginError, UnknownListError
from serving.publication import publish as publication
from serving.web.view_model import page_of

COOKIE = "callfirst_session"
FORM_TYPE = "application/x-www-form-urlencoded"
HERE = Path(__file__).parent
NOT_ACCEPTED = "This key is not accepted. Check for typing errors; it may also be revoked."

templates = Environment(
    loader=PackageLoader("serving.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
pages = APIRouter(include_in_schema=False)


@pages.get("/")
def call_list(request: Request, list_id: Annotated[str, Query(alias="list", max_length=100)] = "") -> Response:
    """Today's call list: a manager's own; with a company key the chosen one, else the one with most at risk."""
    caller = _caller_of_session(request)
    if caller is None:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    engine = request.app.state.engine
    run = publication.newest_run_or_none(engine)
    if run is None:
        return _nothing("Nothing published yet", "The first list comes with tonight's run.")
    heads = publication.list_heads(engine, run, caller=caller)
    if not heads:
        return _nothing("No list for you", f"No customers of {caller.manager_id} are known.")
    most_at_risk = max(heads, key=lambda head: head.value_at_risk)
    opened = next((head for head in heads if head.list_id == list_id), None if list_id else most_at_risk)
    if opened is None:
        raise UnknownListError
    return _html("call_list.html", page=page_of(run, heads, opened, publication.list_content(engine, run, opened)))


@pages.get("/sign-in")
def sign_in_form() -> Response:
    """The sign-in form."""
    return _html("sign_in.html", complaint="")


@pages.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """A new session for a valid key; the browser keeps its token, the database a hash of it."""
    _want_own_origin(request)
    key = await _field(request, "key")
    token = await run_in_threadpool(access.open_session, request.app.state.engine, key, now=clock.now())
    if token is None:
        return _html("sign_in.html", HTTPStatus.UNAUTHORIZED, complaint=NOT_ACCEPTED)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(access.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.app.state.settings.secure_cookie,
    )
    return answer


@pages.post("/sign-out")
def sign_out(request: Request) -> Response:
    """The session is over, in the browser and in the database."""
    _want_own_origin(request)
    access.close_session(request.app.state.engine, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@pages.get("/style.css")
def style() -> Response:
    """The style sheet."""
    return _asset("style.css", "text/css")


@pages.get("/icon.svg")
def icon() -> Response:
    """The icon in the browser's tab."""
    return _asset("icon.svg", "image/svg+xml")


def _caller_of_session(request: Request) -> access.Caller | None:
    token = request.cookies.get(COOKIE)
    return access.caller_of_session(request.app.state.engine, token, now=clock.now()) if token else None


def _want_own_origin(request: Request) -> None:
    """A second check beside SameSite=Strict: browsers name the origin of every form they send."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise ForeignOriginError


async def _field(request: Request, name: str) -> str:
    """One field of the form; empty where it is missing."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise BodyTypeError(FORM_TYPE)
    fields = parse_qs((await request.body()).decode("utf-8", "replace"))
    return fields.get(name, [""])[0][:200]


def _nothing(heading: str, sentence: str) -> Response:
    return _html("nothing.html", heading=heading, sentence=sentence)


def _html(template: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
    return HTMLResponse(templates.get_template(template).render(**values), status)


def _asset(name: str, media_type: str) -> Response:
    headers = {"Cache-Control": "max-age=3600"}
    return Response((HERE / name).read_bytes(), media_type=media_type, headers=headers)
