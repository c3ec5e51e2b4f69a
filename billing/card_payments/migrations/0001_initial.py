import billing.card_payments.models
import billing.lib.reasons
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CardPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=billing.card_payments.models.new_online_reference, editable=False, max_length=20, unique=True)),
                ('amount', models.DecimalField(decimal_places=6, max_digits=18)),
                ('currency', models.CharField(max_length=3)),
                ('key', models.CharField(help_text='Of the form: the same key gives the same payment', max_length=64)),
                ('provider', models.CharField(choices=[('stripe', 'Stripe'), ('demo', 'demo, without money')], max_length=10)),
                ('session', models.CharField(blank=True, help_text='What the provider calls it, once it has answered', max_length=200)),
                ('state', models.CharField(choices=[('started', 'not paid yet'), ('paid', 'paid'), ('differs', 'paid, but not what was asked for'), ('abandoned', 'not paid'), ('refunded', 'paid back')], default='started', max_length=10)),
                ('started_at', models.DateTimeField()),
                ('next_look_at', models.DateTimeField(help_text='When the provider is asked about it, while it is not paid yet')),
                ('looks', models.PositiveIntegerField(default=0, help_text='How often a sweep has asked')),
                ('looked_at', models.DateTimeField(blank=True, help_text='When the provider was asked last', null=True)),
                ('paid_at', models.DateTimeField(blank=True, help_text='When the portal heard that it is paid', null=True)),
                ('received', models.CharField(blank=True, help_text='What the provider states to have received', max_length=300)),
                ('why', billing.lib.reasons.BecauseField(blank=True, help_text='Why it is not credited, for people', null=True)),
                ('settled_at', models.DateTimeField(blank=True, help_text='When staff marked it as paid back', null=True)),
                ('settled_why', models.CharField(blank=True, max_length=300)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='online_payments', to='accounts.account')),
                ('paid_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='online_payments', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'online payment',
                'indexes': [models.Index(fields=['account', '-started_at'], name='card_paymen_account_b55104_idx'), models.Index(condition=models.Q(('state', 'started')), fields=['next_look_at'], name='online_to_look_at'), models.Index(condition=models.Q(('state__in', ['paid', 'differs'])), fields=['paid_at'], name='online_received')],
                'constraints': [models.UniqueConstraint(fields=('paid_by', 'key'), name='online_once_per_key'), models.UniqueConstraint(condition=models.Q(('session', ''), _negated=True), fields=('provider', 'session'), name='online_once_per_session'), models.CheckConstraint(condition=models.Q(('state__in', ['started', 'paid', 'differs', 'abandoned', 'refunded'])), name='online_state_is_known'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='online_amount_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('state__in', ['paid', 'differs', 'refunded'])), models.Q(('paid_at__isnull', True), ('state__in', ['started', 'abandoned'])), _connector='OR'), name='online_paid_has_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('settled_by__isnull', False), ('state', 'refunded'), models.Q(('settled_why', ''), _negated=True)), models.Q(models.Q(('state', 'refunded'), _negated=True), ('settled_at__isnull', True), ('settled_by__isnull', True), ('settled_why', '')), _connector='OR'), name='online_paid_back_by_a_person')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardpayment',
            trigger=pgtrigger.compiler.Trigger(name='online_listed_edges_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{started:paid,started:differs,started:abandoned,abandoned:paid,abandoned:differs,paid:refunded,differs:refunded}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='91edfd2ac8bbafe48f28d868578d1d9226c1188f', operation='UPDATE', pgid='pgtrigger_online_listed_edges_only_d5a7f', table='card_payments_cardpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardpayment',
            trigger=pgtrigger.compiler.Trigger(name='online_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='5de5594e51d5b56cf644c51cff6918948432995b', operation='DELETE', pgid='pgtrigger_online_never_deleted_59dc8', table='card_payments_cardpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardpayment',
            trigger=pgtrigger.compiler.Trigger(name='online_session_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NOT (OLD."session" = \'\') AND NOT (OLD."session" = (NEW."session")))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='47c85029daab076326ff5ec56babe471e225b452', operation='UPDATE', pgid='pgtrigger_online_session_stays_7c07d', table='card_payments_cardpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardpayment',
            trigger=pgtrigger.compiler.Trigger(name='online_request_never_changes', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."paid_by_id" IS DISTINCT FROM (NEW."paid_by_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."provider" IS DISTINCT FROM (NEW."provider") OR OLD."started_at" IS DISTINCT FROM (NEW."started_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='0bcc634809b8e871a8b7be1278d7849f5615de0f', operation='UPDATE', pgid='pgtrigger_online_request_never_changes_c5a88', table='card_payments_cardpayment', when='BEFORE')),
        ),
    ]
