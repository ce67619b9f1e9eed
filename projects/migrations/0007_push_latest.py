"""The newest pushes of the whole site are read in order, and languages counted from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_market")]

    operations = [
        migrations.AddIndex(
            model_name="push",
            index=models.Index(fields=["-at", "-id"], name="push_latest"),
        ),
        migrations.AlterField(
            model_name="repository",
            name="main_language",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddIndex(
            model_name="repository",
            index=models.Index(
                fields=["main_language", "visibility", "deleted_at", "kind", "namespace"], name="repository_by_language"
            ),
        ),
    ]
