import billing.lib.reasons
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from pathlib import Path
from django.conf import settings
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


SQL = Path(__file__).parent / "sql"


def run(name: str) -> migrations.RunSQL:
    """Django has no partitioned tables: its models know a plain key, and SQL beside this file makes the tables."""
    return migrations.RunSQL((SQL / f"{name}.sql").read_text(), (SQL / f"{name}_reverse.sql").read_text())


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DroppedMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(help_text='Its first day', unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='CallDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('state', models.CharField(choices=[('not_fetched', 'not fetched'), ('fetched', 'fetched'), ('proven', 'proven'), ('differs', 'differs'), ('not_known', 'not yet known how this switch counts')], default='not_fetched', max_length=12)),
                ('fetched_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('calls_dropped', models.BooleanField(default=False, help_text='Its calls were dropped and are to be kept after all: they are fetched when asked for')),
                ('calls', models.IntegerField(default=0)),
                ('answered', models.IntegerField(default=0)),
                ('talk_seconds', models.BigIntegerField(default=0)),
                ('billed_seconds', models.BigIntegerField(default=0)),
                ('fee', models.DecimalField(decimal_places=6, default=0, max_digits=20)),
                ('unreadable', models.IntegerField(default=0, help_text='Records that could not be read and are not among the rows')),
                ('rounded', models.IntegerField(default=0, help_text='Records whose fee had more than six places')),
                ('elsewhere_calls', models.IntegerField(default=0, help_text='Records that this day reports too though they are rows of another day')),
                ('elsewhere_fee', models.DecimalField(decimal_places=6, default=0, max_digits=20)),
                ('reported_calls', models.IntegerField(blank=True, null=True)),
                ('reported_fee', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ('report_begins_at', models.DateTimeField(blank=True, help_text='When this day begins as its report states; empty: it has no row of the day', null=True)),
                ('apart_calls', models.IntegerField(default=0, help_text="How many more calls the report's rule counts than are listed for the day; also fewer")),
                ('apart_fee', models.DecimalField(decimal_places=6, default=0, max_digits=20)),
                ('fee_slack', models.DecimalField(decimal_places=6, default=0, help_text='What the report rounds away at most', max_digits=7)),
                ('unproven_since', models.DateTimeField(blank=True, help_text='Since when comparing it has not proven it; empty: it was proven, or not compared', null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='How often since then it was tried in vain to prove it')),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('unusable_report', billing.lib.reasons.BecauseField(blank=True, help_text="Why the switch's report of it says nothing; empty where it does", null=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, help_text='Why it could not be fetched the last time', max_length=30)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='How often in a row it could not be fetched; five stands for any more')),
                ('fetch_again_at', models.DateTimeField(blank=True, help_text='Where it was never fetched: when that is tried again', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='call_days', to='accounts.account')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['-day', '-id'], name='call_day_newest'),
                    models.Index(condition=models.Q(('state', 'proven'), _negated=True), fields=['state', '-day', '-id'], name='call_day_unproven'),
                    models.Index(condition=models.Q(('unusable_report__isnull', False)), fields=['day'], name='call_day_without_report'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('account', 'day'), name='call_day_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'proven'), _negated=True), models.Q(('fetched_at__isnull', False), ('reported_calls', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('calls'), '+', models.F('elsewhere_calls')), '+', models.F('apart_calls'))), ('reported_fee__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('fee'), '+', models.F('elsewhere_fee')), '+', models.F('apart_fee')), '-', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('rounded'), '*', models.Value(Decimal('0.000001'))), '+', models.F('fee_slack')))), ('reported_fee__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('fee'), '+', models.F('elsewhere_fee')), '+', models.F('apart_fee')), '+', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('rounded'), '*', models.Value(Decimal('0.000001'))), '+', models.F('fee_slack')))), ('unreadable', 0)), _connector='OR'), name='call_day_proven_means_equal'),
                    models.CheckConstraint(condition=models.Q(('fee_slack__gte', 0), ('fee_slack__lte', Decimal('0.005'))), name='call_day_slack_is_of_two_places_at_most'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CountingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day_by', models.CharField(blank=True, choices=[('start', 'the day on which it starts'), ('end', 'the day on which it ends'), ('both', 'each day on which it starts or ends')], max_length=5, verbose_name='a call counts on')),
                ('unanswered', models.BooleanField(null=True, verbose_name='unanswered calls count')),
                ('places', models.PositiveSmallIntegerField(help_text='To how many places the report rounds what a day costs', null=True, verbose_name='decimals of fees')),
                ('as_listed', models.BooleanField(default=False, help_text='The calls that the switch lists for a day are those that the report counts for it')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='known since')),
                ('evidence_days', models.IntegerField(default=0, help_text='Complete days of accounts that it was learnt from')),
                ('evidence_first', models.DateField(null=True)),
                ('evidence_last', models.DateField(null=True)),
                ('contradictions', models.IntegerField(default=0, help_text='Of those days, the ones that it does not explain')),
                ('possible_rules', models.IntegerField(default=0, help_text='How many rules explain them equally well')),
                ('learnt_from', models.DateField(null=True)),
                ('contradicted_at', models.DateTimeField(help_text='When a day last spoke against what was known', null=True)),
                ('contradicted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.account')),
                ('switch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='counting_rule', to='accounts.switch')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('decided_at__isnull', True), models.Q(('day_by__in', ['start', 'end', 'both']), ('places__range', (2, 6)), ('unanswered__isnull', False)), _connector='OR'), name='counting_rule_is_whole_when_decided'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ReportCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('offsets', django.contrib.postgres.fields.ArrayField(base_field=models.DurationField(), help_text="Between UTC and the calendar of the account's reports, the likeliest first", size=None)),
                ('is_stated', models.BooleanField(help_text='Its reports say so themselves: their days begin at another midnight')),
                ('evidence_days', models.IntegerField(help_text='Complete days of the account that it was learnt from')),
                ('evidence_first', models.DateField()),
                ('evidence_last', models.DateField()),
                ('decided_at', models.DateTimeField(verbose_name='known since')),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='report_calendar', to='accounts.account')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('offsets__len__gt', 0)), name='report_calendar_is_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CallElsewhere',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text='That reports it too')),
                ('flow_no', models.BigIntegerField()),
                ('fee', models.DecimalField(decimal_places=6, max_digits=18)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('account', 'day', 'flow_no'), name='call_elsewhere_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CallTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(help_text="The day of the switch's calendar whose report holds the calls")),
                ('hour', models.DateTimeField(help_text='The instant at which the hour begins')),
                ('calls', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('talk_seconds', models.BigIntegerField()),
                ('billed_seconds', models.BigIntegerField()),
                ('fee', models.DecimalField(decimal_places=6, max_digits=20)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='call_totals', to='accounts.account')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['account', 'hour'], include=('calls', 'answered', 'talk_seconds', 'billed_seconds', 'fee'), name='call_total_hour'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('account', 'day', 'hour'), name='call_total_once'),
                    models.CheckConstraint(condition=models.Q(('calls__gt', 0)), name='call_total_is_of_calls'),
                ],
            },
        ),
        migrations.CreateModel(
            name='UnreadableRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('reason', billing.lib.reasons.BecauseField()),
                ('excerpt', models.TextField(blank=True, help_text='Of what a customer may see of a record')),
                ('noticed_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unreadable_records', to='accounts.account')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['account', 'day'], name='unreadable_record'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.DateField(verbose_name='first day')),
                ('last', models.DateField(verbose_name='last day')),
                ('asked_at', models.DateTimeField()),
                ('progressed_at', models.DateTimeField(help_text='When a day last came in; at first, when it was asked for')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('left_out', models.IntegerField(default=0, help_text='Days that were not there when it ended')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='backfills', to='accounts.account')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='backfills', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['account'], name='backfill_open'), models.Index(fields=['account', '-asked_at'], name='backfill_of_account')],
                'constraints': [models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='backfill_ends_after_it_begins'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('account', 'first', 'last'), name='backfill_open_once')],
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='Call',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField(help_text="The day of the switch's calendar whose report holds it")),
                        ('flow_no', models.BigIntegerField()),
                        ('started_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField()),
                        ('caller', models.TextField()),
                        ('callee', models.TextField()),
                        ('talk_seconds', models.IntegerField()),
                        ('billed_seconds', models.IntegerField()),
                        ('fee', models.DecimalField(decimal_places=6, max_digits=18)),
                        ('fee_prefix', models.TextField()),
                        ('package_fee', models.DecimalField(decimal_places=6, max_digits=18)),
                        ('package_seconds', models.IntegerField()),
                        ('agent_number', models.TextField(help_text='The agent of the account when it called; empty for none')),
                        ('agent_fee', models.DecimalField(decimal_places=6, help_text="What the agent pays; never the customer's to see", max_digits=18)),
                        ('call_level', models.SmallIntegerField()),
                        ('end_direction', models.SmallIntegerField()),
                        ('end_reason', models.IntegerField()),
                        ('billing_mode', models.SmallIntegerField()),
                        ('callee_billing', models.SmallIntegerField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calls', to='accounts.account')),
                        ('switch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.switch')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['account', '-started_at', '-flow_no'], name='call_history'), models.Index(fields=['account', '-talk_seconds', '-started_at', '-flow_no'], name='call_longest'), models.Index(fields=['account', '-fee', '-started_at', '-flow_no'], name='call_dearest'), models.Index(condition=models.Q(('agent_number', ''), _negated=True), fields=['switch', 'agent_number', 'ended_at'], name='call_agent_fee')],
                        'constraints': [models.UniqueConstraint(fields=('switch', 'flow_no', 'started_at'), name='call_once')],
                    },
                ),
            ],
            database_operations=[run("calls")],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='CallRouting',
                    fields=[
                        ('pk', models.CompositePrimaryKey('switch_id', 'flow_no', 'started_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('flow_no', models.BigIntegerField()),
                        ('started_at', models.DateTimeField()),
                        ('caller_gateway', models.TextField(verbose_name="caller's gateway")),
                        ('caller_ip', models.TextField(verbose_name="caller's address")),
                        ('caller_access_e164', models.TextField(verbose_name="caller's access number")),
                        ('caller_to_gateway_e164', models.TextField(verbose_name='caller as sent to the gateway')),
                        ('caller_product_id', models.TextField(verbose_name="caller's equipment")),
                        ('callee_gateway', models.TextField(verbose_name="called side's gateway")),
                        ('callee_ip', models.TextField(verbose_name="called side's address")),
                        ('callee_access_e164', models.TextField(verbose_name="called side's access number")),
                        ('callee_to_gateway_e164', models.TextField(verbose_name='called number as sent to the gateway')),
                        ('callee_product_id', models.TextField(verbose_name="called side's equipment")),
                        ('switch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.switch')),
                    ],
                ),
            ],
            database_operations=[run("routing")],
        ),
        migrations.CreateModel(
            name='CallChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('late', 'came late'), ('edited', 'was edited'), ('gone', 'is gone')], max_length=10, verbose_name='what')),
                ('flow_no', models.BigIntegerField()),
                ('ended_at', models.DateTimeField(help_text='Of the call, as it was read before, if it was')),
                ('fee', models.DecimalField(decimal_places=6, max_digits=18)),
                ('agent_number', models.TextField(help_text='As it was read before; empty for none')),
                ('agent_fee', models.DecimalField(decimal_places=6, max_digits=18)),
                ('caller', models.TextField(default='', help_text='As it was read before, like the next two')),
                ('callee', models.TextField(default='')),
                ('talk_seconds', models.IntegerField(default=0)),
                ('noticed_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='call_changes', to='accounts.account')),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'ended_at'], name='call_change'), models.Index(condition=models.Q(('agent_number', ''), _negated=True), fields=['agent_number', 'ended_at'], name='call_change_agent_fee')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['late', 'edited', 'gone'])), name='call_change_is_of_a_known_kind')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callchange',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d969b6a1ba60c5a5709c096df5e11e5ee09a38cb', operation='UPDATE', pgid='pgtrigger_never_changed_09bf5', table='calls_callchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='callchange',
            trigger=pgtrigger.compiler.Trigger(name='kept_for_its_time', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.noticed_at > now() - interval '89 days')", func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='3ed7e2521c319698c91dbd5aa5a1517142da15c5', operation='DELETE', pgid='pgtrigger_kept_for_its_time_5b376', table='calls_callchange', when='BEFORE')),
        ),
    ]
