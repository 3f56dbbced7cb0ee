"""A CA and leaves under it for both ends of a link: from `quicgw certs` where quicgw is there, else made here.

Leaves that quicgw would never issue (expired, of a foreign CA, without a name) are always made here.
"""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import programs

CORE_NAME = "core.test"
EDGE_NAME = "edge-1"
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Leaf:
  """Paths of a certificate and its key."""

  certificate: Path
  key: Path


class Authority:
  """A CA that lives in a folder as ca.pem and ca.key."""

  def __init__(self, folder: Path, name: str = "interop CA") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    self.folder = folder
    self.certificate = folder / "ca.pem"
    self._key = ec.generate_private_key(ec.SECP256R1())
    self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
      self._builder(self._subject, self._key.public_key(), days=30)
      .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
      .add_extension(_usage(signs_certificates=True), critical=True)
      .sign(self._key, hashes.SHA256())
    )
    self.certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / "ca.key", self._key)

  def issue(self, name: str, *, core: bool = False, edge: bool = False, hosts: tuple[str, ...] = (), days: int = 7) -> Leaf:
    """A leaf for a core, an edge or both; `days` below zero makes one that has expired, no hosts one without a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH] * core + [ExtendedKeyUsageOID.CLIENT_AUTH] * edge
    builder = (
      self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), days)
      .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
      .add_extension(_usage(signs_certificates=False), critical=True)
      .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )
    if hosts:
      builder = builder.add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
    leaf = Leaf(self.folder / f"{name}.pem", self.folder / f"{name}.key")
    leaf.certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    _write_key(leaf.key, key)
    return leaf

  def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
      x509.CertificateBuilder().subject_name(subject).issuer_name(self._subject).public_key(key)
      .serial_number(x509.random_serial_number())
      .not_valid_before(now - 30 * DAY if days < 0 else now - datetime.timedelta(hours=1))
      .not_valid_after(now + days * DAY)
      .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
      .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
    )


@dataclass(frozen=True)
class LinkCertificates:
  """What a core and an edge need to trust each other."""

  ca: Path
  core: Leaf
  edge: Leaf

  @staticmethod
  def made_by_quicgw(folder: Path) -> LinkCertificates:
    """Certificates from `quicgw certs`, as its users make them."""
    binary = programs.quicgw()
    hosts = [CORE_NAME, "localhost", "127.0.0.1", "::1"]
    for arguments in (["init", folder], ["issue", folder, "--core", *hosts], ["issue", folder, "--edge", EDGE_NAME]):
      subprocess.run([binary, "certs", *arguments], check=True, capture_output=True, timeout=20)
    return LinkCertificates.in_folder(folder)

  @staticmethod
  def made_here(folder: Path) -> LinkCertificates:
    """The same without quicgw, for peers that run alone."""
    authority = Authority(folder)
    authority.issue("core", core=True, hosts=(CORE_NAME, "localhost", "127.0.0.1", "::1"))
    authority.issue("edge", edge=True, hosts=(EDGE_NAME,))
    return LinkCertificates.in_folder(folder)

  @staticmethod
  def in_folder(folder: Path) -> LinkCertificates:
    return LinkCertificates(
      folder / "ca.pem", Leaf(folder / "core.pem", folder / "core.key"), Leaf(folder / "edge.pem", folder / "edge.key"))


def _usage(signs_certificates: bool) -> x509.KeyUsage:
  return x509.KeyUsage(
    digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates, content_commitment=False,
    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False)


def _name(host: str) -> x509.GeneralName:
  try:
    return x509.IPAddress(ipaddress.ip_address(host))
  except ValueError:
    return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
  path.touch(mode=0o600)
  path.write_bytes(key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
