"""Fetch a file that a manifest names by URL, without becoming a door into the network the server stands in.

The name is resolved once and exactly that address is connected to, so that no second answer of a name server can lead
elsewhere; addresses that are not public are refused, redirects are not followed, size and time have limits.
"""

import ipaddress
import socket
import ssl
import string
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from annotation.errors import UrlRefused

SECONDS_IN_ALL = 30.0
SECONDS_OF_SILENCE = 10.0
USER_AGENT = "Commonground (imports images that a study's manifest names)"
# carries an IPv4 address inside, so its own 'is public' says nothing
NAT64 = ipaddress.ip_network("64:ff9b::/96")


def fetch_url(url: str, *, max_bytes: int) -> bytes:
    """The content behind a URL. Raises UrlRefused with a sentence."""
    parts = _checked(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _resolve(host, port)
    path = _in_ascii(parts.path or "/") + (f"?{_in_ascii(parts.query)}" if parts.query else "")
    deadline = time.monotonic() + SECONDS_IN_ALL
    try:
        connected = socket.create_connection(address, timeout=SECONDS_OF_SILENCE)
    except OSError as error:
        raise UrlRefused(f"{host} does not answer ({error}).") from error
    # whoever sends a byte every nine seconds is cut off all the same
    alarm = threading.Timer(SECONDS_IN_ALL, _hang_up, [connected])
    alarm.daemon = True
    alarm.start()
    try:
        if parts.scheme == "https":
            connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
        connection = HTTPConnection(host, port, timeout=SECONDS_OF_SILENCE)
        connection.sock = connected
        named = _host_in_ascii(host) + (f":{parts.port}" if parts.port else "")
        headers = {"Host": named, "User-Agent": USER_AGENT, "Accept": "image/*", "Connection": "close"}
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as response:
            return _content(response, host, max_bytes, deadline)
    except (OSError, HTTPException, ValueError) as error:
        late = time.monotonic() >= deadline
        reason = f"it took longer than {SECONDS_IN_ALL:.0f} seconds" if late else str(error) or type(error).__name__
        raise UrlRefused(f"{host} could not be read: {reason}.") from error
    finally:
        alarm.cancel()
        connected.close()


def _in_ascii(part: str) -> str:
    """Browsers show the letters of all scripts; servers are asked in ASCII. What is escaped already stays."""
    return part if part.isascii() else quote(part, safe=string.punctuation)


def _host_in_ascii(host: str) -> str:
    name = host if host.isascii() else host.encode("idna").decode()
    return f"[{name}]" if ":" in name else name


def _hang_up(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlRefused(f"{url[:200]!r} is not a URL ({error}).") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UrlRefused(f"{url[:200]!r} must begin with http:// or https:// and name a host.")
    if parts.username or parts.password:
        raise UrlRefused(f"The URL of {parts.hostname} holds a user name or password; give one without.")
    if any(character <= " " or character == "\x7f" for character in url):
        raise UrlRefused(f"{url[:200]!r} holds a space or a control character; write it as %20.")
    allowed = settings.MANIFEST_FETCH_HOSTS
    if allowed and parts.hostname not in allowed:
        raise UrlRefused(f"Images may be fetched from {', '.join(allowed)} only, not from {parts.hostname}.")
    if not allowed and port not in (None, 80, 443):
        raise UrlRefused(f"Port {port} of {parts.hostname} may not be asked; only 80 and 443.")
    return parts


def _resolve(host: str, port: int) -> tuple[str, int]:
    """The one address that is connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UrlRefused(f"There is no host {host!r} ({error}).") from error
    addresses = [str(entry[4][0]) for entry in found]
    if host not in settings.MANIFEST_FETCH_HOSTS:
        inside = [address for address in addresses if not is_public(address)]
        if inside:
            raise UrlRefused(f"{host} leads to {inside[0]}, which is not a public address, so it is not asked.")
    return addresses[0], port


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet: not to this machine, its network, or a special range."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        if ip.sixtofour or ip.teredo or ip in NAT64:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _content(response: HTTPResponse, host: str, max_bytes: int, deadline: float) -> bytes:
    if 300 <= response.status < 400:
        where = (response.getheader("Location") or "another address")[:200]
        raise UrlRefused(f"{host} answers with a redirect to {where}; give that URL instead.")
    if response.status != 200:
        raise UrlRefused(f"{host} answers {response.status} {response.reason[:60]}.")
    too_large = UrlRefused(f"The file at {host} is larger than {max_bytes / 1e6:g} MB.")
    if (response.length or 0) > max_bytes:
        raise too_large
    content = bytearray()
    while piece := response.read1(65_536):
        content += piece
        if len(content) > max_bytes:
            raise too_large
    if time.monotonic() > deadline:  # the alarm hung up, which reads like an end
        raise TimeoutError
    if response.length:
        raise UrlRefused(f"{host} ended the answer {response.length} bytes too early.")
    return bytes(content)
