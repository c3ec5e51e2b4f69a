from django.db import migrations

FILL = """
    INSERT INTO billing_calltotal (account_id, day, hour, calls, answered, talk_seconds, billed_seconds, fee)
    SELECT account_id, day, date_trunc('hour', started_at, 'UTC'), count(*), count(*) FILTER (WHERE talk_seconds > 0),
        sum(talk_seconds), sum(billed_seconds), sum(fee)
    FROM billing_call GROUP BY 1, 2, 3
"""


class Migration(migrations.Migration):

    dependencies = [('billing', '0012_call_totals')]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
