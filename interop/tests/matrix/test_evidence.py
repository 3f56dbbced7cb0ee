"""The evidence is read as it is: captured datagrams, packet headers, protection and hellos, against the RFCs' samples and aioquic."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from cryptography.exceptions import InvalidTag

from interop.lib import programs
from interop.lib.waiting import wait_until
from interop.matrix.evidence import frames, hellos, pcap
from interop.matrix.evidence.connections import Connection
from interop.matrix.evidence.packets import VERSION_1, Kind, packets
from interop.matrix.evidence.pcap import Datagram
from interop.matrix.evidence.protection import CHACHA20, Keys
from interop.matrix.evidence.trace import Trace

SERVER_PORT = 4433


def datagram(payload: bytes, *, to_server: bool = True) -> Datagram:
  ends = [("192.0.2.1", 50000), ("192.0.2.2", SERVER_PORT)]
  source, target = ends if to_server else reversed(ends)
  return Datagram(0, source, target, 2, payload)


@pytest.fixture
def first_flight() -> bytes:
  """A client's first datagram."""
  client = QuicConnection(configuration=QuicConfiguration(is_client=True, alpn_protocols=["h3"], server_name="core.test"))
  client.connect(("192.0.2.2", SERVER_PORT), now=0.0)
  return client.datagrams_to_send(now=0.0)[0][0]


class TestPackets:
  def test_the_retry_of_rfc_9001_a_4(self):
    retry = bytes.fromhex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba")
    (packet,) = packets(datagram(retry, to_server=False))
    assert (packet.kind, packet.version, packet.destination, packet.source.hex(), packet.token) == (
      Kind.RETRY, VERSION_1, b"", "f067a5502a4262b5", b"token")

  def test_version_negotiation(self):
    (packet,) = packets(datagram(bytes.fromhex("80 00000000 04 01020304 02 0506 1a2a3a4a 00000001")))
    assert (packet.kind, packet.destination.hex(), packet.source.hex()) == (Kind.NEGOTIATION, "01020304", "0506")
    assert packet.data[packet.number_at:].hex() == "1a2a3a4a00000001"

  def test_a_packet_that_says_it_is_longer_than_its_datagram(self, first_flight):
    assert list(packets(datagram(first_flight[:100]))) == []

  def test_several_in_one_datagram(self, first_flight):
    (initial, *_) = packets(datagram(first_flight))
    assert [each.kind for each in packets(datagram(initial.data * 2 + b"\x40" + bytes(30)))] == [Kind.INITIAL, Kind.INITIAL, Kind.SHORT]


class TestProtection:
  def test_the_initial_keys_of_rfc_9001_a_1(self):
    keys = Keys.of_initial(bytes.fromhex("8394c8f03e515708"), client=True)
    assert keys._header_key.hex() == "9f50449e04a0e810283a1e9933adedd2"
    assert keys._nonce.to_bytes(12, "big").hex() == "fa044b2f42a3fd3b46fb255c"

  def test_the_short_header_of_rfc_9001_a_5(self):
    keys = Keys(bytes.fromhex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b"), CHACHA20)
    (packet,) = packets(datagram(bytes.fromhex("4cfe4189655e5cd55c41f69080575d7999c25a5bfb")))
    opened = keys.open(packet, largest=654_360_563)
    assert (opened.number, opened.payload, opened.key_phase) == (654_360_564, b"\x01", 0)
    assert keys.updated().secret.hex() == "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9"

  def test_a_bit_that_was_flipped(self, first_flight):
    (packet, *_) = packets(datagram(first_flight))
    damaged = first_flight[:500] + bytes([first_flight[500] ^ 1]) + first_flight[501:]
    Keys.of_initial(packet.destination, client=True).open(packet)
    with pytest.raises(InvalidTag):
      Keys.of_initial(packet.destination, client=True).open(next(packets(datagram(damaged))))


class TestHellos:
  def test_what_a_client_offers(self, first_flight):
    (packet, *_) = packets(datagram(first_flight))
    connection = Connection(packet.destination, packet.version, packet.datagram.source, b"")
    assert connection.takes_initial(packet, True)
    assert connection.client_hello.protocols == ["h3"]
    assert CHACHA20 in connection.client_hello.suites
    assert connection.server_hello is None and not connection.resumed

  def test_pieces_that_come_out_of_order(self):
    crypto = hellos.Crypto()
    message = bytes([8, 0, 0, 6, 0, 4, 0, hellos.EARLY_DATA, 0, 0])
    crypto.add(4, message[4:])
    assert crypto.encrypted_extensions() == {}
    crypto.add(0, message[:6])
    assert crypto.encrypted_extensions() == {hellos.EARLY_DATA: b""}


class TestFrames:
  def test_acknowledgements_that_count_marks(self):
    (found,) = frames.frames(bytes.fromhex("0000 03 0a 05 01 02 00 01 07 00 02"))
    assert (found.kind, found.numbers) == (frames.ACK_ECN, (10, 5, 7, 0, 2))

  def test_a_path_challenge_behind_a_stream(self):
    found = list(frames.frames(bytes.fromhex("0a 04 03 616263 1a 0102030405060708 01")))
    assert [each.kind for each in found] == [0x0A, frames.PATH_CHALLENGE, frames.PING]
    assert (found[0].data, found[1].data.hex()) == (b"abc", "0102030405060708")


class TestCapture:
  def test_large_packets_of_the_kernel_are_cut(self):
    head = bytes.fromhex("45020000000000004011000 07f000001 7f000002".replace(" ", "")) + bytes.fromhex("c350 1151 0000 0000")
    cut = [pcap.parse(0, each) for each in pcap.segments(head + b"a" * 1000 + b"b" * 1000 + b"c" * 10, 1000)]
    assert [each.payload for each in cut] == [b"a" * 1000, b"b" * 1000, b"c" * 10]
    assert all((each.source, each.target, each.ecn) == (("127.0.0.1", 50000), ("127.0.0.2", 4433), 2) for each in cut)

  def test_a_file_that_ends_within_a_record(self, tmp_path):
    packet = bytes.fromhex("450000000000000040110000c0000201c0000202c350115100000000") + b"payload"
    file = io.BytesIO()
    file.write(pcap.HEADER)
    pcap.write(file, 1_500_000_000, packet)
    pcap.write(file, 2_000_000_000, packet)
    path = tmp_path / "some.pcap"
    path.write_bytes(file.getvalue()[:-3])
    (found,) = pcap.read(path)
    assert (found.at, found.payload) == (1.5, b"payload")

  @pytest.mark.usefixtures("may_capture")
  def test_what_passes_a_port_is_captured_once(self, tmp_path, first_flight):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
      server.bind(("127.0.0.1", 0))
      port, path = server.getsockname()[1], tmp_path / "some.pcap"
      argv = [sys.executable, "-m", "interop.matrix.evidence.capture", "lo", str(port), str(path)]
      with subprocess.Popen(argv, cwd=programs.REPOSITORY, stdout=subprocess.PIPE, text=True) as capture:
        try:
          assert capture.stdout.readline().startswith("captures")
          client.sendto(first_flight, ("127.0.0.1", port))
          client.sendto(b"for somebody else", ("127.0.0.1", port + 1 if port < 65535 else 1024))
          wait_until(lambda: path.stat().st_size > 1000, 5, "nothing was written")
        finally:
          capture.terminate()
        assert capture.wait(5) == 0
    trace = Trace(path, port, tmp_path / "no.keys")
    assert [each.payload for each, from_client in trace.datagrams if from_client] == [first_flight]
    assert [each.client_hello.protocols for each in trace.attempts] == [["h3"]]
    assert trace.connections == []
