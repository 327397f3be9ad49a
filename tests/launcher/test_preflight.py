"""What is checked before anything starts."""

import socket
from pathlib import Path

import pytest

from launcher.errors import LaunchError
from launcher.preflight import addresses, check_disk, check_port, host_names


def test_a_free_port_and_a_roomy_disk_pass(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port)
    check_disk(tmp_path, needed=1)


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"Port {port} is taken by another program\. .*`PORT=\d+ make up`"):
            check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(LaunchError, match=r"HOST is '192\.0\.2\.7', which is not an address of this machine"):
        check_port("192.0.2.7", 8000)


def test_a_full_disk_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"MB are free on the disk of .* your data are untouched"):
        check_disk(tmp_path, needed=10**18)
    assert list(tmp_path.iterdir()) == []


def test_by_default_only_this_machine_is_named() -> None:
    assert addresses("127.0.0.1", 8000) == ["http://127.0.0.1:8000/"]
    assert host_names("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]


def test_listening_everywhere_lets_in_the_name_of_this_machine_but_no_wildcard() -> None:
    names = host_names("0.0.0.0")
    assert socket.gethostname() in names
    assert "*" not in names
    assert addresses("0.0.0.0", 80)[0] == "http://127.0.0.1:80/"
