"""The settings of a server; only this module reads the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from reference_server.limits import DEFAULT_LIMITS, Limits
from verikit.contract import ContractError, PhotoStandards, load_contract
from verikit.contract.profile import load_profile
from verikit.contract.values import check_secret
from verikit.errors import SecretError, WrongUse

CONTRACT = load_contract()
AS_SET = {"errors": "surrogateescape"}  # the bytes of a variable, whatever they are


class SettingsError(WrongUse, ValueError):
    """A setting makes no sense; the message is one sentence that says which."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the application needs to know.

    ``key`` and ``iv`` decrypt the photos, 32 and 12 bytes, and during a rotation so does
    ``previous``, a pair of them; all stay out of ``repr``. ``ui`` adds the try-it page.
    ``allowed_hosts``: names that the server answers to, beside addresses and loopback names.

    Raises:
        SettingsError: key or IV has the wrong length or is not ASCII, or Pillow reads no such
            photo format.
    """

    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    previous: tuple[bytes, bytes] | None = field(default=None, repr=False)
    standards: PhotoStandards = CONTRACT.photo_standards
    limits: Limits = DEFAULT_LIMITS
    ui: bool = True
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        secrets = CONTRACT.encryption
        try:
            for key, iv in self.pairs:
                check_secret(secrets.key_variable, key, secrets.key_characters)
                check_secret(secrets.iv_variable, iv, secrets.iv_characters)
        except SecretError as error:
            raise SettingsError(str(error)) from None
        _check_formats(self.standards.formats)

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        standards: PhotoStandards = CONTRACT.photo_standards,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Settings:
        """Key and IV from their documented variables, or the documented defaults."""
        secrets = CONTRACT.encryption
        return cls(
            key=environment.get(secrets.key_variable, secrets.default_key).encode(**AS_SET),
            iv=environment.get(secrets.iv_variable, secrets.default_iv).encode(**AS_SET),
            standards=standards,
            limits=limits,
        )

    @property
    def pairs(self) -> tuple[tuple[bytes, bytes], ...]:
        """The keys that decrypt photos, each with its IV, the newest first."""
        return ((self.key, self.iv), *([self.previous] if self.previous else []))

    @property
    def key_count(self) -> int:
        """How many keys are accepted."""
        return len(self.pairs)

    @property
    def has_default_key(self) -> bool:
        """Whether a key is the documented one, which everybody knows."""
        return CONTRACT.encryption.default_key.encode() in dict(self.pairs)


def standards_of(profile: Path | None) -> PhotoStandards:
    """The photo standards of the contract, with those that a profile knows in their place.

    Raises:
        SettingsError: it cannot be read, or asks for what this server does not do.
    """
    if profile is None:
        return CONTRACT.photo_standards
    try:
        known = load_profile(str(profile)).standards
        standards = known.filled(CONTRACT.photo_standards)
    except (ContractError, WrongUse) as error:
        raise SettingsError(str(error)) from error
    if (known.min_file_bytes or 1) > 1:
        raise SettingsError(f"{profile}: this server knows no smallest file size")
    _check_formats(standards.formats)
    return standards


def _check_formats(formats: tuple[str, ...]) -> None:
    Image.init()
    unknown = [name for name in formats if name not in Image.OPEN]
    if unknown:
        raise SettingsError(f"The server cannot read {', '.join(unknown)}: choose other formats.")
