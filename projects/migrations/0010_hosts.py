import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0009_push_mirrors'),
    ]

    operations = [
        migrations.CreateModel(
            name='HostApi',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(choices=[('none', 'None'), ('github', 'GitHub'), ('gitee', 'Gitee'), ('gitlab', 'GitLab')], max_length=8)),
                ('base', models.CharField(max_length=300)),
                ('is_on', models.BooleanField(default=True)),
                ('limit', models.PositiveIntegerField(blank=True, null=True)),
                ('remaining', models.PositiveIntegerField(blank=True, null=True)),
                ('reset_at', models.DateTimeField(blank=True, null=True)),
                ('quiet_until', models.DateTimeField(blank=True, null=True)),
                ('said', models.CharField(blank=True, max_length=300)),
                ('requests', models.PositiveBigIntegerField(default=0)),
                ('unchanged', models.PositiveBigIntegerField(default=0)),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='HostToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(db_index=True, max_length=120)),
                ('name', models.CharField(max_length=80)),
                ('secret_encrypted', models.TextField()),
                ('hint', models.CharField(max_length=8)),
                ('limit', models.PositiveIntegerField(blank=True, null=True)),
                ('remaining', models.PositiveIntegerField(blank=True, null=True)),
                ('reset_at', models.DateTimeField(blank=True, null=True)),
                ('quiet_until', models.DateTimeField(blank=True, null=True)),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
                ('said', models.CharField(blank=True, max_length=300)),
                ('requests', models.PositiveBigIntegerField(default=0)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='OutgoingRoute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('kind', models.CharField(choices=[('direct', 'Direct'), ('http', 'HTTP proxy (CONNECT)'), ('socks5', 'SOCKS 5 proxy')], max_length=8)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('port', models.PositiveIntegerField(default=0)),
                ('username', models.CharField(blank=True, max_length=120)),
                ('password_encrypted', models.TextField(blank=True)),
                ('patterns', models.JSONField(blank=True, default=list)),
                ('hour_from', models.PositiveSmallIntegerField(default=0)),
                ('hour_to', models.PositiveSmallIntegerField(default=0)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_on', models.BooleanField(default=True)),
                ('connections', models.PositiveBigIntegerField(default=0)),
                ('failures', models.PositiveBigIntegerField(default=0)),
                ('failures_in_a_row', models.PositiveIntegerField(default=0)),
                ('bytes', models.PositiveBigIntegerField(default=0)),
                ('latency_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('ok_at', models.DateTimeField(blank=True, null=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('said', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['position', 'pk'],
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='UpstreamFacts',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mirror', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='projects.mirror')),
                ('state', models.CharField(choices=[('ok', 'Known'), ('missing', 'Not found'), ('moved', 'Moved'), ('blocked', 'Withheld for legal reasons'), ('refused', 'Access refused'), ('failed', 'No answer')], max_length=8)),
                ('etag', models.CharField(blank=True, max_length=200)),
                ('moved_to', models.CharField(blank=True, max_length=600)),
                ('description', models.CharField(blank=True, max_length=350)),
                ('website', models.CharField(blank=True, max_length=200)),
                ('topics', models.JSONField(blank=True, default=list)),
                ('licence', models.CharField(blank=True, max_length=60)),
                ('default_branch', models.CharField(blank=True, max_length=200)),
                ('stars', models.PositiveIntegerField(default=0)),
                ('forks', models.PositiveIntegerField(default=0)),
                ('is_archived', models.BooleanField(default=False)),
                ('said', models.CharField(blank=True, max_length=300)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('next_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='upstream_facts_due'), models.Index(fields=['state'], name='upstream_facts_state')],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='MirrorHook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mirror', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='hook', to='projects.mirror')),
                ('key', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('secret_encrypted', models.TextField()),
                ('renewed_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'indexes': [],
                'constraints': [],
            },
        ),
        migrations.CreateModel(
            name='HookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='projects.mirrorhook')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sender', models.CharField(blank=True, max_length=10)),
                ('event', models.CharField(blank=True, max_length=60)),
                ('outcome', models.CharField(choices=[('taken', 'sync asked for'), ('ping', 'test received'), ('ignored', 'another event'), ('asleep', 'the mirror is not kept in sync'), ('bad_sign', 'refused: wrong secret or signature'), ('stale', 'refused: too old'), ('replay', 'refused: sent before')], max_length=8)),
                ('digest', models.CharField(blank=True, max_length=64, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['hook', '-at'], name='hook_delivery_recent')],
                'constraints': [models.UniqueConstraint(fields=('hook', 'digest'), name='hook_delivery_once')],
            },
        ),
    ]
