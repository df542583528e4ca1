"""Long work: asked for here, done by the operations worker, and looked at here (AIP-151). And dead letters."""

from api.operations import dead_letters, erasures, exports, holds, reprocessing, routes

ROUTERS = (routes.router, erasures.router, holds.router, exports.router, reprocessing.router, dead_letters.router)
"""The routes about them."""
