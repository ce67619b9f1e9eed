"""Files of counters: their room is taken before anything is written, and a full disk ends no process."""

import errno
import os
from pathlib import Path

import pytest

from core import metrics


def test_the_room_of_a_file_is_on_the_disk_before_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "counter_1.db"
    made = metrics.RoomyDict(str(path))
    made.write_value("a", 2.0, 0.0)
    assert path.stat().st_blocks * 512 >= metrics.ROOM
    assert [(key, value) for key, value, _at, _position in metrics.RoomyDict.read_all_values_from_file(str(path))] == [("a", 2.0)]
    made.close()


def test_on_a_full_disk_counters_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    path = tmp_path / "counter_1.db"
    made = metrics.RoomyDict(str(path))
    made.write_value("a", 2.0, 0.0)
    assert made.read_value("a") == (2.0, 0.0)
    assert not path.exists()
    made.close()
