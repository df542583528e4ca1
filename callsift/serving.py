"""The process of the API and the pages: makes what its routes work with, and serves until SIGTERM or SIGINT."""

import asyncio
import socket

import uvicorn

from api.access.authentication import Authentication
from api.access.issuer import Issuer
from api.access.keys import Keys
from api.access.sessions import Sessions
from api.app import make_app
from api.services import Services
from api.settings import ApiSettings, OidcSettings, is_this_machine
from callsift.worker import serve_health
from pages.app import add_pages
from pages.settings import PageSettings
from schemas import Taxonomies
from schemas.taxonomy import use
from sources.metrics import announce
from sources.settings import SourcesSettings, read_sources
from sources.webhooks import make_sources
from store.api_keys import ApiKeyStore
from store.database import Database
from store.sessions import SessionStore
from store.settings import StoreSettings
from streams.errors import SettingsError
from streams.health import Health
from streams.host_metrics import watch_certificates
from streams.listening import listening
from streams.logs import set_up_logging
from streams.payloads import ClaimCheckStore, refuse_unwritable
from streams.renewal import end_when_renewed
from streams.settings import (
    AudioStoreSettings,
    KafkaSettings,
    PrivacySettings,
    RetentionSettings,
    TaxonomySettings,
    WorkerSettings,
)

_GRACE_S = 20


def serve_api() -> None:
    """Serve the API; returns when it was asked to end and its last answers are out.

    Raises:
        SettingsError: The settings do not allow a start.
        AudioStoreUnavailable: The audio store is a folder that cannot be written to.
    """
    use(TaxonomySettings.read().folder)
    Taxonomies.load()  # what is no taxonomy stops the start, not the first page
    worker, settings, kafka = WorkerSettings.read(), ApiSettings.read(), KafkaSettings.read()
    payloads = AudioStoreSettings.read()
    set_up_logging(worker.log_level, worker.log_format)
    health = Health()
    serve_health(health, worker)
    watch_certificates(kafka)
    end_when_renewed(kafka)
    oidc, pages, database = OidcSettings.read(), PageSettings.read(), Database(StoreSettings.read())
    if pages.oidc_client and not oidc.issuer:
        raise SettingsError("CALLSIFT_PAGE_OIDC_CLIENT is set, and no issuer", "Set CALLSIFT_OIDC_ISSUER")
    sources = read_sources(SourcesSettings.read())
    webhooks = make_sources(sources)
    announce(webhooks)
    keys = Keys(ApiKeyStore(database))
    sessions = Sessions(SessionStore(database), keys, oidc.issuer)
    refuse_unwritable(payloads)
    services = Services(
        settings=settings,
        kafka=kafka,
        database=database,
        audio=ClaimCheckStore(payloads.uri),
        payloads=payloads,
        privacy=PrivacySettings.read(),
        authentication=Authentication(
            keys,
            Issuer(oidc) if oidc.issuer else None,
            sessions,
            opens_to_this_machine=is_this_machine(settings.listens_on[0]),
        ),
        health=health,
        retention=RetentionSettings.read(),
        webhooks=webhooks,
        endpoints=sources.endpoints,
    )
    app = make_app(services)
    add_pages(app, pages)
    with _listening(*settings.listens_on) as listener:
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = ApiServer(config, services)
        asyncio.run(server.serve([listener]))


class ApiServer(uvicorn.Server):
    """Uvicorn, which waits for every answer before it ends: streams have to be told."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        """Serve with these services."""
        super().__init__(config)
        self._services = services

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._services.streams.end()
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        SettingsError: It cannot.
    """
    try:
        return listening(host, port)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}", "Set CALLSIFT_API_LISTEN") from error
