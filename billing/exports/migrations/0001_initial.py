import billing.exports.models
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
            name='Export',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=billing.exports.models.new_export_reference, editable=False, max_length=20, unique=True)),
                ('asked_at', models.DateTimeField()),
                ('asked', models.TextField(blank=True)),
                ('kind', models.CharField(choices=[('csv', 'CSV'), ('xlsx', 'XLSX')], max_length=4)),
                ('zone', models.CharField(help_text='Whose days it is about, and whose clock its times are told by', max_length=64)),
                ('first', models.DateField(verbose_name='first day')),
                ('last', models.DateField(verbose_name='last day')),
                ('was_fresh', models.BooleanField(help_text='Whether the person had just shown once more that it was them', verbose_name='fresh login')),
                ('state', models.CharField(choices=[('sent', 'sent at once'), ('waiting', 'waiting'), ('running', 'being prepared'), ('done', 'ready'), ('stopped', 'stopped'), ('failed', 'not made'), ('removed', 'removed')], max_length=10)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('rows_done', models.BigIntegerField(default=0, verbose_name='calls written')),
                ('rows_total', models.BigIntegerField(blank=True, null=True, verbose_name='calls in all')),
                ('moved_at', models.DateTimeField(blank=True, help_text='When a worker was last seen at it', null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('why', billing.lib.reasons.BecauseField(blank=True, help_text='Why it was not made', null=True)),
                ('size', models.BigIntegerField(blank=True, help_text='Of the file, in bytes', null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='exports', to='accounts.account')),
                ('asked_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='exports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['asked_by', 'account', '-asked_at'], name='export_of_a_person'), models.Index(fields=['asked_at'], name='export_by_time'), models.Index(condition=models.Q(('state__in', ('waiting', 'running'))), fields=['asked_at'], name='export_unfinished'), models.Index(condition=models.Q(('state', 'done')), fields=['expires_at'], name='export_kept')],
                'constraints': [models.CheckConstraint(condition=models.Q(('first__lte', models.F('last'))), name='export_of_days_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ('waiting', 'running'))), models.Q(models.Q(('state__in', ('waiting', 'running')), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='export_ended_at_an_instant'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('expires_at__isnull', False), ('rows_done', models.F('rows_total')), ('size__isnull', False)), _connector='OR'), name='export_done_is_whole'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), ('why__reason__isnull', False), _connector='OR'), name='export_failed_says_why')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='export',
            trigger=pgtrigger.compiler.Trigger(name='export_goes_forward_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{waiting:running,waiting:stopped,running:done,running:stopped,running:failed,done:removed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='888f54b15c447f789da6f4a4f28144c128484edd', operation='UPDATE', pgid='pgtrigger_export_goes_forward_only_db553', table='exports_export', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='export',
            trigger=pgtrigger.compiler.Trigger(name='export_stays_what_was_asked', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."asked_by_id" IS DISTINCT FROM (NEW."asked_by_id") OR OLD."asked_at" IS DISTINCT FROM (NEW."asked_at") OR OLD."asked" IS DISTINCT FROM (NEW."asked") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."zone" IS DISTINCT FROM (NEW."zone") OR OLD."first" IS DISTINCT FROM (NEW."first") OR OLD."last" IS DISTINCT FROM (NEW."last"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='ae568b4f9986870ff7d85a27b4e9c27db713ef3a', operation='UPDATE', pgid='pgtrigger_export_stays_what_was_asked_039ad', table='exports_export', when='BEFORE')),
        ),
    ]
