import billing.customers.models
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
            name='CustomerChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=billing.customers.models.new_change_reference, editable=False, max_length=20, unique=True)),
                ('kind', models.CharField(choices=[('open', 'open the account'), ('lock', 'lock it'), ('unlock', 'unlock it'), ('overdraft', 'set its overdraft')], max_length=10)),
                ('number', models.CharField(max_length=100, verbose_name='VOS3000 account id')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('overdraft', models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ('rate_group', models.CharField(blank=True, max_length=200)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='invites')),
                ('key', models.CharField(max_length=64)),
                ('requested_at', models.DateTimeField()),
                ('deadline', models.DateTimeField(help_text='Until when it is tried to send it')),
                ('state', models.CharField(choices=[('requested', 'waiting to be sent'), ('sending', 'being sent'), ('in_doubt', 'being checked'), ('done', 'done'), ('refused', 'not done')], default='requested', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=30)),
                ('figure', models.CharField(blank=True, help_text='What the words of the reason name', max_length=100)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('looks', models.PositiveSmallIntegerField(default=0, help_text='Complete ones, since it came into doubt')),
                ('next_step_at', models.DateTimeField(help_text='From when a sweep goes on with it')),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('mailed_at', models.DateTimeField(blank=True, help_text="When the invitation's mail was handed in", null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='accounts.account')),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requested_changes', to='accounts.account')),
                ('invitation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='customer_changes', to='accounts.invitation')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['agent', '-id'], name='customers_c_agent_i_e1085e_idx'), models.Index(condition=models.Q(('state__in', ['done', 'refused']), _negated=True), fields=['next_step_at'], name='change_to_go_on'), models.Index(condition=models.Q(('kind', 'open'), ('mailed_at__isnull', True), ('state', 'done'), models.Q(('email', ''), _negated=True)), fields=['next_step_at'], name='change_to_mail')],
                'constraints': [models.UniqueConstraint(fields=('requested_by', 'key'), name='change_once_per_key'), models.UniqueConstraint(condition=models.Q(('state__in', ['done', 'refused']), _negated=True), fields=('agent', 'number'), name='change_one_at_a_time'), models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'sending', 'in_doubt', 'done', 'refused'])), name='change_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['open', 'overdraft']), ('overdraft__gte', 0)), models.Q(('kind__in', ['lock', 'unlock']), ('overdraft__isnull', True)), _connector='OR'), name='change_says_the_overdraft_it_sets'), models.CheckConstraint(condition=models.Q(('kind', 'open'), ('account__isnull', False), _connector='OR'), name='change_is_of_an_account_unless_it_opens_one'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('state__in', ['done', 'refused'])), models.Q(models.Q(('state__in', ['done', 'refused']), _negated=True), ('settled_at__isnull', True)), _connector='OR'), name='change_ends_at_an_instant'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sending', 'in_doubt']), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='change_in_doubt_was_sent')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customerchange',
            trigger=pgtrigger.compiler.Trigger(name='change_moves_along_its_edges', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{requested:sending,requested:done,requested:refused,sending:requested,sending:done,sending:refused,sending:in_doubt,in_doubt:done,in_doubt:refused}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='33796e372354d3420767f738e64c5845ccd747bc', operation='UPDATE', pgid='pgtrigger_change_moves_along_its_edges_75399', table='customers_customerchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customerchange',
            trigger=pgtrigger.compiler.Trigger(name='change_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='c5eb84df656510fdf850029afeac20ca37198315', operation='DELETE', pgid='pgtrigger_change_is_never_deleted_6ffe2', table='customers_customerchange', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customerchange',
            trigger=pgtrigger.compiler.Trigger(name='change_stays_what_was_asked_for', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."agent_id" IS DISTINCT FROM (NEW."agent_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."overdraft" IS DISTINCT FROM (NEW."overdraft") OR OLD."rate_group" IS DISTINCT FROM (NEW."rate_group") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."requested_by_id" IS DISTINCT FROM (NEW."requested_by_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='25070774d653614199fa52881305039da4abfdec', operation='UPDATE', pgid='pgtrigger_change_stays_what_was_asked_for_58765', table='customers_customerchange', when='BEFORE')),
        ),
    ]
