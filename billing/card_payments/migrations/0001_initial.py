import billing.card_payments.models.payments
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
                ('reference', models.CharField(default=billing.card_payments.models.payments.new_online_reference, editable=False, max_length=20, unique=True)),
                ('amount', models.DecimalField(decimal_places=6, max_digits=18)),
                ('currency', models.CharField(max_length=3)),
                ('key', models.CharField(help_text='Of the form: the same key gives the same payment', max_length=64)),
                ('provider', models.CharField(choices=[('stripe', 'Stripe'), ('demo', 'demo, without money')], max_length=10)),
                ('attempt', models.PositiveSmallIntegerField(default=1, help_text='Of the form: another one follows where the one before surely cannot be paid')),
                ('session', models.CharField(blank=True, help_text='What the provider calls it, once it has answered', max_length=200)),
                ('intent', models.CharField(blank=True, help_text='What the provider calls the charge, by which refunds name it', max_length=200)),
                ('open_failed_at', models.DateTimeField(blank=True, help_text='When the provider answered with an error instead of a page to pay on', null=True)),
                ('under_way_since', models.DateTimeField(blank=True, help_text='When the portal heard that the person has done all, and the bank has not', null=True)),
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
                ('next_reversal_look_at', models.DateTimeField(blank=True, help_text='When the provider is asked about refunds and disputes', null=True)),
                ('reversal_looks', models.PositiveIntegerField(default=0, help_text='How often a sweep has asked about them')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='online_payments', to='accounts.account')),
                ('paid_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='online_payments', to=settings.AUTH_USER_MODEL)),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'online payment',
                'indexes': [models.Index(fields=['account', '-started_at'], name='card_paymen_account_b55104_idx'), models.Index(condition=models.Q(('state', 'started')), fields=['next_look_at'], name='online_to_look_at'), models.Index(condition=models.Q(('state__in', ['paid', 'differs'])), fields=['paid_at'], name='online_received'), models.Index(condition=models.Q(('next_reversal_look_at__isnull', False)), fields=['next_reversal_look_at'], name='online_reversals_to_ask')],
                'constraints': [models.UniqueConstraint(fields=('paid_by', 'key', 'attempt'), name='online_once_per_key'), models.UniqueConstraint(condition=models.Q(('session', ''), _negated=True), fields=('provider', 'session'), name='online_once_per_session'), models.UniqueConstraint(condition=models.Q(('intent', ''), _negated=True), fields=('provider', 'intent'), name='online_once_per_intent'), models.CheckConstraint(condition=models.Q(('state__in', ['started', 'paid', 'differs', 'abandoned', 'refunded'])), name='online_state_is_known'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='online_amount_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('state__in', ['paid', 'differs', 'refunded'])), models.Q(('paid_at__isnull', True), ('state__in', ['started', 'abandoned'])), _connector='OR'), name='online_paid_has_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('settled_by__isnull', False), ('state', 'refunded'), models.Q(('settled_why', ''), _negated=True)), models.Q(models.Q(('state', 'refunded'), _negated=True), ('settled_at__isnull', True), ('settled_by__isnull', True), ('settled_why', '')), _connector='OR'), name='online_paid_back_by_a_person')],
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
            trigger=pgtrigger.compiler.Trigger(name='online_intent_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NOT (OLD."intent" = \'\') AND NOT (OLD."intent" = (NEW."intent")))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='df66c7829fdbf74e8b2adf55b764bfb03220b044', operation='UPDATE', pgid='pgtrigger_online_intent_stays_a7e7e', table='card_payments_cardpayment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardpayment',
            trigger=pgtrigger.compiler.Trigger(name='online_request_never_changes', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."paid_by_id" IS DISTINCT FROM (NEW."paid_by_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."attempt" IS DISTINCT FROM (NEW."attempt") OR OLD."provider" IS DISTINCT FROM (NEW."provider") OR OLD."started_at" IS DISTINCT FROM (NEW."started_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='bff3963664bc00a273e7c55ae0a4d23e850b4c27', operation='UPDATE', pgid='pgtrigger_online_request_never_changes_c5a88', table='card_payments_cardpayment', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='CardReversal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('refund', 'refund'), ('dispute', 'dispute')], max_length=7)),
                ('number', models.CharField(help_text='What the provider calls it', max_length=200, unique=True)),
                ('amount', models.DecimalField(decimal_places=6, max_digits=18)),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('pending', 'on its way back'), ('succeeded', 'paid back'), ('failed', 'not paid back after all'), ('opened', 'disputed'), ('won', 'dispute won'), ('lost', 'dispute lost'), ('withdrawn', 'dispute closed without a claim')], max_length=9)),
                ('grounds', models.CharField(blank=True, help_text="The provider's word for why", max_length=100)),
                ('told_at', models.DateTimeField(help_text='When the provider stated this, by its own clock')),
                ('heard_at', models.DateTimeField(help_text='When the portal heard of it first')),
                ('handled_at', models.DateTimeField(blank=True, help_text='When staff looked at it as it is now; another state clears this', null=True)),
                ('handled_why', models.CharField(blank=True, max_length=300)),
                ('handled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='card_payments.cardpayment')),
            ],
            options={
                'verbose_name': 'refund or dispute',
                'verbose_name_plural': 'refunds and disputes',
                'indexes': [models.Index(condition=models.Q(('handled_at__isnull', True)), fields=['payment'], name='reversal_unhandled')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='reversal_amount_is_positive'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'refund'), ('state__in', ['pending', 'succeeded', 'failed'])), models.Q(('kind', 'dispute'), ('state__in', ['opened', 'won', 'lost', 'withdrawn'])), _connector='OR'), name='reversal_state_is_of_its_kind'), models.CheckConstraint(condition=models.Q(models.Q(('handled_at__isnull', False), ('handled_by__isnull', False), models.Q(('handled_why', ''), _negated=True)), models.Q(('handled_at__isnull', True), ('handled_by__isnull', True), ('handled_why', '')), _connector='OR'), name='reversal_handled_by_a_person')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardreversal',
            trigger=pgtrigger.compiler.Trigger(name='reversal_listed_edges_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{pending:succeeded,pending:failed,succeeded:failed,opened:won,opened:lost,opened:withdrawn,won:lost,won:withdrawn,lost:won,lost:withdrawn,withdrawn:won,withdrawn:lost}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='004ab41931be0b373d89138e897daadf0687bd63', operation='UPDATE', pgid='pgtrigger_reversal_listed_edges_only_40e84', table='card_payments_cardreversal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardreversal',
            trigger=pgtrigger.compiler.Trigger(name='reversal_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='3575b166dc54f70285d80498b286368eacf9989a', operation='DELETE', pgid='pgtrigger_reversal_never_deleted_15c7c', table='card_payments_cardreversal', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='cardreversal',
            trigger=pgtrigger.compiler.Trigger(name='reversal_stays_what_it_is', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."payment_id" IS DISTINCT FROM (NEW."payment_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."heard_at" IS DISTINCT FROM (NEW."heard_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='28688d9ba65e414ecaae64a6aec946c7962eb091', operation='UPDATE', pgid='pgtrigger_reversal_stays_what_it_is_42d39', table='card_payments_cardreversal', when='BEFORE')),
        ),
        migrations.CreateModel(
            name='DisputeLock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'waiting to be sent'), ('sending', 'being sent'), ('in_doubt', 'being checked'), ('locked', 'locked'), ('not_locked', 'not locked')], default='waiting', max_length=10)),
                ('why', billing.lib.reasons.BecauseField(blank=True, null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('requested_at', models.DateTimeField()),
                ('next_step_at', models.DateTimeField(help_text='From when a sweep goes on with it')),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dispute_locks', to='accounts.account')),
                ('dispute', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='lock', to='card_payments.cardreversal')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['locked', 'not_locked']), _negated=True), fields=['next_step_at'], name='dispute_lock_to_go_on')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sending', 'in_doubt', 'locked', 'not_locked'])), name='dispute_lock_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('state__in', ['locked', 'not_locked'])), models.Q(models.Q(('state__in', ['locked', 'not_locked']), _negated=True), ('settled_at__isnull', True)), _connector='OR'), name='dispute_lock_ends_at_an_instant'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sending', 'in_doubt']), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='dispute_lock_in_doubt_was_sent')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='disputelock',
            trigger=pgtrigger.compiler.Trigger(name='dispute_lock_listed_edges_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{waiting:sending,waiting:locked,waiting:not_locked,sending:waiting,sending:locked,sending:not_locked,sending:in_doubt,in_doubt:locked,in_doubt:not_locked}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='14000c149ca3033812d4e66653bf0290caba39e1', operation='UPDATE', pgid='pgtrigger_dispute_lock_listed_edges_only_1117f', table='card_payments_disputelock', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='disputelock',
            trigger=pgtrigger.compiler.Trigger(name='dispute_lock_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='8a43a794a97e67a207e688f2b3ca9fac205d7089', operation='DELETE', pgid='pgtrigger_dispute_lock_never_deleted_12bc1', table='card_payments_disputelock', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='disputelock',
            trigger=pgtrigger.compiler.Trigger(name='dispute_lock_stays_what_it_is', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."dispute_id" IS DISTINCT FROM (NEW."dispute_id") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='d797562e7a56df20fadfe8fdcd6077b8b0f1cba4', operation='UPDATE', pgid='pgtrigger_dispute_lock_stays_what_it_is_eec33', table='card_payments_disputelock', when='BEFORE')),
        ),
    ]
