import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BalanceReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('balance', models.DecimalField(decimal_places=6, max_digits=20)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='balance_readings', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'at'), name='balance_reading_once')],
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('difference', models.DecimalField(decimal_places=6, help_text='Stated minus expected change of the balance', max_digits=20)),
                ('cause', models.CharField(choices=[('record_edited', 'a call record was edited'), ('record_missing', 'a call record is missing'), ('late_record', 'a call record has not arrived yet'), ('payment_without_record', 'money came without a payment record'), ('balance_set', 'someone set the balance'), ('unknown', 'not known')], default='unknown', max_length=30)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('is_explained', models.BooleanField(default=False, verbose_name='explained by later records')),
                ('note', models.TextField(blank=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='accounts.account')),
            ],
            options={
                'permissions': [('close_case', 'Can close case')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('account', 'begins_at', 'ends_at'), name='case_open_once_per_interval'), models.CheckConstraint(condition=models.Q(('begins_at__lte', models.F('ends_at'))), name='case_runs_forward')],
            },
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of every field that the switch states', max_length=64)),
                ('occurrence', models.PositiveIntegerField(default=0, help_text='0 for the first of equal rows, 1 for the second, …')),
                ('balance_after', models.DecimalField(decimal_places=6, max_digits=20)),
                ('charged_at', models.DateTimeField()),
                ('kind', models.IntegerField(choices=[(0, 'package rent'), (1, 'phone rent'), (2, 'phone minimum'), (3, 'package minimum')])),
                ('item', models.CharField(blank=True, help_text='consumptionName: what was charged for', max_length=100)),
                ('amount', models.DecimalField(decimal_places=6, max_digits=20)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.account')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['account', '-charged_at', '-id'], name='charge_history')],
                'constraints': [models.UniqueConstraint(fields=('account', 'digest', 'occurrence'), name='charge_once')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of every field that the switch states', max_length=64)),
                ('occurrence', models.PositiveIntegerField(default=0, help_text='0 for the first of equal rows, 1 for the second, …')),
                ('balance_after', models.DecimalField(decimal_places=6, max_digits=20)),
                ('paid_at', models.DateTimeField()),
                ('kind', models.IntegerField(choices=[(0, 'top-up'), (1, 'deduction'), (2, 'opening'), (3, 'zeroing')])),
                ('method', models.IntegerField(choices=[(0, 'cash'), (2, 'voucher card'), (5, 'other')])),
                ('amount', models.DecimalField(decimal_places=6, max_digits=20)),
                ('memo', models.TextField(blank=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='accounts.account')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['account', '-paid_at', '-id'], name='payment_history')],
                'constraints': [models.UniqueConstraint(fields=('account', 'digest', 'occurrence'), name='payment_once')],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('opening', models.DecimalField(decimal_places=6, max_digits=20)),
                ('payments', models.DecimalField(decimal_places=6, max_digits=20)),
                ('calls', models.DecimalField(decimal_places=6, max_digits=20)),
                ('agent_fees', models.DecimalField(decimal_places=6, max_digits=20)),
                ('charges', models.DecimalField(decimal_places=6, max_digits=20)),
                ('difference', models.DecimalField(decimal_places=6, max_digits=20)),
                ('closing', models.DecimalField(decimal_places=6, max_digits=20)),
                ('computed_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reconciliations', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='reconciliation_once'), models.CheckConstraint(condition=models.Q(('closing', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('opening'), '+', models.F('payments')), '-', models.F('calls')), '-', models.F('agent_fees')), '-', models.F('charges')), '+', models.F('difference')))), name='reconciliation_adds_up')],
            },
        ),
        migrations.CreateModel(
            name='SyncMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(choices=[('payments', 'payments'), ('charges', 'charges')], max_length=10)),
                ('complete_from', models.DateTimeField()),
                ('complete_until', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sync_marks', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'stream'), name='sync_mark_once'), models.CheckConstraint(condition=models.Q(('complete_from__lte', models.F('complete_until'))), name='sync_mark_runs_forward')],
            },
        ),
    ]
