import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: object) -> None:
    # Tasks know their models, which are ready only after Django is set up.
    from billing.tasks.mail import MAIL_SCHEDULE
    from billing.tasks.money import MONEY_SCHEDULE
    from billing.tasks.sync import SYNC_SCHEDULE

    sender.conf.beat_schedule = {**SYNC_SCHEDULE, **MONEY_SCHEDULE, **MAIL_SCHEDULE}
