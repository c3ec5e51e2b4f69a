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
