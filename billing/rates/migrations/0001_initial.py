import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from accounts.lib.first_migration import FirstMigration


class Migration(FirstMigration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RateGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(blank=True, help_text='When they were last asked for', null=True)),
                ('ended_at', models.DateTimeField(blank=True, help_text='When that ended, well or not', null=True)),
                ('not_before', models.DateTimeField(blank=True, help_text='They are not asked for again before', null=True)),
                ('read_at', models.DateTimeField(blank=True, help_text='As of when the rows here are', null=True)),
                ('failure', models.CharField(blank=True, help_text='Why they were not read the last time', max_length=30)),
                ('name', models.TextField()),
                ('switch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rate_groups', to='accounts.switch')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('switch', 'name'), name='rate_group_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prefix', models.TextField()),
                ('area_name', models.TextField(blank=True)),
                ('fee', models.DecimalField(decimal_places=12, max_digits=24)),
                ('period', models.PositiveIntegerField(help_text='Seconds')),
                ('first_fees', django.contrib.postgres.fields.ArrayField(base_field=models.DecimalField(decimal_places=12, max_digits=24), default=list, size=None)),
                ('first_seconds', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveIntegerField(), default=list, size=None)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rates', to='rates.rategroup')),
            ],
            options={
                'indexes': [
                    models.Index(models.F('group'), django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower('area_name'), name='text_pattern_ops'), name='rate_by_area'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('group', 'prefix'), name='rate_once_per_prefix'),
                    models.CheckConstraint(condition=models.Q(('period__gt', 0)), name='rate_has_a_period'),
                ],
            },
        ),
    ]
