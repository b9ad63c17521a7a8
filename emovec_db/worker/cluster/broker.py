"""The Celery application: how messages about items look, and what the broker does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emovec_db.domain.job import ItemMessage
from emovec_db.errors import MissingPartError, SettingsError, UnavailableError
from emovec_db.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

QUEUE: Final = "emovec-items"
TASK: Final = "emovec.do_item"
#: of Redis's lists the first is emptied first
URGENT, BULK = 0, 9
#: Redis gives a message to another worker when the first is silent for so long. Dead workers are noticed sooner, by
#: their leases in the database; this only has to be longer than any item takes, or one would run twice in vain.
VISIBILITY_TIMEOUT_S: Final = 6 * 3600
BROKER_TIMEOUT_S: Final = 5


def celery_app(settings: Settings) -> Celery:
    """An application of its own for these settings; connects to nothing yet.

    Raises:
        MissingPartError: Celery or Redis's client is not installed.
        SettingsError: no broker is set, it is no Redis, or the database is SQLite.
    """
    url = checked_broker_url(settings)
    try:
        from celery import Celery
        from redis import Redis as _Redis  # noqa: F401  Celery says so only when it connects
    except ImportError as error:
        raise MissingPartError(
            f"--engine celery needs Celery and Redis's client ({error.name} is missing): "
            "pip install 'emovec-db[cluster]'"
        ) from error
    app = Celery("emovec", broker=url, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=BROKER_TIMEOUT_S,
        broker_transport_options={
            "queue_order_strategy": "priority",
            "priority_steps": [URGENT, BULK],
            "visibility_timeout": VISIBILITY_TIMEOUT_S,
        },
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_reject_on_worker_lost=True,
        task_serializer="json",
        # what is in hand goes on while the broker is away: the lease says whose it is
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
    )
    return app


def checked_broker_url(settings: Settings) -> str:
    """The broker's URL, with what it needs beside it checked; raises SettingsError."""
    if settings.broker_url is None or not settings.broker_url.get_secret_value():
        raise SettingsError(
            "--engine celery needs a broker: set EMOVEC_BROKER_URL, for example redis://localhost:6379/0"
        )
    if settings.resolved_database_url.startswith("sqlite"):
        raise SettingsError(
            "--engine celery needs PostgreSQL: a SQLite file has one writer at a time and can't be shared between "
            "hosts. Set EMOVEC_DATABASE_URL to postgresql://…, or leave --engine celery away: emovec worker does "
            "queued jobs on this machine"
        )
    url = settings.broker_url.get_secret_value()
    if url.partition("://")[0] not in {"redis", "rediss", "redis+socket"}:
        raise SettingsError(
            f"EMOVEC_BROKER_URL begins with {url.partition('://')[0][:20]!r}: expected redis://, rediss:// (TLS) or "
            "redis+socket://"
        )
    return url


def send(app: Celery, message: ItemMessage) -> None:
    """Tell the broker that an item waits; nothing but its id."""
    app.send_task(TASK, [message.item_id], priority=URGENT if message.urgent else BULK, retry=False)


def messages_waiting(app: Celery) -> tuple[int, int]:
    """How many urgent and other messages the broker holds for workers.

    Raises:
        UnavailableError: the broker does not answer.
    """
    from celery.exceptions import OperationalError

    with app.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S)
            channel: Any = connection.default_channel
            everything = int(channel.queue_declare(queue=QUEUE, durable=True).message_count)
            urgent = int(channel.client.llen(QUEUE))  # Redis's list of the first priority has the queue's own name
        except OperationalError as error:
            raise UnavailableError(
                f"the broker {connection.as_uri()} is away ({_reason(error)}): see whether it runs, then do the same "
                "again"
            ) from error
    return urgent, max(0, everything - urgent)


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
