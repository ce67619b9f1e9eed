from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0013_mirror_stores"),
    ]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="shared_bytes",
            field=models.BigIntegerField(default=0),
        ),
    ]
