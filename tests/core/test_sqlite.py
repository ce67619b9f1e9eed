"""Many threads write at once and no write fails (docs/adr/0002)."""

import threading
import time

import pytest
from django.db import close_old_connections, connection, transaction

from core import tasks
from core.models import SiteSetting


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="the lock is SQLite's")
def test_48_threads_write_while_one_transaction_is_held():
    SiteSetting.objects.create(key="n", value=0)
    errors: list[Exception] = []
    held = threading.Event()

    def hold():
        with transaction.atomic():
            SiteSetting.objects.filter(key="n").exists()
            held.set()
            time.sleep(0.5)
        connection.close()

    def add():
        held.wait(10)
        try:
            for _ in range(4):
                with transaction.atomic():
                    row = SiteSetting.objects.get(key="n")
                    row.value += 1
                    row.save(update_fields=["value"])
        except Exception as error:  # noqa: BLE001 - any failure is the finding
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=hold), *(threading.Thread(target=add) for _ in range(48))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    close_old_connections()
    assert errors == []
    assert SiteSetting.objects.get(key="n").value == 48 * 4


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL analyses itself")
def test_figures_of_the_tables_are_brought_up_to_date():
    SiteSetting.objects.bulk_create(SiteSetting(key=f"k{number}", value=0) for number in range(300))
    tasks.analyse_database()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = %s", [SiteSetting._meta.db_table])
        assert int(cursor.fetchone()[0].split()[0]) >= 300
