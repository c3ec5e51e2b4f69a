import django.db.models.deletion
from django.db import migrations, models

import billing.lib.reasons
from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('switch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='observation', serialize=False, to='accounts.switch')),
                ('compared_at', models.DateTimeField(blank=True, help_text='When its clock and zone were last compared', null=True)),
                ('clock_ahead', models.DurationField(blank=True, help_text="How far the switch's clock is ahead of ours; empty: it does not say", null=True)),
                ('local_at', models.DateTimeField(blank=True, help_text='The instant for which its zone was measured', null=True)),
                ('local_ahead', models.DurationField(blank=True, help_text='How far its local time was ahead of UTC then; empty: not measured', null=True)),
                ('zone_is_wrong', models.BooleanField(default=False, help_text='Its answers do not fit the zone that is set')),
                ('is_off', models.BooleanField(default=False, help_text='Its clock or its zone needs a look')),
                ('refused_from', models.TimeField(blank=True, help_text='From when it was seen to refuse call records, by its clock', null=True)),
                ('refused_until', models.TimeField(blank=True, help_text='And until when', null=True)),
                ('refused_at', models.DateTimeField(blank=True, help_text='When it last did', null=True)),
                ('longest_range', models.PositiveSmallIntegerField(blank=True, help_text='Most days of one question that it was seen to answer, where it refused more', null=True)),
                ('range_learnt_at', models.DateTimeField(blank=True, help_text='When that was seen', null=True)),
            ],
            options={
                'verbose_name': 'observation of a switch',
                'verbose_name_plural': 'observations of switches',
            },
        ),
        migrations.CreateModel(
            name='UnusableAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operation', models.CharField(max_length=40)),
                ('number', models.CharField(blank=True, help_text='The account, or the prefix of a rate; empty where the switch does not say whose row it is', max_length=100, verbose_name='name on the switch')),
                ('why', billing.lib.reasons.BecauseField()),
                ('since', models.DateTimeField()),
                ('tried_at', models.DateTimeField()),
                ('tries', models.PositiveIntegerField(default=1, help_text='How often in a row')),
                ('next_try_at', models.DateTimeField()),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='unusable_answers', to='accounts.account')),
                ('switch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unusable_answers', to='accounts.switch')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('switch', 'operation', 'number'), name='unusable_answer_once'),
                ],
            },
        ),
    ]
