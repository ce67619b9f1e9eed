from django.db import migrations

from projects.market import tree


def give_icons(apps, schema_editor):
    """Default categories get theirs; an icon that a curator chose stays."""
    category = apps.get_model("projects", "Category")
    for slug, icon in tree.icons().items():
        category.objects.filter(slug=slug, icon="").update(icon=icon)


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0015_import_filters'),
    ]

    operations = [migrations.RunPython(give_icons, migrations.RunPython.noop)]
