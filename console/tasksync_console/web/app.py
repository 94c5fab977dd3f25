"""The web application: routes, and the gate that every request passes."""

from __future__ import annotations

import sys
import traceback
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tasksync_clients.errors import ClientError
from tasksync_console.address import find_address
from tasksync_console.web.cookies import keep
from tasksync_console.web.pages import PAGES
from tasksync_console.web.visit import THEMES, Visit
from tasksync_engine.errors import EngineError, LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from tasksync_console.web.visit import Console

    Handler = Callable[[Visit], Response]

LONGEST_FORM = 64 * 1024
MOST_MEMBERS = 100
FORM_KEY = "form_key"
OPEN_TO_ALL = frozenset({"/login", "/theme"})
STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_TITLES = {
    400: "That cannot be read",
    403: "Not sent by this console",
    404: "There is no such page",
    405: "Not that way",
    413: "Too much at once",
}


def build(console: Console) -> Starlette:
    """The application of a console."""

    async def answer(request: Request) -> Response:
        return _sealed(console, request, await _answer(console, request))

    return Starlette(
        routes=[
            Route("/static/{name}", _static),
            Route("/{path:path}", answer, methods=["GET", "HEAD", "POST"]),
        ]
    )


async def _answer(console: Console, request: Request) -> Response:
    if not console.guard.knows_host(request.headers.get("host")):
        return _wrong_host()
    try:
        form = await _form(request)
        visit = _visit(console, request, form)
        if request.method == "POST":
            _check_form(visit, request)
        if request.url.path not in OPEN_TO_ALL and not console.guard.may_see(visit.session):
            return RedirectResponse(f"/login?{urlencode({'next': visit.here})}", 303)
        return await run_in_threadpool(_handler(request), visit)
    except Exception as error:  # noqa: BLE001 - a page that breaks must not take the console with it
        return await run_in_threadpool(_told, _visit(console, request, {}), error)


def _check_form(visit: Visit, request: Request) -> None:
    """Only what this session's own pages send may change anything (CSRF)."""
    if not visit.console.guard.is_own_form(visit.session, visit.form.get(FORM_KEY, ""), request.headers):
        message = "Another site may have sent this, or the page is from before the console was started: load it anew."
        raise HTTPException(403, message)


def _handler(request: Request) -> Handler:
    path, method = request.url.path, "POST" if request.method == "POST" else "GET"
    if (method, path) not in PAGES:
        raise HTTPException(405 if any(known == path for _, known in PAGES) else 404)
    return PAGES[method, path]


async def _form(request: Request) -> dict[str, str]:
    if request.method != "POST":
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(400, "Only forms are taken here.")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_FORM:
            raise HTTPException(413, f"A form may have {LONGEST_FORM // 1024} KiB.")
    try:
        text = bytes(body).decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_MEMBERS, errors="strict"))
    except ValueError as error:
        raise HTTPException(400, "The form is not what a browser sends.") from error


def _cookies(request: Request) -> dict[str, str]:
    try:
        return {key: found.value for key, found in SimpleCookie(request.headers.get("cookie", "")).items()}
    except CookieError:
        return {}


def _visit(console: Console, request: Request, form: Mapping[str, str]) -> Visit:
    cookies = _cookies(request)
    theme = cookies.get(console.theme_cookie, "auto")
    query = request.url.query
    return Visit(
        console=console,
        path=request.url.path,
        query=dict(request.query_params),
        form=form,
        session=_session(console, request, cookies),
        theme=theme if theme in THEMES else "auto",
        here=f"{request.url.path}?{query}" if query else request.url.path,
    )


def _session(console: Console, request: Request, cookies: Mapping[str, str]) -> str:
    """The cookie's session; a new one, the same for the whole request, where there is none."""
    known: str | None = getattr(request.state, "session", None) or cookies.get(console.session_cookie)
    if known is None or not console.guard.is_session(known):
        known = console.guard.new_session()
    request.state.session = known
    return known


def _sealed(console: Console, request: Request, response: Response) -> Response:
    """With the headers that every answer has, and the session's cookie where the browser has none yet."""
    for name, text in HEADERS.items():
        response.headers.setdefault(name, text)
    session: str | None = getattr(request.state, "session", None)
    own = any(console.session_cookie in text for text in response.headers.getlist("set-cookie"))
    if session is not None and not own and _cookies(request).get(console.session_cookie) != session:
        keep(response, console.session_cookie, session)
    return response


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        return PlainTextResponse("There is no such file.\n", 404)
    content = files("tasksync_console.web").joinpath("static", name).read_bytes()
    return Response(content, media_type=STATIC[name], headers=HEADERS | {"Cache-Control": "no-cache"})


def _wrong_host() -> Response:
    """Nothing is shown: whoever asks under another name may be another site in this browser."""
    text = (
        "This console is not known by that name. Open it under the address that `tasksync serve` printed, or name "
        "this one with --allow-host.\n"
    )
    return PlainTextResponse(text, 421)


def _title(error: Exception) -> str:
    if not isinstance(error, LedgerError):
        return "That did not work"
    return "Nothing was synced yet" if find_address().is_missing() else "The ledger cannot be read"


def _told(visit: Visit, error: Exception) -> Response:
    """What went wrong, as a page."""
    if isinstance(error, HTTPException):
        title = _TITLES.get(error.status_code, "That did not work")
        said = error.detail if error.detail != HTTPException(error.status_code).detail else ""
        return visit.page("error.html", status=error.status_code, title=title, said=said)
    if isinstance(error, EngineError | ClientError):
        return visit.page("error.html", status=503, title=_title(error), said=str(error))
    sys.stderr.write("".join(traceback.format_exception(error)))
    said = "The console's own output says more. Nothing was left half done: every change is one transaction."
    return visit.page("error.html", status=500, title="The console has made a mistake", said=said)
