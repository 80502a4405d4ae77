"""The background worker's module: Dramatiq imports it, and it declares every room's actors."""

import gc
import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from core import logs
from core.desk import set_office
from core.settings import load
from web import background, wiring


def _broker() -> RedisBroker:
    settings = load()
    logs.configure(settings.log_level, "work")
    if settings.redis_url is None:
        raise RuntimeError("REDIS_URL must be set (`jiesu up` sets it)")
    made = background.broker(settings.redis_url.get_secret_value())
    set_office(wiring.build(settings))
    background.declare(made, settings)
    return made


# Dramatiq's command imports this module and looks for a broker; nobody else imports it
if os.environ.get("JIESU_WORKER") == "1":
    broker = _broker()
    dramatiq.set_broker(broker)
    # what is loaded stays: a sweep makes many objects, and each full collection would look
    # through all of the libraries again
    gc.freeze()
