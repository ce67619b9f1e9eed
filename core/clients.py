"""What we know of the client behind a request."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """The client's address; `X-Forwarded-For` counts only behind the configured number of proxies. "" if unknown."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(chain) >= settings.TRUSTED_PROXIES:
            address = chain[-settings.TRUSTED_PROXIES]
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def client_network(request: HttpRequest) -> str:
    """The network of the client: what shares an anonymous budget."""
    return network_of(client_ip(request))


def network_of(address: str) -> str:
    """/24 of an IPv4, /48 of an IPv6 address; "" of none."""
    if not address:
        return ""
    prefix = 24 if ip_address(address).version == 4 else 48
    return str(ip_network(f"{address}/{prefix}", strict=False))
