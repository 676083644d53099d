"""How one server is set up; the environment is read here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from reference_server.limits import DEFAULT_LIMITS, Limits
from verikit.contract import PhotoStandards, load_contract
from verikit.contract.values import check_secret
from verikit.errors import SecretError

CONTRACT = load_contract()
AS_SET = {"errors": "surrogateescape"}  # the bytes of a variable, whatever they are


class SettingsError(ValueError):
    """A setting makes no sense; the message is one sentence that says which."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the application needs to know.

    ``key`` and ``iv`` decrypt the photos, 32 and 12 bytes; they stay out of ``repr``. ``ui`` adds
    the try-it page.

    Raises:
        SettingsError: key or IV has the wrong length or is not ASCII, or Pillow reads no such
            photo format.
    """

    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    standards: PhotoStandards = CONTRACT.photo_standards
    limits: Limits = DEFAULT_LIMITS
    ui: bool = True

    def __post_init__(self) -> None:
        secrets = CONTRACT.encryption
        try:
            check_secret(secrets.key_variable, self.key, secrets.key_characters)
            check_secret(secrets.iv_variable, self.iv, secrets.iv_characters)
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
    def has_default_key(self) -> bool:
        """Whether the key is the documented one, which everybody knows."""
        return self.key == CONTRACT.encryption.default_key.encode()


def _check_formats(formats: tuple[str, ...]) -> None:
    Image.init()
    unknown = [name for name in formats if name not in Image.OPEN]
    if unknown:
        raise SettingsError(f"Photos cannot be read as {', '.join(unknown)}: name other formats.")
