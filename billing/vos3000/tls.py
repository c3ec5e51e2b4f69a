"""How a switch proves that it is itself."""

from __future__ import annotations

import hashlib
import socket
import ssl
from urllib.parse import urlsplit

from .allowed_networks import is_in_reach
from .endpoint import Endpoint
from .wire import PatientTLSSocket

HTTPS_PORT, HTTP_PORT = 443, 80


def context_for(endpoint: Endpoint) -> ssl.SSLContext:
    """Without a fingerprint the usual check of chain and host name, against `ca_file` where one is given.

    With a fingerprint chain and name are not checked: the caller must assert the fingerprint on each connection.
    """
    context = ssl.create_default_context(cafile=endpoint.ca_file)
    context.sslsocket_class = PatientTLSSocket
    if endpoint.fingerprint is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def shown_fingerprint(endpoint: Endpoint) -> str | None:
    """Return the SHA-256 of the certificate that is shown at the endpoint's port; None where no TLS is spoken there.

    Nothing is sent, and what is shown is not trusted: a person compares it with what the switch itself says.
    """
    parts = urlsplit(endpoint.url)
    port = parts.port or (HTTPS_PORT if parts.scheme.lower() == "https" else HTTP_PORT)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=endpoint.connect_timeout) as plain:
            if not is_in_reach(plain.getpeername()[0], endpoint.networks):
                return None
            with context.wrap_socket(plain, server_hostname=parts.hostname) as secured:
                certificate = secured.getpeercert(binary_form=True)
    except OSError:
        return None
    return hashlib.sha256(certificate).hexdigest() if certificate else None
