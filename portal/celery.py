import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# Of a process's niceness: it gets a tenth of what an ordinary one gets while both want all.
GIVES_WAY = 10

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def drop_old_connections(**_: object) -> None:
    """As before a request: a connection that is too old, or that the database has dropped, is made again."""
    from django.db import close_old_connections

    close_old_connections()


@celeryd_init.connect
def begin_worker(options: dict[str, Any], **_: object) -> None:
    queues = options.get("queues")
    if queues and "money" not in queues:
        give_way()


def give_way() -> None:
    """Where no person waits for this process, those that people wait for get the processor first."""
    os.nice(GIVES_WAY)


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: object) -> None:
    # Tasks know their models, which are ready only after Django is set up.
    from billing.tasks.batches import BATCH_SCHEDULE
    from billing.tasks.card_payments import CARD_PAYMENT_SCHEDULE
    from billing.tasks.customers import CUSTOMER_SCHEDULE
    from billing.tasks.exports import EXPORT_SCHEDULE
    from billing.tasks.notices import NOTICE_SCHEDULE
    from billing.tasks.sync import SYNC_SCHEDULE
    from billing.tasks.topups import TOPUP_SCHEDULE

    sender.conf.beat_schedule = {
        **SYNC_SCHEDULE,
        **TOPUP_SCHEDULE,
        **BATCH_SCHEDULE,
        **CARD_PAYMENT_SCHEDULE,
        **CUSTOMER_SCHEDULE,
        **EXPORT_SCHEDULE,
        **NOTICE_SCHEDULE,
    }
