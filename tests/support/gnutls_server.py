"""A web server on GnuTLS, which can leave out secure renegotiation (RFC 5746); OpenSSL's servers cannot.

wget brings the library.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Mapping
from pathlib import Path

from support.programs import lacking

LIBRARY = "libgnutls.so.30"
# of a server from before 2010
WITHOUT_SECURE_RENEGOTIATION = b"NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"

_SERVER, _PEM, _CERTIFICATE = 1, 1, 1


class GnuTlsServer:
    """Serves `site` (bodies by path) over connections that `support.tls_listing.answering` accepts.

    `pem` is a file with key and certificate.
    """

    def __init__(self, site: Mapping[str, bytes], pem: Path, priorities: bytes = WITHOUT_SECURE_RENEGOTIATION):
        try:
            self._tls = ctypes.CDLL(LIBRARY)
        except OSError:
            lacking(f"{LIBRARY} is not installed")
        self._tls.gnutls_record_recv.restype = self._tls.gnutls_record_send.restype = ctypes.c_ssize_t
        self._tls.gnutls_record_recv.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        self._tls.gnutls_record_send.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        self._site, self._priorities = site, priorities
        self._credentials = ctypes.c_void_p()
        self._check(self._tls.gnutls_certificate_allocate_credentials(ctypes.byref(self._credentials)))
        file = str(pem).encode()
        self._check(self._tls.gnutls_certificate_set_x509_key_file(self._credentials, file, file, _PEM))

    def __call__(self, connection: socket.socket) -> None:
        """Answer the requests of a connection until the client closes it."""
        connection.settimeout(None)  # GnuTLS reads from the descriptor itself
        session = ctypes.c_void_p()
        self._check(self._tls.gnutls_init(ctypes.byref(session), _SERVER))
        try:
            self._check(self._tls.gnutls_priority_set_direct(session, self._priorities, None))
            self._check(self._tls.gnutls_credentials_set(session, _CERTIFICATE, self._credentials))
            self._tls.gnutls_transport_set_int2(session, connection.fileno(), connection.fileno())
            if self._tls.gnutls_handshake(session) == 0:
                while request := self._read(session):
                    answer = self._answer(request)
                    self._tls.gnutls_record_send(session, answer, len(answer))
        finally:
            self._tls.gnutls_deinit(session)

    def _read(self, session: ctypes.c_void_p) -> bytes:
        request, buffer = b"", ctypes.create_string_buffer(16384)
        while b"\r\n\r\n" not in request:
            size = self._tls.gnutls_record_recv(session, buffer, len(buffer))
            if size <= 0:
                return b""
            request += buffer.raw[:size]
        return request

    def _answer(self, request: bytes) -> bytes:
        body = self._site.get(request.split()[1].decode())
        status = "404 Not Found" if body is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body or b'')}\r\n\r\n"
        return head.encode() + (body or b"")

    def _check(self, code: int) -> None:
        assert code == 0, f"GnuTLS: error {code}"
