"""No page, mail or worker calls a host that no administrator named: tried on a machine whose only way out is listened to."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operate.servers import ROOT

pytestmark = [
    pytest.mark.exclusive,
    pytest.mark.embedded,
    pytest.mark.journey,
    pytest.mark.skipif(not (shutil.which("ip") and Path("/usr/bin/chromium").exists()), reason="needs iproute2 and chromium"),
    pytest.mark.skipif(
        subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0, reason="no network name spaces here"
    ),
]


def test_nothing_leaves_the_machine_while_the_whole_portal_is_walked(tmp_path: Path) -> None:
    command = ["unshare", "-n", sys.executable, "-m", "tests.operate.walled", str(tmp_path / "data")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["packets"] == []
    assert found["asked"] == []
    assert len(found["pages"]) >= 40, found["pages"]
