import billing.lib.reasons
import billing.topups.models.topups
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('balances', '0001_initial'),
        ('card_payments', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TopUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(default=billing.topups.models.topups.new_topup_reference, editable=False, max_length=20, unique=True)),
                ('kind', models.CharField(choices=[('credit', 'credit'), ('debit', 'debit of the agent'), ('give_back', 'given back to the agent')], default='credit', max_length=10)),
                ('source', models.CharField(choices=[('transfer', "from the agent's balance"), ('agent_credit', 'by the agent, without debit'), ('operator', 'by the operator'), ('voucher', 'by voucher card'), ('online', 'paid by card')], max_length=20)),
                ('amount', models.DecimalField(decimal_places=6, max_digits=18)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('key', models.CharField(help_text='Of the form or the command: the same key gives the same top-up', max_length=64)),
                ('card', models.CharField(blank=True, editable=False, help_text="Of a voucher: a keyed digest of the card's number, the same for the same card", max_length=64)),
                ('sealed_card', models.TextField(blank=True, editable=False, help_text='Of a voucher that has not ended: the card, encrypted')),
                ('mails_success', models.BooleanField(default=True, editable=False, help_text='Whether the person who asked for it is also mailed when it went well, or only when it did not')),
                ('state', models.CharField(choices=[('requested', 'waiting to be sent'), ('sending', 'being sent'), ('confirmed', 'confirmed'), ('refused', 'refused'), ('in_doubt', 'being checked'), ('review', 'with our staff'), ('not_applied', 'not applied')], default='requested', max_length=12)),
                ('requested_at', models.DateTimeField()),
                ('deadline', models.DateTimeField(help_text='Until when it is tried while it provably never left')),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, help_text='When it was claimed for sending, the last time', null=True)),
                ('looks', models.PositiveIntegerField(default=0, help_text='Complete looks at the payment history that did not find it')),
                ('next_look_at', models.DateTimeField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('balance_after', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ('why', billing.lib.reasons.BecauseField(blank=True, help_text='Why it was refused or is in doubt, for people', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topups', to='accounts.account')),
                ('debit', models.OneToOneField(blank=True, help_text="Of a transfer's credit", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit', to='topups.topup')),
                ('gives_back', models.ForeignKey(blank=True, help_text='The debit it undoes', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='give_backs', to='topups.topup')),
                ('online', models.ForeignKey(blank=True, help_text='The payment by card that it credits', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='topups', to='card_payments.cardpayment')),
                ('payer', models.ForeignKey(blank=True, help_text='Of a credit: the agent that pays for it or vouches for it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='paid_topups', to='accounts.account')),
                ('payment', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='topup', to='balances.payment')),
                ('reissue_of', models.OneToOneField(blank=True, help_text='The one, found not applied, that this one stands for', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reissued_as', to='topups.topup')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topups', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'top-up',
                'permissions': [('credit_account', 'Can credit an account as the operator'), ('reissue_topup', "Can ask for a re-issue, and approve another's")],
                'indexes': [
                    models.Index(fields=['account', '-requested_at'], name='topups_topu_account_723452_idx'),
                    models.Index(fields=['requested_by', '-requested_at'], name='topup_of_a_person'),
                    models.Index(condition=models.Q(('state__in', ['requested', 'sending'])), fields=['next_attempt_at'], name='topup_to_send'),
                    models.Index(condition=models.Q(('state__in', ['in_doubt', 'review'])), fields=['-requested_at'], name='topup_doubtful'),
                    models.Index(condition=models.Q(('state', 'in_doubt')), fields=['next_look_at'], name='topup_in_doubt'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('requested_by', 'kind', 'key'), name='topup_once_per_key'),
                    models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'sending', 'confirmed', 'refused', 'in_doubt', 'review', 'not_applied'])), name='topup_state_is_known'),
                    models.CheckConstraint(condition=models.Q(models.Q(('amount__lt', 0), ('kind', 'debit')), models.Q(models.Q(('kind', 'debit'), _negated=True), ('amount__gt', 0)), _connector='OR'), name='topup_amount_has_its_sign'),
                    models.CheckConstraint(condition=models.Q(('debit__isnull', True), models.Q(('kind', 'credit'), ('source', 'transfer')), _connector='OR'), name='topup_only_a_transfer_has_a_debit'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'credit'), ('source__in', ['transfer', 'agent_credit']), _negated=True), ('payer__isnull', False), _connector='OR'), name='topup_an_agents_credit_names_the_agent'),
                    models.CheckConstraint(condition=models.Q(models.Q(('gives_back__isnull', False), ('kind', 'give_back')), models.Q(models.Q(('kind', 'give_back'), _negated=True), ('gives_back__isnull', True)), _connector='OR'), name='topup_a_give_back_says_of_what'),
                    models.UniqueConstraint(condition=models.Q(('state__in', ['refused', 'not_applied']), _negated=True), fields=('gives_back',), name='topup_given_back_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('source', 'voucher'), models.Q(('card', ''), _negated=True)), models.Q(models.Q(('source', 'voucher'), _negated=True), ('card', ''), ('sealed_card', '')), _connector='OR'), name='topup_a_voucher_has_its_card'),
                    models.UniqueConstraint(condition=models.Q(models.Q(('card', ''), _negated=True), models.Q(('state__in', ['refused', 'not_applied']), _negated=True)), fields=('card',), name='topup_once_per_card'),
                    models.CheckConstraint(condition=models.Q(('sealed_card', ''), ('settled_at__isnull', True), _connector='OR'), name='topup_card_is_wiped_at_the_end'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'credit'), ('online__isnull', False), ('source', 'online')), models.Q(models.Q(('source', 'online'), _negated=True), ('online__isnull', True)), _connector='OR'), name='topup_names_its_online_payment'),
                    models.UniqueConstraint(condition=models.Q(('state__in', ['refused', 'not_applied']), _negated=True), fields=('online',), name='topup_credits_an_online_payment_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('state__in', ['confirmed', 'refused', 'not_applied'])), models.Q(('settled_at__isnull', True), models.Q(('state__in', ['confirmed', 'refused', 'not_applied']), _negated=True)), _connector='OR'), name='topup_settled_means_ended'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Reissue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('requested_at', models.DateTimeField()),
                ('why', models.CharField(max_length=300)),
                ('answer', models.CharField(blank=True, choices=[('', 'waiting for a second person'), ('approved', 'approved'), ('declined', 'declined')], default='', max_length=10)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answer_why', models.CharField(blank=True, max_length=300)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('topup', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reissues', to='topups.topup')),
            ],
            options={
                'verbose_name': 're-issue',
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('answer', 'declined'), _negated=True), fields=('topup',), name='reissue_once'),
                    models.CheckConstraint(condition=models.Q(('answer__in', ['', 'approved', 'declined'])), name='reissue_answer_is_known'),
                    models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True), ('answered_by__isnull', True)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='reissue_answer_has_its_person'),
                    models.CheckConstraint(condition=models.Q(('answer', 'approved'), ('answered_by', models.F('requested_by')), _negated=True), name='reissue_approved_by_a_second_person'),
                    models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='reissue_has_its_reason'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ReceiptMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(blank=True, help_text='Empty: it was sent, or given up', null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('event', models.CharField(choices=[('confirmed', 'credited'), ('refused', 'not credited'), ('not_applied', 'not credited after all'), ('in_doubt', 'being checked')], max_length=12)),
                ('to', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='receipt_mails', to=settings.AUTH_USER_MODEL)),
                ('topup', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipt_mails', to='topups.topup')),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='receipt_mail_to_send'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('topup', 'event', 'to'), name='receipt_mail_once_per_event'),
                    models.CheckConstraint(condition=models.Q(('event__in', ['confirmed', 'refused', 'not_applied', 'in_doubt'])), name='receipt_mail_event_is_known'),
                    models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('next_attempt_at__isnull', True), _connector='OR'), name='receipt_mail_sent_is_done'),
                ],
            },
        ),
        migrations.CreateModel(
            name='LookUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(help_text='When it was asked')),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('rows', models.PositiveIntegerField(default=0, help_text='How many payments the account has in that time')),
                ('found', models.JSONField(blank=True, default=list)),
                ('candidates', models.JSONField(blank=True, default=list)),
                ('failure', models.CharField(blank=True, max_length=200)),
                ('topup', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lookups', to='topups.topup')),
            ],
            options={
                'verbose_name': 'look-up',
                'ordering': ['id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('begins_at__lte', models.F('ends_at'))), name='lookup_runs_forward'),
                    models.CheckConstraint(condition=models.Q(('failure', ''), models.Q(('candidates', []), ('found', []), ('rows', 0)), _connector='OR'), name='lookup_that_failed_read_nothing'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StrayPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=20)),
                ('payment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='stray', to='balances.payment')),
            ],
            options={
                'verbose_name': 'stray payment',
                'indexes': [models.Index(fields=['reference'], name='topups_stra_referen_f0e259_idx')],
            },
        ),
        migrations.CreateModel(
            name='Transition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, choices=[('requested', 'waiting to be sent'), ('sending', 'being sent'), ('confirmed', 'confirmed'), ('refused', 'refused'), ('in_doubt', 'being checked'), ('review', 'with our staff'), ('not_applied', 'not applied')], max_length=12)),
                ('to_state', models.CharField(choices=[('requested', 'waiting to be sent'), ('sending', 'being sent'), ('confirmed', 'confirmed'), ('refused', 'refused'), ('in_doubt', 'being checked'), ('review', 'with our staff'), ('not_applied', 'not applied')], max_length=12)),
                ('at', models.DateTimeField()),
                ('why', billing.lib.reasons.BecauseField(blank=True, null=True)),
                ('evidence', models.JSONField(blank=True, default=dict, help_text='What the switch answered, without anything secret')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('topup', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transitions', to='topups.topup')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('from_state', ''), ('to_state', 'requested')), models.Q(('from_state', 'requested'), ('to_state', 'sending')), models.Q(('from_state', 'requested'), ('to_state', 'refused')), models.Q(('from_state', 'sending'), ('to_state', 'requested')), models.Q(('from_state', 'sending'), ('to_state', 'confirmed')), models.Q(('from_state', 'sending'), ('to_state', 'refused')), models.Q(('from_state', 'sending'), ('to_state', 'in_doubt')), models.Q(('from_state', 'in_doubt'), ('to_state', 'confirmed')), models.Q(('from_state', 'in_doubt'), ('to_state', 'review')), models.Q(('from_state', 'review'), ('to_state', 'confirmed')), models.Q(('from_state', 'review'), ('to_state', 'not_applied')), _connector='OR'), name='transition_is_a_listed_edge'),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topup',
            trigger=pgtrigger.compiler.Trigger(name='listed_edges_only', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{requested:sending,requested:refused,sending:requested,sending:confirmed,sending:refused,sending:in_doubt,in_doubt:confirmed,in_doubt:review,review:confirmed,review:not_applied}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='bda4e3b66dbea7cc2d9e30180a5718816d14f90b', operation='UPDATE', pgid='pgtrigger_listed_edges_only_4f854', table='topups_topup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topup',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='79964f4f3dab740d802dc9e2ac6a5c5bebacd62b', operation='DELETE', pgid='pgtrigger_never_deleted_b2777', table='topups_topup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topup',
            trigger=pgtrigger.compiler.Trigger(name='request_never_changes', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."account_id" IS DISTINCT FROM (NEW."account_id") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."requested_by_id" IS DISTINCT FROM (NEW."requested_by_id") OR OLD."key" IS DISTINCT FROM (NEW."key") OR OLD."payer_id" IS DISTINCT FROM (NEW."payer_id") OR OLD."debit_id" IS DISTINCT FROM (NEW."debit_id") OR OLD."gives_back_id" IS DISTINCT FROM (NEW."gives_back_id") OR OLD."card" IS DISTINCT FROM (NEW."card") OR OLD."reissue_of_id" IS DISTINCT FROM (NEW."reissue_of_id") OR OLD."online_id" IS DISTINCT FROM (NEW."online_id") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='38ef266baf9ab1fd936cb48b76486c51ec984876', operation='UPDATE', pgid='pgtrigger_request_never_changes_8ad5b', table='topups_topup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topup',
            trigger=pgtrigger.compiler.Trigger(name='reissued_by_two', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NEW.reissue_of_id IS NOT NULL)', func="\n                    IF NOT EXISTS (\n                        SELECT FROM topups_topup first JOIN topups_reissue ON topup_id = first.id\n                        WHERE first.id = NEW.reissue_of_id AND answer = 'approved' AND first.kind = NEW.kind\n                          AND first.account_id = NEW.account_id AND first.amount = NEW.amount\n                    ) THEN\n                        RAISE EXCEPTION 'A re-issue needs the approval of a second person and the same body.';\n                    END IF;\n                    RETURN NEW;\n                ", hash='15124b44a4bd316a7951a42dc33e3ca380a0bfb0', operation='INSERT', pgid='pgtrigger_reissued_by_two_56426', table='topups_topup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reissue',
            trigger=pgtrigger.compiler.Trigger(name='never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='a906aa2d5a96cde89bc4f31ea191aa5316970f2c', operation='DELETE', pgid='pgtrigger_never_deleted_baa75', table='topups_reissue', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reissue',
            trigger=pgtrigger.compiler.Trigger(name='answered_once', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.answer <> '')", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='4a0b596fc1742503cdc50e1bcf89b984649b68b8', operation='UPDATE', pgid='pgtrigger_answered_once_aab0a', table='topups_reissue', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reissue',
            trigger=pgtrigger.compiler.Trigger(name='request_never_changes', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."topup_id" IS DISTINCT FROM (NEW."topup_id") OR OLD."requested_by_id" IS DISTINCT FROM (NEW."requested_by_id") OR OLD."requested_at" IS DISTINCT FROM (NEW."requested_at") OR OLD."why" IS DISTINCT FROM (NEW."why"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='97aa20fe9f691c5142ab2c0cdb192099398b1f3f', operation='UPDATE', pgid='pgtrigger_request_never_changes_695b4', table='topups_reissue', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reissue',
            trigger=pgtrigger.compiler.Trigger(name='only_of_not_applied', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n                    IF NOT EXISTS (SELECT FROM topups_topup WHERE id = NEW.topup_id AND state = 'not_applied') THEN\n                        RAISE EXCEPTION 'Only what a person found not applied is issued again.';\n                    END IF;\n                    RETURN NEW;\n                ", hash='cb4380abae3fe65ff3bb5abcd42a95f3ca169ea7', operation='INSERT', pgid='pgtrigger_only_of_not_applied_00253', table='topups_reissue', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='reissue',
            trigger=pgtrigger.compiler.Trigger(name='approved_by_no_decider', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.answer = 'approved')", func="\n                    IF EXISTS (\n                        SELECT FROM topups_transition\n                        WHERE topup_id = NEW.topup_id AND to_state = 'not_applied' AND by_id = NEW.answered_by_id\n                    ) THEN\n                        RAISE EXCEPTION 'A person who decided about a top-up does not approve its re-issue.';\n                    END IF;\n                    RETURN NEW;\n                ", hash='e76cf668d65ee3663b0686fddac2ced390ed0c14', operation='INSERT OR UPDATE', pgid='pgtrigger_approved_by_no_decider_0bfc0', table='topups_reissue', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='lookup',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='54486ad0c76a893e78c67a365b17ec058f6c7dca', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_e6aa7', table='topups_lookup', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='transition',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='97a0b4b16647a83cc8883412cdd4ab0ffff0e1a0', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_04ee0', table='topups_transition', when='BEFORE')),
        ),
    ]
