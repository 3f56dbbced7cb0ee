"""The links that everybody knows by name: a ladder from good to absurd, and the conditions of the QUIC Interop Runner.

Each says where its figures come from. `forward` is edge → core (what an access network calls up), `backward` is core → edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .conditions import Blackouts, Burst, Conditions, Rebind

__all__ = ["PROFILES", "Blackouts", "Burst", "Conditions", "Profile", "Rebind", "profile"]


@dataclass(frozen=True)
class Profile:
  """Both directions of a link, and whether the NAT before it forgets by itself."""

  name: str
  about: str
  source: str
  forward: Conditions
  backward: Conditions
  rebind: Rebind | None = None

  @staticmethod
  def symmetric(name: str, about: str, source: str, conditions: Conditions, rebind: Rebind | None = None) -> Profile:
    """The same conditions both ways."""
    return Profile(name, about, source, conditions, conditions, rebind)


def profile(name: str) -> Profile:
  """The profile of that name; ValueError says which there are."""
  if name not in PROFILES:
    raise ValueError(f"no profile {name!r}; there are: {', '.join(PROFILES)}")
  return PROFILES[name]


def _ladder() -> list[Profile]:
  return [
    Profile.symmetric("none", "no impairment", "—", Conditions()),
    # A switched gigabit Ethernet: the rate by its name, the delay that of one switch and two network stacks.
    Profile.symmetric(
      "lan", "gigabit Ethernet, RTT 0.4 ms", "IEEE 802.3ab; RTT as ping shows it across one switch",
      Conditions(delay_ms=0.2, rate_mbit=1000, queue_bytes=512 << 10)),
    # WebPageTest's connectivity profile "FIOS": fibre to the home, RTT 4 ms. Its 20/5 Mbit/s are of 2011; the rates here are a
    # common product of 2025. A loss of 0.01 % stands for the "less than 0.4 %" that the FCC counts as its best class.
    Profile(
      "fibre", "fibre to the home, 300/100 Mbit/s, RTT 5 ms", "WebPageTest 'FIOS' (RTT 4 ms); FCC Measuring Broadband America (loss)",
      forward=Conditions(delay_ms=2.5, jitter_ms=0.5, loss=0.0001, rate_mbit=100, queue_bytes=256 << 10),
      backward=Conditions(delay_ms=2.5, jitter_ms=0.5, loss=0.0001, rate_mbit=300, queue_bytes=512 << 10)),
    # Apple's Network Link Conditioner, "Wi-Fi": 40 Mbit/s down, 33 up, 1 ms each way. The median latency of the Wi-Fi hop in "Characterizing
    # and Improving WiFi Latency in Large-Scale Operational Networks" (MobiSys 2016) is 3 ms; jitter and loss are chosen to suit.
    Profile(
      "wifi", "good Wi-Fi before a short path, 33/40 Mbit/s, RTT 10 ms",
      "Apple Network Link Conditioner 'Wi-Fi'; Sui et al., MobiSys 2016 (median 3 ms)",
      forward=Conditions(delay_ms=5, jitter_ms=2, loss=0.001, rate_mbit=33, queue_bytes=256 << 10),
      backward=Conditions(delay_ms=5, jitter_ms=2, loss=0.001, rate_mbit=40, queue_bytes=256 << 10)),
    # "WiFi can be the weakest link of round trip network latency in the wild" (INFOCOM 2016): more than half of the packets spend more than
    # 20 ms on the Wi-Fi hop. Losses come in short bursts (interference), 2 % on average; retries of the radio deliver out of order.
    Profile.symmetric(
      "poor_wifi", "Wi-Fi with interference, 10 Mbit/s, RTT 50 ± 40 ms, 2 % loss in short bursts",
      "Pei et al., INFOCOM 2016 (half above 20 ms a hop)",
      Conditions(delay_ms=25, jitter_ms=20, burst=Burst(good_to_bad=0.0068, bad_to_good=1 / 3), rate_mbit=10, queue_bytes=128 << 10,
                 reorder=0.005, reorder_delay_ms=10)),
    # WebPageTest's "LTE": 12/12 Mbit/s, RTT 70 ms. A base station's queue is deep: half a second at the full rate.
    Profile.symmetric(
      "lte", "LTE, 12 Mbit/s, RTT 70 ms, a deep queue",
      "WebPageTest connectivity profile 'LTE'; Loadero '4G' (loss 0.2 %, jitter 5 to 15 ms)",
      Conditions(delay_ms=35, jitter_ms=10, loss=0.002, rate_mbit=12, queue_bytes=750_000)),
    # WebPageTest's "3G Fast" as what a phone falls back to at the edge of a cell: 1.6 Mbit/s down, 0.768 up, RTT 150 ms; handovers lose what
    # is in the air: bursts of about 8 packets, 1 % on average, and half a second of silence twice a minute.
    Profile(
      "bad_lte", "the edge of a cell: 0.77/1.6 Mbit/s, RTT 150 ± 60 ms, bursts, silences of half a second",
      "WebPageTest '3G Fast'; Wang et al., 'TCP Performance over LTE on High-speed Rails' (handovers)",
      forward=Conditions(delay_ms=75, jitter_ms=30, burst=Burst(good_to_bad=0.00126, bad_to_good=1 / 8), rate_mbit=0.768,
                         queue_bytes=128 << 10, blackouts=Blackouts(on_s=29.5, off_s=0.5)),
      backward=Conditions(delay_ms=75, jitter_ms=30, burst=Burst(good_to_bad=0.00126, bad_to_good=1 / 8), rate_mbit=1.6,
                          queue_bytes=256 << 10, blackouts=Blackouts(on_s=29.5, off_s=0.5))),
    # draft-kuhn-quic-4-sat-06, "medium public satellite broadband access": 50 Mbit/s down and 10 up, no losses of its own, a buffer of one
    # bandwidth-delay product. Its RTT of 650 ms is 600 here: 36 000 km up and down, twice, and the ground segment.
    Profile(
      "geo", "geostationary satellite, 10/50 Mbit/s, RTT 600 ms", "draft-kuhn-quic-4-sat-06, 'medium public satellite broadband access'",
      forward=Conditions(delay_ms=300, rate_mbit=10, queue_bytes=750_000),
      backward=Conditions(delay_ms=300, rate_mbit=50, queue_bytes=3_750_000)),
    # Plain loss and delay without a rate, so that what is seen is the transport's answer to loss. The share is lost in each direction, the
    # time is the RTT, half of it each way.
    *(Profile.symmetric(
      f"clear_{trip}ms", f"no loss, RTT {trip} ms", "the project's own: what protection against loss must not cost",
      Conditions(delay_ms=trip / 2)) for trip in (20, 200)),
    Profile.symmetric(
      "loss1_100ms", "1 % loss each way, RTT 100 ms", "the project's own: a long way with some loss",
      Conditions(delay_ms=50, loss=0.01)),
    Profile.symmetric(
      "loss5_200ms", "5 % loss each way, RTT 200 ms: the headline case", "the project's own: what it promises to work on",
      Conditions(delay_ms=100, loss=0.05)),
    # The headline case where the link itself has an end: 100 Mbit/s, with a queue of 100 ms.
    Profile.symmetric(
      "rate100_loss5_200ms", "5 % loss each way, RTT 200 ms, 100 Mbit/s", "the headline case with a rate, for bulk",
      Conditions(delay_ms=100, loss=0.05, rate_mbit=100, queue_bytes=1_250_000)),
    # What no copy a few milliseconds later cures: the link is gone for 100 ms on average, 5 % of the time, each way by itself.
    Profile.symmetric(
      "outages5_200ms", "outages of 100 ms on average, 5 % of the time each way, RTT 200 ms", "the headline case with losses by time",
      Conditions(delay_ms=100, blackouts=Blackouts(on_s=1.9, off_s=0.1, random=True))),
    # A Gilbert-Elliott chain that loses all in its bad state: bursts of 1 / bad_to_good = 4 packets, p / (p + r) = 5 % on average.
    Profile.symmetric(
      "burst5_200ms", "5 % loss each way in bursts of 4 packets, RTT 200 ms", "the headline case with Gilbert and Elliott's losses",
      Conditions(delay_ms=100, burst=Burst(good_to_bad=0.25 * 0.05 / 0.95, bad_to_good=0.25)))]


def _interop_runner() -> list[Profile]:
  """The network conditions of quic-interop-runner's testcases_quic.py, which quic-network-simulator's ns-3 makes there."""
  source = "quic-interop-runner, testcases_quic.py: "
  # simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25: --delay is that of one way.
  base = Conditions(delay_ms=15, rate_mbit=10, queue_packets=25)

  def make(name: str, about: str, scenario: str, rebind: Rebind | None = None, **more: object) -> Profile:
    return Profile.symmetric(name, about, source + scenario, replace(base, **more), rebind)

  # drop-rate and corrupt-rate draw for every packet by itself; --burst_to_X=3 is a limit: after more than 3 in a row the next gets through.
  # corrupt-rate changes a byte among the first 50 of the UDP payload and mends the checksum, so that QUIC meets the damage.
  return [
    make("qir_longrtt", "RTT 1.5 s", "simple-p2p --delay=750ms --bandwidth=10Mbps --queue=25", delay_ms=750),
    make("qir_10mbit", "10 Mbit/s with a queue of 25 packets", "simple-p2p --delay=15ms --bandwidth=10Mbps --queue=25"),
    make("qir_handshake_loss", "30 % loss each way",
         "drop-rate --rate_to_server=30 --rate_to_client=30 --burst_to_server=3 --burst_to_client=3",
         loss=0.3, loss_run=4),
    make("qir_transfer_loss", "2 % loss each way",
         "drop-rate --rate_to_server=2 --rate_to_client=2 --burst_to_server=3 --burst_to_client=3",
         loss=0.02, loss_run=4),
    make("qir_handshake_corruption", "30 % of the packets damaged", "corrupt-rate --rate_to_server=30 --rate_to_client=30 …",
         corrupt=0.3, corrupt_unnoticed=True),
    make("qir_transfer_corruption", "2 % of the packets damaged", "corrupt-rate --rate_to_server=2 --rate_to_client=2 …",
         corrupt=0.02, corrupt_unnoticed=True),
    # There the black-out comes once (--repeat is 1), within a transfer of 8 s; here it comes again.
    make("qir_blackhole", "5 s on, 2 s off", "blackhole --on=5s --off=2s", blackouts=Blackouts(on_s=5, off_s=2)),
    make("qir_rebind_port", "the NAT changes the port after 1 s, then every 5 s", "rebind --first-rebind=1s --rebind-freq=5s",
         Rebind("port", first_s=1, every_s=5)),
    # --rebind-addr changes the address and the port.
    make("qir_rebind_address", "the NAT changes address and port after 1 s, then every 5 s",
         "rebind --first-rebind=1s --rebind-freq=5s --rebind-addr", Rebind("address", first_s=1, every_s=5)),
    # Only towards the server: the ClientHello passes, what the client sends again does not.
    Profile("qir_amplification", "the client's packets 2 to 7 are lost", source + "droplist --drops_to_server=2,3,4,5,6,7",
            forward=replace(base, drop_list=(2, 3, 4, 5, 6, 7)), backward=base)]


PROFILES: dict[str, Profile] = {each.name: each for each in [*_ladder(), *_interop_runner()]}
