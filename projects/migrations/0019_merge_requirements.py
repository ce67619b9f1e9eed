from django.db import migrations, models


class Migration(migrations.Migration):
    """What a protected branch asks of a pull request."""

    dependencies = [("projects", "0018_mirror_moves")]

    operations = [
        migrations.AddField(model_name="protection", name="required_approvals", field=models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(model_name="protection", name="require_owners", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="protection", name="dismiss_stale", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="protection", name="require_resolved", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="protection", name="required_checks", field=models.JSONField(blank=True, default=list)),
        migrations.AddField(model_name="protection", name="linear_history", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="protection", name="signed_commits", field=models.BooleanField(default=False)),
    ]
