"""Packet protection (RFC 9001 §5): the keys that follow from a secret, and packets opened with them."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from .packets import VERSION_1, VERSION_2_DRAFT, Packet

AES_128, AES_256, CHACHA20 = 0x1301, 0x1302, 0x1303
"""Cipher suites of TLS 1.3."""
SUITES = {AES_128: ("TLS_AES_128_GCM_SHA256", hashes.SHA256, 16), AES_256: ("TLS_AES_256_GCM_SHA384", hashes.SHA384, 32),
          CHACHA20: ("TLS_CHACHA20_POLY1305_SHA256", hashes.SHA256, 32)}
SALTS = {VERSION_1: bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
         VERSION_2_DRAFT: bytes.fromhex("a707c203a59b47184a1d62ca570406ea7ae3e5d3")}
LABELS = {VERSION_1: "quic ", VERSION_2_DRAFT: "quicv2 "}


@dataclass(frozen=True)
class Opened:
  """What was in a packet."""

  number: int
  first: int
  """Its first byte without header protection."""
  payload: bytes

  @property
  def key_phase(self) -> int:
    """Of a short header: which of two generations of keys protects it (RFC 9001 §6)."""
    return self.first >> 2 & 1


class Keys:
  """The keys of one sender at one level."""

  def __init__(self, secret: bytes, suite: int = AES_128, version: int = VERSION_1, *, header: Keys | None = None) -> None:
    """`header` -- the keys before a key update, whose header protection stays."""
    self.secret, self.suite, self.version = secret, suite, version
    _, _, size = SUITES[suite]
    label = LABELS[version]
    key = self._expand(f"{label}key", size)
    self._nonce = int.from_bytes(self._expand(f"{label}iv", 12), "big")
    self._aead = ChaCha20Poly1305(key) if suite == CHACHA20 else AESGCM(key)
    self._header_key = header._header_key if header else self._expand(f"{label}hp", size)

  @staticmethod
  def of_initial(original: bytes, *, client: bool, version: int = VERSION_1) -> Keys:
    """The keys of Initial packets, which follow from the client's first choice of a connection ID (RFC 9001 §5.2)."""
    extract = HMAC(SALTS[version], hashes.SHA256())
    extract.update(original)
    label = "client in" if client else "server in"
    return Keys(_expand_label(extract.finalize(), label, 32, hashes.SHA256), AES_128, version)

  def updated(self) -> Keys:
    """The next generation (RFC 9001 §6.1)."""
    return Keys(self._expand(f"{LABELS[self.version]}ku", len(self.secret)), self.suite, self.version, header=self)

  def unmask(self, packet: Packet, number_at: int, largest: int) -> tuple[bytes, int]:
    """The packet's header without protection, and its number, given the largest one before it."""
    sample = packet.data[number_at + 4:number_at + 20]
    if len(sample) < 16:
      raise InvalidTag
    mask = self._mask(sample)
    first = packet.data[0] ^ mask[0] & (0x0F if packet.data[0] & 0x80 else 0x1F)
    size = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(packet.data[number_at:number_at + size], mask[1:]))
    header = bytes([first]) + packet.data[1:number_at] + number
    return header, _whole_number(int.from_bytes(number, "big"), size * 8, largest)

  def open(self, packet: Packet, *, number_at: int | None = None, largest: int = -1) -> Opened:
    """Raises InvalidTag when these are not the packet's keys."""
    header, number = self.unmask(packet, packet.number_at if number_at is None else number_at, largest)
    nonce = (self._nonce ^ number).to_bytes(12, "big")
    return Opened(number, header[0], self._aead.decrypt(nonce, packet.data[len(header):], header))

  def _mask(self, sample: bytes) -> bytes:
    if self.suite == CHACHA20:
      return Cipher(algorithms.ChaCha20(self._header_key, sample), None).encryptor().update(bytes(5))
    return Cipher(algorithms.AES(self._header_key), modes.ECB()).encryptor().update(sample)[:5]

  def _expand(self, label: str, size: int) -> bytes:
    return _expand_label(self.secret, label, size, SUITES[self.suite][1])


def _expand_label(secret: bytes, label: str, size: int, kind: type[hashes.HashAlgorithm]) -> bytes:
  """HKDF-Expand-Label with an empty context (RFC 8446 §7.1)."""
  name = b"tls13 " + label.encode()
  return HKDFExpand(kind(), size, size.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0").derive(secret)


def _whole_number(part: int, bits: int, largest: int) -> int:
  """RFC 9000 §A.3."""
  expected, window = largest + 1, 1 << bits
  candidate = (expected & ~(window - 1)) | part
  if candidate <= expected - window // 2:
    return candidate + window
  if candidate > expected + window // 2 and candidate >= window:
    return candidate - window
  return candidate
