"""TLS: trusted authorities, the client certificate, and the reasons for failures."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from verikit.errors import NotTrusted, WrongUse, in_words
from verikit.foreign_text import shown

_PLAIN = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}
_WANTS_CERTIFICATE = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA")
_OF_ANOTHER_NAME = (62, 64)
"""OpenSSL's codes (x509_vfy.h) for a certificate of another host or address."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The authorities to trust, and the client certificate to present.

    Attributes:
        ca_file: PEM certificates that are trusted instead of the operating system's; those are
            found as OpenSSL finds them, with ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
        client_certificate: a PEM file with our certificate, for servers that ask for one.
        client_key: a PEM file with its key; None: the key is in the same file.
        insecure: nothing about the server's certificate is checked.
    """

    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    insecure: bool = False

    def context(self) -> ssl.SSLContext:
        """The context of connections; one for all of them.

        Raises:
            WrongUse: a file cannot be read, or has no such certificate or key.
        """
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        return _context(self, file, folder, ssl.SSLContext)  # gevent brings a class of its own


@lru_cache(maxsize=16)
def _context(tls: Tls, usual_file: str | None, *_: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_file is None:
        context.load_default_certs()
        if usual_file:  # OpenSSL says nothing if it cannot read it
            path = Path(usual_file)
            _load(context.load_verify_locations, path, "no PEM certificates", "SSL_CERT_FILE: ")
    else:
        _load(context.load_verify_locations, tls.ca_file, "no PEM certificates")
    if tls.client_certificate:
        _load(
            lambda path: context.load_cert_chain(path, tls.client_key, password=_refuse_password),
            tls.client_certificate,
            "no PEM certificate with its key",
        )
    elif tls.client_key:
        raise WrongUse(f"{tls.client_key} needs its certificate: give that file as well.")
    return context


def _load(load: object, path: Path, lacks: str, named_by: str = "") -> None:
    assert callable(load)  # noqa: S101 - tells the type checker
    try:
        load(path)
    except ssl.SSLError as error:
        raise WrongUse(f"{named_by}{path} holds {lacks} ({error.reason or 'not PEM'}).") from error
    except OSError as error:
        raise WrongUse(f"{named_by}{path} cannot be read: {in_words(error)}.") from error


def _refuse_password() -> NoReturn:
    raise WrongUse("The client's key is encrypted: give one without a password.")


def failure(error: ssl.SSLError, where: str) -> NotTrusted:
    """Why a TLS connection to ``where`` failed, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = shown(error.verify_message or str(error)).rstrip(".")
        advice = (
            "use a name that is in it"
            if error.verify_code in _OF_ANOTHER_NAME
            else "if it was issued by your own certificate authority, give its file (--ca-file or "
            "SSL_CERT_FILE)"
        )
        return NotTrusted(f"{where} has an invalid certificate: {why}; {advice}")
    reason = error.reason or str(error)
    if reason in _PLAIN:
        return NotTrusted(f"{where} does not use TLS: write http:// instead of https://")
    if any(word in reason for word in _WANTS_CERTIFICATE):
        return NotTrusted(
            f"{where} refuses the TLS connection ({reason.lower().replace('_', ' ')}); "
            "if it needs a client certificate, give one with --client-certificate"
        )
    return NotTrusted(f"TLS with {where} failed: {shown(reason.lower().replace('_', ' '))}")
