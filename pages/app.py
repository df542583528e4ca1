"""The pages beside the API's routes, in one application."""

from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from api.access import Right
from pages import at_issuer, preferences, sign_in
from pages.call import routes as call
from pages.call_backs import routes as call_backs
from pages.calls import routes as calls
from pages.insight import routes as insight
from pages.live import routes as live
from pages.operations import routes as operations
from pages.page import Pages, Section
from pages.pipeline import Pipeline
from pages.problems import tell_on_pages
from pages.review import figure_routes as review_figures
from pages.review import routes as review
from pages.routes import SEE_OTHER, page_router
from pages.settings import PageSettings
from pages.shared import Shared
from pages.static_files import PATH, StaticFolder

SECTIONS = (
    Section("calls", "/calls", Right.VIEW),
    Section("live", "/live", Right.VIEW),
    Section("insight", "/insight", Right.VIEW),
    Section("review", "/review", Right.REVIEW),
    Section("call_backs", "/call-backs", Right.VIEW),
    Section("operations", "/operations", Right.OPERATE),
)
"""The navigation; the first one is where ``/`` leads."""
ROUTERS = (
    calls.router,
    call.router,
    live.router,
    insight.router,
    call_backs.router,
    operations.router,
    review_figures.router,
    review.router,
    sign_in.router,
    at_issuer.router,
    preferences.router,
)
first = page_router()


@first.get("/")
async def first_page() -> RedirectResponse:
    """Lead to the first section."""
    return RedirectResponse(SECTIONS[0].path, SEE_OTHER)


def add_pages(app: FastAPI, settings: PageSettings) -> None:
    """Add the pages to the application of the API, whose services they use."""
    static, issuer = StaticFolder(), app.state.services.authentication.issuer
    flow = at_issuer.code_flow(issuer, settings) if issuer is not None else None
    app.state.pages = Pages(settings, SECTIONS, static, flow)
    app.state.pipeline = Pipeline(app.state.services.kafka)
    app.state.counts = Shared(live.COUNTS_HOLD_S)
    app.mount(PATH, static)
    for router in (first, *ROUTERS):
        app.include_router(router)
    tell_on_pages(app)
