import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Celery would run Django's checks at the start of every worker, and tell no one what they find; they load every page.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Of a process's niceness: it gets a tenth of what an ordinary one gets while both want all.
GIVES_WAY = 10

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def drop_old_connections(**_: object) -> None:
    """Make a connection again that is too old, or that the database has dropped, as Django does before a request."""
    from django.db import close_old_connections

    close_old_connections()


@celeryd_init.connect
def begin_worker(options: dict[str, Any], **_: object) -> None:
    queues = options.get("queues")
    if queues and "money" not in queues:
        give_way()


def give_way() -> None:
    """Let the processes that people wait for have the processor first, where no person waits for this one."""
    os.nice(GIVES_WAY)


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: object) -> None:
    """Give beat what every subject's tasks declared; their modules want their models, so they are loaded only now."""
    from django.utils.module_loading import autodiscover_modules

    from billing.jobs.services.periodic import declared

    autodiscover_modules("tasks")
    sender.conf.beat_schedule = {job: work.entry() for job, work in declared().items()}
