from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0019_merge_requirements"),
    ]

    operations = [
        migrations.AddField(
            model_name="checksetting",
            name="version",
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
