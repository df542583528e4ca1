"""What goes wrong on a page, told as a page; who is not known is asked to sign in."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.problems import TOLD, as_details, as_problem, told
from pages.page import Page
from pages.routes import SEE_OTHER

_OF_PROGRAMS = ("/v1", "/problems", "/static")


def tell_on_pages(app: FastAPI) -> None:
    """Have what goes wrong on pages told as pages; on the routes of the API it stays what it was."""
    for kind in TOLD:
        app.add_exception_handler(kind, _told)


async def _told(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(_OF_PROGRAMS):
        return await told(request, error)
    page, problem = Page(request, request.app.state.pages), as_problem(error)
    if problem.kind.status == 401:
        login = "/login?" + urlencode({"next": page.address if request.method == "GET" else "/"})
        if "hx-request" in request.headers:  # a redirect would put the sign-in page into a part of this one
            return Response(headers={"HX-Redirect": login})
        return RedirectResponse(login, SEE_OTHER)
    answer = page.answer("problem.html", status=problem.kind.status, problem=as_details(request, problem))
    answer.headers.update(problem.headers or {})
    return answer
