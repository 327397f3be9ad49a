"""Manifests may name images by URL; nobody gets into the server's own network that way."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from annotation.errors import InvalidRows, UrlRefused
from annotation.models import Stimulus
from annotation.services import fetch_url as fetching
from annotation.services.fetch_url import fetch_url, is_public
from annotation.services.import_stimuli import import_manifest
from tests.annotation.pictures import picture
from tests.conftest import make_study


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])  # type: ignore[attr-defined]
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
        elif self.path == "/missing":
            self.send_error(404)
        elif self.path == "/short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            self._write_until_hung_up(b"x" * 10_000, 0)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            self._write_until_hung_up(b"x", 0.05)
        else:
            content = picture()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def _write_until_hung_up(self, piece: bytes, pause: float) -> None:
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                self.wfile.write(piece)
                self.wfile.flush()
                threading.Event().wait(pause)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.hosts = []  # type: ignore[attr-defined]
    server.paths = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def address(server: ThreadingHTTPServer, settings: Any) -> str:
    settings.MANIFEST_FETCH_HOSTS = ["127.0.0.1"]
    return f"http://127.0.0.1:{server.server_port}"


def test_an_image_is_fetched(address: str) -> None:
    assert fetch_url(f"{address}/a.jpg?size=1", max_bytes=100_000) == picture()


def test_letters_of_all_scripts_may_stand_in_an_address(server: ThreadingHTTPServer, address: str) -> None:
    assert fetch_url(f"{address}/Café%20am/湖.jpg?größe=1&a=%2F", max_bytes=100_000) == picture()
    assert server.paths == ["/Caf%C3%A9%20am/%E6%B9%96.jpg?gr%C3%B6%C3%9Fe=1&a=%2F"]  # type: ignore[attr-defined]


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    server: ThreadingHTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", port, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings.MANIFEST_FETCH_HOSTS = ["pictures.example"]
    url = f"http://pictures.example:{server.server_port}/a.jpg"
    assert fetch_url(url, max_bytes=100_000) == picture()
    assert asked.count("pictures.example") == 1
    assert server.hosts == [f"pictures.example:{server.server_port}"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/moved", "redirect to http://169.254.169.254"),
        ("/missing", "answers 404"),
        ("/short", "too early|IncompleteRead"),
        ("/endless", "larger than 0.1 MB"),
    ],
)
def test_what_is_no_image_in_time_and_size_is_refused(address: str, path: str, sentence: str) -> None:
    with pytest.raises(UrlRefused, match=sentence):
        fetch_url(address + path, max_bytes=100_000)


def test_whoever_sends_a_byte_now_and_then_is_cut_off(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS_IN_ALL", 0.5)
    began = time.monotonic()
    with pytest.raises(UrlRefused, match="took longer"):
        fetch_url(f"{address}/slow", max_bytes=100_000)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.jpg",
        "http://localhost/a.jpg",
        "http://0.0.0.0/a.jpg",
        "http://10.0.0.1/a.jpg",
        "http://172.16.0.1/a.jpg",
        "http://192.168.1.1/a.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/a.jpg",
        "http://2130706433/a.jpg",
        "http://0x7f.1/a.jpg",
        "http://[::1]/a.jpg",
        "http://[fe80::1]/a.jpg",
        "http://[fd00::1]/a.jpg",
        "http://[::ffff:127.0.0.1]/a.jpg",
        "http://[64:ff9b::7f00:1]/a.jpg",
        "http://[2002:7f00:1::]/a.jpg",
        "http://224.0.0.1/a.jpg",
    ],
)
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"not a public address|There is no host"):
        fetch_url(url, max_bytes=1000)


def test_public_addresses_are_told_from_others() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::1111")
    assert not is_public("fe80::1%eth0")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("file:///etc/passwd", "must begin with http"),
        ("ftp://example.org/a.jpg", "must begin with http"),
        ("http:///a.jpg", "name a host"),
        ("http://user:secret@example.org/a.jpg", "user name or password"),
        ("http://example.org:22/a.jpg", "Port 22"),
        ("http://example.org:99999/a.jpg", "not a URL"),
        ("http://example.org/a b.jpg", "a space"),
        ("http://example.org/a\r\nHost: other", "a space or a control"),
    ],
)
def test_other_kinds_of_address_are_refused(url: str, sentence: str) -> None:
    with pytest.raises(UrlRefused, match=sentence):
        fetch_url(url, max_bytes=1000)


def test_where_hosts_are_named_no_other_is_asked(settings: Any) -> None:
    settings.MANIFEST_FETCH_HOSTS = ["pictures.example"]
    with pytest.raises(UrlRefused, match=r"from pictures\.example only"):
        fetch_url("http://example.org/a.jpg", max_bytes=1000)


@pytest.mark.django_db
def test_a_manifest_of_urls_brings_images_or_names_the_row(address: str, tmp_path: Path) -> None:
    study = make_study(n_stimuli=0, is_open=False)
    path = tmp_path / "manifest.csv"
    path.write_text(f"url,theme\n{address}/lake.jpg,water\n{address}/missing,\n")
    with pytest.raises(InvalidRows, match=r"Row 3, url: 127\.0\.0\.1 answers 404"):
        import_manifest(study=study, path=path)
    assert not Stimulus.objects.exists()
    path.write_text(f"url,theme\n{address}/lake.jpg,water\n")
    import_manifest(study=study, path=path)
    assert Stimulus.objects.get().name == "lake.jpg"
