import billing.batches.models
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
        ('topups', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=billing.batches.models.new_batch_reference, editable=False, max_length=20, unique=True)),
                ('uploaded_at', models.DateTimeField()),
                ('file_name', models.CharField(max_length=100)),
                ('digest', models.CharField(help_text='SHA-256 of what its lines say, in whatever order and spelling', max_length=64)),
                ('payments_digest', models.CharField(help_text='SHA-256 of its accounts and amounts, whatever the notes beside them', max_length=64)),
                ('origin', models.CharField(choices=[('file', 'a file'), ('again', 'all of a batch, a second time on purpose'), ('rest', 'what a batch left unpaid')], default='file', max_length=10)),
                ('key', models.CharField(default=billing.batches.models.new_batch_key, help_text='Of the check that a person sees, and then confirms', max_length=64)),
                ('state', models.CharField(choices=[('uploaded', 'waiting for your confirmation'), ('confirmed', 'being carried out'), ('done', 'done')], default='uploaded', max_length=10)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('next_step_at', models.DateTimeField(blank=True, help_text='From when a sweep goes on with it, if no worker does', null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(help_text='Who pays', on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='accounts.account')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('follows', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followers', to='batches.batch')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'batches',
                'indexes': [
                    models.Index(fields=['agent', '-id'], name='batches_bat_agent_i_c9b6fc_idx'),
                    models.Index(fields=['agent', 'payments_digest'], name='batches_bat_agent_i_60c882_idx'),
                    models.Index(condition=models.Q(('state', 'confirmed')), fields=['next_step_at'], name='batch_to_carry_out'),
                ],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('origin', 'file')), fields=('agent', 'digest'), name='batch_once_per_content'),
                    models.UniqueConstraint(condition=models.Q(('origin', 'again')), fields=('follows',), name='batch_again_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('follows__isnull', True), ('origin', 'file')), models.Q(models.Q(('origin', 'file'), _negated=True), ('follows__isnull', False)), _connector='OR'), name='batch_says_what_it_follows'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), models.Q(('confirmed_at__isnull', False), ('confirmed_by__isnull', False), ('next_step_at__isnull', False)), _connector='OR'), name='batch_confirmed_by_a_person'),
                    models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at__isnull', True)), _connector='OR'), name='batch_done_at_an_instant'),
                ],
            },
        ),
        migrations.CreateModel(
            name='BatchRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField(help_text='Of the file, from 1')),
                ('account_text', models.CharField(max_length=100)),
                ('amount_text', models.CharField(max_length=60)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('unclear', billing.lib.reasons.BecauseField(blank=True, help_text='Why the line itself cannot be read', null=True)),
                ('amount', models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ('problem', billing.lib.reasons.BecauseField(blank=True, help_text='Why it is not paid', null=True)),
                ('warning', billing.lib.reasons.BecauseField(blank=True, help_text='What to look at before it is paid', null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, help_text='How often it could not even be asked for, by an error of ours')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='batches.batch')),
                ('topup', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='batch_row', to='topups.topup')),
                ('tries_again', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tried_again', to='batches.batchrow')),
            ],
            options={
                'ordering': ['line'],
                'constraints': [
                    models.UniqueConstraint(fields=('batch', 'line'), name='batchrow_once_per_line'),
                    models.CheckConstraint(condition=models.Q(('problem__isnull', False), models.Q(('account__isnull', False), ('amount__gt', 0)), _connector='OR'), name='batchrow_can_be_paid_or_says_why'),
                    models.CheckConstraint(condition=models.Q(('topup__isnull', True), ('problem__isnull', True), _connector='OR'), name='batchrow_is_paid_or_says_why_not'),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batch',
            trigger=pgtrigger.compiler.Trigger(name='batch_goes_forward_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{uploaded:confirmed,uploaded:done,confirmed:done}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='53f10ee2d905d6e18620090285818ba8f987c285', operation='UPDATE', pgid='pgtrigger_batch_goes_forward_only_b7300', table='batches_batch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batch',
            trigger=pgtrigger.compiler.Trigger(name='batch_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='1476df5a4251ab026c535bcea1f7b101fb0101f5', operation='DELETE', pgid='pgtrigger_batch_is_never_deleted_5c4e7', table='batches_batch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batch',
            trigger=pgtrigger.compiler.Trigger(name='batch_stays_what_was_uploaded', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."agent_id" IS DISTINCT FROM (NEW."agent_id") OR OLD."uploaded_by_id" IS DISTINCT FROM (NEW."uploaded_by_id") OR OLD."uploaded_at" IS DISTINCT FROM (NEW."uploaded_at") OR OLD."digest" IS DISTINCT FROM (NEW."digest") OR OLD."payments_digest" IS DISTINCT FROM (NEW."payments_digest") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."follows_id" IS DISTINCT FROM (NEW."follows_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e12ad04457ab3d8d0200e2515b7fddcc4d3d29a9', operation='UPDATE', pgid='pgtrigger_batch_stays_what_was_uploaded_14d47', table='batches_batch', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batchrow',
            trigger=pgtrigger.compiler.Trigger(name='row_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='d4fdb047c16926b80c1b55590c48190310af66fb', operation='DELETE', pgid='pgtrigger_row_is_never_deleted_18bbc', table='batches_batchrow', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batchrow',
            trigger=pgtrigger.compiler.Trigger(name='row_stays_what_was_written', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."batch_id" IS DISTINCT FROM (NEW."batch_id") OR OLD."line" IS DISTINCT FROM (NEW."line") OR OLD."account_text" IS DISTINCT FROM (NEW."account_text") OR OLD."amount_text" IS DISTINCT FROM (NEW."amount_text") OR OLD."note" IS DISTINCT FROM (NEW."note") OR OLD."unclear" IS DISTINCT FROM (NEW."unclear") OR OLD."tries_again_id" IS DISTINCT FROM (NEW."tries_again_id"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='b80e588d78f15801b0d35889dcc528232b831e48', operation='UPDATE', pgid='pgtrigger_row_stays_what_was_written_3438a', table='batches_batchrow', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='batchrow',
            trigger=pgtrigger.compiler.Trigger(name='row_keeps_its_topup', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."topup_id" IS NOT NULL)', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='627271f8a6275d4d7ffae1a93c2b2f4481e3fa49', operation='UPDATE', pgid='pgtrigger_row_keeps_its_topup_ae0ad', table='batches_batchrow', when='BEFORE')),
        ),
    ]
