import accounts.models.account
import accounts.models.switch
import datetime
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='LoginAttempts',
            fields=[
                ('cache_key', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('value', models.TextField()),
                ('expires', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=150)),
                ('time_zone', models.CharField(blank=True, help_text="In which times are shown; empty: the switch's own.", max_length=63)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_once_in_any_case'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.SlugField(unique=True)),
                ('url', models.CharField(help_text='http(s)://host:port; one that ends with a directory is taken as it is', max_length=200, validators=[django.core.validators.URLValidator(schemes=['http', 'https'])])),
                ('directory', models.CharField(default='/external/server', help_text='Of the interface on the switch; where the address ends with one, that one counts', max_length=100)),
                ('suffix', models.CharField(blank=True, help_text="Put behind each operation's name, such as .jsp", max_length=10)),
                ('content_type', models.CharField(default='text/html;charset=UTF-8', help_text='What each request says that its body is', max_length=100)),
                ('time_zone', models.CharField(default='UTC', max_length=63, validators=[accounts.models.switch.check_time_zone])),
                ('currency', models.CharField(default='USD', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, such as USD.')])),
                ('ca_file', models.CharField(blank=True, help_text='Path of a PEM file that the certificate must chain to', max_length=500)),
                ('fingerprint', models.CharField(blank=True, help_text='SHA-256 of the certificate, instead of a CA file', max_length=95)),
                ('extra_body_file', models.CharField(blank=True, help_text='Path of a JSON file with fields that this build wants in every body', max_length=500)),
                ('requests_per_second', models.DecimalField(decimal_places=2, default=Decimal('5'), max_digits=7, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('sure_refusals', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), blank=True, default=accounts.models.switch.default_refusals, help_text='retCodes that mean: surely not done; empty: none is sure', size=None)),
                ('topup_limit', models.DecimalField(decimal_places=6, default=Decimal('10000'), help_text='Largest single top-up', max_digits=18)),
                ('topup_places', models.PositiveSmallIntegerField(blank=True, help_text='Decimal places a top-up may have, at most 6; empty: those of the currency', null=True)),
                ('daily_limit_per_user', models.DecimalField(blank=True, decimal_places=6, help_text="What one person may top up on one day of the switch's calendar, over all accounts; empty: no limit", max_digits=18, null=True)),
                ('daily_limit_per_account', models.DecimalField(blank=True, decimal_places=6, help_text='What one account may be topped up by on one day, by all people together; empty: no limit', max_digits=18, null=True)),
                ('fresh_login_above', models.DecimalField(blank=True, decimal_places=6, default=Decimal('1000'), help_text='Above this amount people show once more that it is them; empty: never', max_digits=18, null=True)),
                ('claim_by_phrase', models.BooleanField(default=False, help_text="A person who knows an account's code phrase gets an invitation to it")),
                ('claim_by_phone', models.BooleanField(default=False, help_text='So does a person who knows the web-query password of one of its phones')),
                ('warn_within', models.DurationField(default=datetime.timedelta(seconds=600), help_text='For how long a second top-up of the same account by the same amount must be meant')),
                ('voucher_cards', models.BooleanField(default=True, help_text='Owners of an account pay in voucher cards (PayByPhoneCard, GetPhoneCard)')),
                ('online_payments', models.BooleanField(default=False, help_text='Owners of an account pay for it by card, at the provider that PAYMENT_PROVIDER names')),
                ('sending_deadline', models.DurationField(default=datetime.timedelta(seconds=600), help_text='How long an unsent top-up is tried')),
                ('settling_time', models.DurationField(default=datetime.timedelta(seconds=1800), help_text='How long a top-up may stay in doubt before a person decides')),
                ('clean_looks', models.PositiveSmallIntegerField(default=3, help_text='Complete looks at the payment history without a find before a person decides')),
                ('first_look_after', models.DurationField(default=datetime.timedelta(seconds=5), help_text='When a top-up in doubt is first looked for in the payment history')),
                ('look_factor', models.PositiveSmallIntegerField(default=2, help_text='By how much each pause between looks is longer than the one before')),
                ('longest_look_pause', models.DurationField(default=datetime.timedelta(seconds=60), help_text='The longest pause between two looks')),
                ('failed_look_pause', models.DurationField(default=datetime.timedelta(seconds=10), help_text='How soon to look again when the payment history could not be read')),
                ('clock_tolerance', models.DurationField(default=datetime.timedelta(seconds=3600), help_text="How far the switch's clock may be off when its payment history is searched")),
                ('call_days_kept', models.PositiveSmallIntegerField(blank=True, help_text='How many days back the switch still has call records: older ones are not asked for; empty: unknown', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days of calls on the switch')),
                ('quiet_hours', models.CharField(blank=True, help_text="Hours of the switch's clock in which it is not asked for call records, such as 08:00-20:00; empty: it is noticed when it refuses them", max_length=11, validators=[accounts.models.switch.check_hours])),
                ('longest_range', models.PositiveSmallIntegerField(blank=True, help_text='How many days one question may be about; empty: it is noticed when the switch refuses more', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='longest range of days')),
                ('keep_routing', models.BooleanField(default=False, help_text="Of calls fetched from then on: their gateways, addresses, equipment, and numbers as gateways get them. Operators alone see it, at a call's page here. Once this is off, nothing more is kept; what is kept goes with its call, with the calls of its month, and where the switch changes what it says of the call; all of it goes at once by `manage.py forget_routing`, for which this has to be off", verbose_name='keep the routing of calls')),
                ('fresh_for', models.DurationField(default=datetime.timedelta(seconds=10), help_text='How long a balance counts as current')),
            ],
            options={
                'verbose_name_plural': 'switches',
                'constraints': [models.CheckConstraint(condition=models.Q(('requests_per_second__gt', 0)), name='switch_budget_is_positive'), models.CheckConstraint(condition=models.Q(('topup_places__lte', 6)), name='switch_topup_places_can_be_stored'), models.CheckConstraint(condition=models.Q(('topup_limit__gt', 0)), name='switch_topup_limit_is_positive'), models.CheckConstraint(condition=models.Q(('ca_file', ''), ('fingerprint', ''), _connector='OR'), name='switch_has_one_tls_pin'), models.CheckConstraint(condition=models.Q(('settling_time__gte', datetime.timedelta(0)), ('sending_deadline__gt', datetime.timedelta(0))), name='switch_times_are_positive'), models.CheckConstraint(condition=models.Q(('daily_limit_per_user__isnull', True), ('daily_limit_per_user__gte', 0), _connector='OR'), name='switch_daily_limit_per_user_is_positive'), models.CheckConstraint(condition=models.Q(('daily_limit_per_account__isnull', True), ('daily_limit_per_account__gte', 0), _connector='OR'), name='switch_daily_limit_per_account_is_positive'), models.CheckConstraint(condition=models.Q(('fresh_login_above__isnull', True), ('fresh_login_above__gte', 0), _connector='OR'), name='switch_fresh_login_above_is_positive'), models.CheckConstraint(condition=models.Q(('warn_within__gte', datetime.timedelta(0)), ('warn_within__lte', datetime.timedelta(days=1))), name='switch_warning_fits_a_day'), models.CheckConstraint(condition=models.Q(('look_factor__gte', 1), ('look_factor__lte', 10), ('first_look_after__gt', datetime.timedelta(0)), ('first_look_after__lte', models.F('longest_look_pause')), ('longest_look_pause__lte', datetime.timedelta(seconds=3600)), ('failed_look_pause__gt', datetime.timedelta(0)), ('failed_look_pause__lte', datetime.timedelta(seconds=3600))), name='switch_looks_come_in_time')],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=accounts.models.account.new_public_id, editable=False, max_length=20, unique=True)),
                ('number', models.CharField(max_length=100, verbose_name='VOS3000 account id')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('is_agent', models.BooleanField(default=False)),
                ('lock_type', models.IntegerField(choices=[(0, 'open'), (1, 'locked')], default=0)),
                ('rate_group', models.CharField(blank=True, max_length=200)),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('expiry', models.CharField(choices=[('unknown', 'unknown'), ('at', 'at an instant'), ('never', 'never'), ('default', "by the system's default")], default='unknown', max_length=10)),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('profile_at', models.DateTimeField(blank=True, help_text='When name, lock, expiry and agent were read', null=True)),
                ('missing_since', models.DateTimeField(blank=True, help_text='Since when the switch does not know it', null=True)),
                ('balance', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ('overdraft', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ('balance_at', models.DateTimeField(blank=True, help_text='When the request that read the balance was sent', null=True)),
                ('money_changed_at', models.DateTimeField(blank=True, help_text='When the switch last said that the balance changed: one read before is old', null=True)),
                ('today_charges', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ('today_at', models.DateTimeField(blank=True, null=True)),
                ('credit_without_debit', models.DecimalField(blank=True, decimal_places=6, help_text='Of an agent: how much it may credit a day without being debited. Empty: each top-up is a transfer.', max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='daily credit without debit')),
                ('may_open_customers', models.BooleanField(default=False, help_text='Of an agent: it opens accounts directly below its own.', verbose_name='may open accounts')),
                ('may_lock_customers', models.BooleanField(default=False, help_text='Of an agent: the accounts directly below its own.', verbose_name='may lock and unlock')),
                ('may_set_overdrafts', models.BooleanField(default=False, help_text='Of an agent: of the accounts directly below its own, together within its own overdraft.', verbose_name='may set overdrafts')),
                ('may_see_margin', models.BooleanField(default=False, help_text="Of an agent: what its customers' calls cost it, beside what they cost them.", verbose_name='may see its margin')),
                ('viewed_at', models.DateTimeField(blank=True, help_text='When a person last opened one of its pages', null=True)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='accounts.account', verbose_name='agent')),
                ('switch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='accounts.switch')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('switch', 'number'), name='account_once_per_switch'),
                    models.UniqueConstraint(fields=('switch', 'id'), name='account_of_switch'),
                    models.CheckConstraint(condition=models.Q(models.Q(('expiry', 'at'), ('valid_until__isnull', False)), models.Q(models.Q(('expiry', 'at'), _negated=True), ('valid_until__isnull', True)), _connector='OR'), name='account_expiry_has_its_instant'),
                    models.CheckConstraint(condition=models.Q(('parent__isnull', True), models.Q(('parent', models.F('id')), _negated=True), _connector='OR'), name='account_is_not_its_own_agent'),
                ],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('who', models.CharField(blank=True, max_length=254)),
                ('role', models.CharField(max_length=100, verbose_name='as')),
                ('action', models.CharField(max_length=30)),
                ('subject_type', models.CharField(blank=True, help_text='The kind of row, such as accounts.membership', max_length=60)),
                ('subject_id', models.CharField(blank=True, max_length=40)),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='what')),
                ('text', models.CharField(blank=True, max_length=500)),
                ('changes', models.JSONField(blank=True, default=dict)),
                ('address', models.GenericIPAddressField(blank=True, null=True)),
                ('session', models.CharField(blank=True, help_text='The same letters are the same login', max_length=12)),
                ('user_agent', models.CharField(blank=True, max_length=200)),
                ('account', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to='accounts.account')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_entries', to=settings.AUTH_USER_MODEL)),
                ('via', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account')),
            ],
            options={
                'verbose_name': 'entry of the audit trail',
                'verbose_name_plural': 'entries of the audit trail',
                'indexes': [
                    models.Index(fields=['-at', '-id'], name='audit_by_time'),
                    models.Index(fields=['account', '-at', '-id'], name='audit_by_account'),
                    models.Index(fields=['user', '-at', '-id'], name='audit_by_user'),
                    models.Index(fields=['action', '-at', '-id'], name='audit_by_action'),
                    models.Index(fields=['subject_type', 'subject_id'], name='audit_by_subject'),
                    django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.search.SearchVector('subject', 'text', config='simple'), name='audit_by_words'),
                ],
            },
        ),
        migrations.CreateModel(
            name='ClaimPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claim_phrases', to='accounts.account')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='phrase_ends_after_it_begins'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('viewer', 'viewer')], max_length=10)),
                ('source', models.CharField(choices=[('operator', 'the operator'), ('member', 'an owner'), ('agent', 'the agent that opened the account'), ('claim', 'a proof of control')], max_length=10)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='invitations_accepted', to=settings.AUTH_USER_MODEL)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.account')),
                ('invited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='invitations_sent', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'permissions': [('resend_invitation', 'Can send an invitation again')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'viewer'])), name='invitation_role_is_known'),
                    models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='invitation_email_is_lower_case'),
                    models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='invitation_ends_after_it_begins'),
                    models.CheckConstraint(condition=models.Q(('accepted_at__isnull', True), ('revoked_at__isnull', True), _connector='OR'), name='invitation_is_accepted_or_revoked'),
                    models.CheckConstraint(condition=models.Q(('accepted_by__isnull', True), ('accepted_at__isnull', False), _connector='OR'), name='invitation_is_accepted_by_a_person_at_some_time'),
                    models.UniqueConstraint(condition=models.Q(('accepted_at__isnull', True), ('revoked_at__isnull', True)), fields=('account', 'email'), name='invitation_open_once_per_account_and_email'),
                ],
            },
        ),
        migrations.CreateModel(
            name='KnownBrowser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='browsers', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('user', 'digest'), name='browser_once_per_user'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('viewer', 'viewer')], default='owner', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('user', 'account'), name='membership_once_per_user_and_account'),
                    models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'viewer'])), name='membership_role_is_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('text', models.TextField(max_length=2000)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='accounts.account')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [
                    models.Index(fields=['account', '-at'], name='note_by_account'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='note_says_something'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('written_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(blank=True, help_text='Empty: it was sent, or given up', null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('to', models.EmailField(max_length=254)),
                ('subject', models.CharField(max_length=300)),
                ('text', models.TextField()),
                ('html', models.TextField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='notice_to_send')],
                'constraints': [models.CheckConstraint(condition=models.Q(('sent_at__isnull', True), ('next_attempt_at__isnull', True), _connector='OR'), name='notice_sent_is_done')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='never_changed', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='f8b8a9cadb3ad4276ead833fd7693485d09eae0e', operation='UPDATE', pgid='pgtrigger_never_changed_63c46', table='accounts_auditentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='auditentry',
            trigger=pgtrigger.compiler.Trigger(name='kept_for_a_year', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.at > now() - interval '364 days')", func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='82259e9ac3999c36894d5b2297577b7140c2cb90', operation='DELETE', pgid='pgtrigger_kept_for_a_year_effad', table='accounts_auditentry', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='membership',
            trigger=pgtrigger.compiler.Trigger(name='an_owner_stays', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.role = 'owner')", func="\n                    IF TG_OP = 'UPDATE' THEN\n                        IF NEW.role = 'owner' AND NEW.account_id = OLD.account_id THEN RETURN NEW; END IF;\n                    END IF;\n                    PERFORM FROM accounts_account WHERE id = OLD.account_id FOR UPDATE;\n                    IF NOT EXISTS (\n                        SELECT FROM accounts_membership\n                        WHERE account_id = OLD.account_id AND role = 'owner' AND id <> OLD.id\n                    ) THEN\n                        RAISE EXCEPTION 'An account keeps an owner.' USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n                    RETURN NEW;\n                ", hash='c60cfdf1b0eedf0a0a84195c229a51936b8dd013', operation='UPDATE OR DELETE', pgid='pgtrigger_an_owner_stays_31ccf', table='accounts_membership', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='note',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='b9dff08cbb5218129f209ece2d09d2e0d8380e1d', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_2d7db', table='accounts_note', when='BEFORE')),
        ),
    ]
