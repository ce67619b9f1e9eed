"""Upstreams that are broken, hostile or strange: a clear cause each, and nothing else is disturbed."""

import datetime
import http.server
import ipaddress
import os
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client

import gitstore
from core.actors import SYSTEM
from projects import commands, fetching
from projects.mirrors import causes
from projects.models import Mirror, MirrorRun, MirrorStore, Push
from tests.factories.projects import git

pytestmark = pytest.mark.django_db


def listed(upstream) -> Mirror:
    mirror = commands.list_mirror(SYSTEM, "https://github.com/lab/model")
    Mirror.objects.update(address=upstream.url)
    return mirror


def synced(mirror: Mirror) -> Mirror:
    commands.sync_mirror(SYSTEM, mirror.pk)
    found = Mirror.objects.select_related("repository__namespace").get(pk=mirror.pk)
    assert found.lease == ""
    if found.cause:
        assert found.cause in causes.CAUSES
        page = Client().get(f"{found.repository.get_absolute_url()}/mirror", headers={"accept-language": "en"}).content.decode()
        assert str(causes.CAUSES[found.cause].title) in page
    return found


def packet(text: bytes) -> bytes:
    return b"%04x%s" % (len(text) + 4, text)


def advert(*refs: tuple[str, str], words: bytes = b"multi_ack_detailed no-done side-band-64k thin-pack ofs-delta agent=git/2"):
    """The pieces of an advertisement of these (oid, name)."""

    def pieces():
        yield packet(b"# service=git-upload-pack\n") + b"0000"
        for number, (oid, name) in enumerate(refs):
            yield packet(f"{oid} {name}".encode() + (b"\0" + words if number == 0 else b"") + b"\n")
        yield b"0000"

    return pieces


@pytest.mark.django_db(transaction=True)
def test_more_than_allowed_is_not_kept(upstream, settings) -> None:
    settings.MIRROR_MAX_BYTES = 1_500_000
    upstream.commit(text=os.urandom(2_500_000).hex())
    mirror = listed(upstream)
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("too_large", "listed")
    assert not failed.repository.path.exists()
    settings.MIRROR_MAX_BYTES = 30_000_000
    assert synced(mirror).state == "fresh"
    old = upstream.tip()
    settings.MIRROR_MAX_BYTES = 100_000
    upstream.commit(text=os.urandom(200_000).hex())
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("too_large", "failing")
    assert gitstore.refs(failed.repository.path) == {"refs/heads/trunk": old}
    assert git(failed.repository.path, "fsck", "--connectivity-only", "--no-dangling") == ""


@pytest.mark.django_db(transaction=True)
def test_a_pack_that_unpacks_to_more_than_we_hold(upstream, monkeypatch) -> None:
    monkeypatch.setattr(fetching, "MEMORY_BYTES", 150 * 1024**2)
    size = 300 * 1024**2
    head = f"commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\nM 100644 inline f\ndata {size}\n".encode()
    git(upstream.path, "-c", "core.bigFileThreshold=1g", "fast-import", "--quiet", data=head + bytes(size) + b"\n")
    mirror = listed(upstream)
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("bomb", "listed"), failed.said
    assert not gitstore.refs(failed.repository.path)
    assert fetching.folder_size(failed.repository.path / "objects") == 0


@pytest.mark.django_db(transaction=True)  # long: the lease is renewed meanwhile
def test_a_million_refs(upstream) -> None:
    mirror, tip = listed(upstream), upstream.tip()
    upstream.advert = advert((tip, "HEAD"), *((tip, f"refs/heads/b{number}") for number in range(1_000_000)))
    failed = synced(mirror)
    assert (failed.cause, failed.said) == ("too_many_refs", "1000000")
    assert not failed.repository.path.exists()
    # pull requests do not count, nor do branches that a filter leaves out
    upstream.advert = advert((tip, "HEAD"), (tip, "refs/heads/trunk"), *((tip, f"refs/pull/{number}/head") for number in range(120_000)))
    assert synced(mirror).state == "fresh"


def test_names_that_differ_by_case_alone_both_come(upstream) -> None:
    upstream.commit("Trunk")
    made = synced(listed(upstream))
    assert set(gitstore.refs(made.repository.path, "refs/heads")) == {"refs/heads/trunk", "refs/heads/Trunk"}


def test_a_name_that_is_file_and_folder(upstream) -> None:
    mirror, tip = listed(upstream), upstream.tip()
    upstream.advert = advert((tip, "HEAD"), (tip, "refs/heads/a"), (tip, "refs/heads/a/b"))
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("clash", "listed"), failed.said
    upstream.advert = None
    assert synced(mirror).state == "fresh"


@pytest.mark.parametrize(
    "name", ["refs/heads/../../../config", "refs/heads/a.lock", "refs/heads/-x", "refs/heads/a b", "refs/heads/\x01", "refs/heads/.."]
)
def test_names_that_git_refuses_write_nothing_outside(upstream, name) -> None:
    mirror, tip = listed(upstream), upstream.tip()
    upstream.advert = advert((tip, "HEAD"), (tip, name), (tip, "refs/heads/trunk"))
    synced(mirror)
    path = mirror.repository.path
    assert (path / "config").read_text().startswith("[core]")
    assert set(gitstore.refs(path, "refs/heads")) <= {"refs/heads/trunk", "refs/heads/-x"}
    assert {entry.name for entry in path.iterdir()} <= {"config", "HEAD", "objects", "refs", "openi", "packed-refs"}


def test_names_of_branches_in_another_encoding(upstream) -> None:
    """Git takes any bytes; rows take text. The branch is served under its own bytes."""
    tip, name = upstream.tip(), "中文".encode("gbk")
    (upstream.path / "packed-refs").write_bytes(b"# pack-refs with: peeled fully-peeled sorted \n%s refs/heads/%s\n" % (tip.encode(), name))
    made = synced(listed(upstream))
    assert (made.state, made.repository.default_branch) == ("fresh", "trunk")
    assert set(gitstore.refs(made.repository.path, "refs/heads")) == {
        "refs/heads/trunk",
        "refs/heads/" + name.decode("utf-8", "surrogateescape"),
    }
    for update in Push.objects.get().updates:
        update[0].encode()  # text that any database takes
    for page in ("", "/branches", "/mirror"):
        assert Client().get(f"/github.com/lab/model{page}").status_code == 200
    git(upstream.path, "update-ref", "refs/heads/trunk", upstream.commit("other"))
    (upstream.path / "packed-refs").write_bytes(b"# pack-refs with: peeled fully-peeled sorted \n")
    synced(made)
    assert [ref for ref, _oid in MirrorRun.objects.order_by("-pk").first().rewritten][0].isprintable()


def test_a_branch_that_is_no_commit(upstream) -> None:
    (upstream.path / "refs/heads/odd").write_text(git(upstream.path, "rev-parse", "trunk^{tree}") + "\n")
    failed = synced(listed(upstream))
    assert (failed.cause, failed.state) == ("fsck", "listed"), failed.said


def test_an_empty_repository_waits_for_its_first_branch(upstream) -> None:
    git(upstream.path, "update-ref", "-d", "refs/heads/trunk")
    mirror = listed(upstream)
    failed = synced(mirror)
    assert (failed.cause, failed.state) == ("empty", "listed")
    upstream.commit()
    assert synced(mirror).state == "fresh"


def test_a_default_branch_that_does_not_exist(upstream) -> None:
    upstream.commit("zeta")
    git(upstream.path, "symbolic-ref", "HEAD", "refs/heads/nowhere")
    made = synced(listed(upstream))
    assert (made.state, made.repository.default_branch) == ("fresh", "trunk")
    assert git(made.repository.path, "symbolic-ref", "HEAD") == "refs/heads/trunk"
    assert Client().get("/github.com/lab/model").status_code == 200


def test_redirects_without_end_cost_one_request(upstream) -> None:
    mirror = listed(upstream)
    upstream.say, upstream.location = 302, upstream.url
    failed = synced(mirror)
    assert (failed.state, failed.cause) == ("moved", "moved")
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("kind", ["self-signed", "expired"])
def test_a_certificate_that_is_not_valid(upstream, tmp_path, kind) -> None:
    mirror = listed(upstream)
    with tls(tmp_path, expired=kind == "expired") as port:
        Mirror.objects.update(address=f"https://127.0.0.1:{port}/lab/model.git")
        failed = synced(mirror)
    assert (failed.cause, failed.state) == ("certificate", "listed"), failed.said


class tls:  # noqa: N801 - reads as a word
    """A TLS server with a certificate nobody signed."""

    def __init__(self, folder, *, expired: bool) -> None:
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=9 if expired else 0)
        made = x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - datetime.timedelta(days=1), now + datetime.timedelta(days=2)
        )
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (folder / "pem").write_bytes(pem)
        self.server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> int:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.server.server_address[1]

    def __exit__(self, *_error) -> None:
        self.server.shutdown()
        self.server.server_close()


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


def test_large_files_that_stay_on_the_other_side_are_counted(upstream, monkeypatch) -> None:
    mirror = synced(listed(upstream))
    assert not MirrorStore.objects.exists()
    files = {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "note.txt": "x" * 200}
    for number in range(4):  # the last two are the same object
        files[f"data/{number}.bin"] = POINTER.format(oid=f"{min(number, 2):064x}", size=1024 * 1024)
    script = "commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\n"
    script += "".join(f"M 100644 inline {name}\ndata {len(text)}\n{text}\n" for name, text in files.items())
    git(upstream.path, "fast-import", "--quiet", data=script.encode())
    synced(mirror)
    store = MirrorStore.objects.get()
    assert (store.lfs_count, store.lfs_bytes, store.lfs_oid) == (3, 3 * 1024 * 1024, upstream.tip())
    page = Client().get("/github.com/lab/model/mirror", headers={"accept-language": "en"}).content.decode()
    assert "3 large files (Git LFS, 3 MiB) not mirrored" in page
    with monkeypatch.context() as patched:
        patched.setattr("projects.commands.stores.lfs_objects", None)  # another branch moved: nothing is listed
        upstream.commit("side")
        assert synced(mirror).cause == ""
    git(
        upstream.path,
        "fast-import",
        "--quiet",
        data=b"commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\nD .gitattributes\n\n",
    )
    assert synced(mirror).cause == ""
    assert MirrorStore.objects.get().lfs_count == 0
    text = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    head = "commit refs/heads/trunk\ncommitter T <t@x.y> 1700009999 +0800\ndata 2\nm\nfrom refs/heads/trunk^0\n"
    git(
        upstream.path, "fast-import", "--quiet", data=f"{head}M 100644 inline data/deep/.gitattributes\ndata {len(text)}\n{text}\n".encode()
    )
    assert synced(mirror).cause == ""
    assert MirrorStore.objects.get().lfs_count == 3  # the attributes of a folder count as well
