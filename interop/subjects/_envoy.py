"""Envoy as an edge and as a core; the files beside this one choose what runs between them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from ..lib import programs
from ..lib.certificates import Leaf
from ..lib.pair import Plan

EXTENSIONS = "type.googleapis.com/envoy.extensions"
TLS = f"{EXTENSIONS}.transport_sockets.tls.v3"
QUIC = f"{EXTENSIONS}.transport_sockets.quic.v3"
HTTP = f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = f"{EXTENSIONS}.filters.http.router.v3.Router"
OPTIONS = f"{EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions"
H2_LIVENESS = {"connection_keepalive": {"interval": "10s", "timeout": "5s"}}
H3_LIVENESS = {"connection_keepalive": {"max_interval": "10s"}, "idle_network_timeout": "30s"}
WINDOWS = {"initial_stream_window_size": 16 << 20, "initial_connection_window_size": 24 << 20, "max_concurrent_streams": 1000}


def version() -> str:
  return "Envoy " + programs.version([programs.envoy(), "--version"]).partition("version:")[2].split("/")[1]


def liveness(link: str) -> dict:
  """How a link without traffic is kept and a dead one is found: both ends are told so."""
  return H3_LIVENESS if link == "h3" else H2_LIVENESS


def core(plan: Plan, link: str) -> list[str]:
  """An Envoy that takes requests from the link and hands them to the origin."""
  origin = urlsplit(next(iter(plan.services.values())))
  options = {"http2_protocol_options": WINDOWS} if origin.scheme == "h2c" else {"http_protocol_options": {}}
  cluster = _cluster("origin", origin.hostname, origin.port, options)
  return _run(plan, "core", _listener("core", plan.link_host, plan.core_port, "origin", link, _server_tls(plan, link)), cluster)


def edge(plan: Plan, link: str) -> list[str]:
  """An Envoy that takes cleartext HTTP from clients and sends it over the link with its certificate."""
  if link == "h3":
    options = {"http3_protocol_options": {"quic_protocol_options": WINDOWS | H3_LIVENESS}}
  else:
    options = {"http2_protocol_options": WINDOWS | H2_LIVENESS}
  cluster = _cluster("core", plan.link_host, plan.link_port, options)
  cluster["transport_socket"] = _client_tls(plan, link)
  return _run(plan, "edge", _listener("edge", "127.0.0.1", plan.edge_port, "core", "tcp", None), cluster)


def _run(plan: Plan, role: str, listener: dict, cluster: dict) -> list[str]:
  path = plan.folder / f"{role}.json"
  path.write_text(json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}}, indent=1))
  workers = ["--concurrency", str(plan.loops)] if plan.loops else []
  return [str(programs.envoy()), "-c", str(path), *workers, "--disable-hot-restart", "-l", "warn"]


def _listener(name: str, host: str, port: int, cluster: str, link: str, transport: dict | None) -> dict:
  manager: dict = {
    "@type": HTTP, "stat_prefix": name, "codec_type": "HTTP3" if link == "h3" else "AUTO",
    "http2_protocol_options": WINDOWS | (H2_LIVENESS if link == "h2" else {}),
    "stream_idle_timeout": "0s", "proxy_100_continue": True,
    "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
      {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}]}]},
    "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": ROUTER}}],
  }
  if link == "h3":
    manager["http3_protocol_options"] = {}
  chain: dict = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
  if transport:
    chain["transport_socket"] = transport
  address: dict = {"address": host, "port_value": port}
  listener: dict = {"name": name, "address": {"socket_address": address}, "filter_chains": [chain]}
  if link == "h3":
    address["protocol"] = "UDP"
    listener["udp_listener_config"] = {
      "quic_options": {"quic_protocol_options": WINDOWS | H3_LIVENESS, "idle_timeout": H3_LIVENESS["idle_network_timeout"]},
      "downstream_socket_config": {"prefer_gro": True}}
  return listener


def _cluster(name: str, host: str | None, port: int | None, options: dict) -> dict:
  endpoint = {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}
  unlimited = {"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}
  protocol = {"@type": OPTIONS, "explicit_http_config": options}
  return {
    "name": name, "type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    "circuit_breakers": {"thresholds": [unlimited]},
    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol}}


def _server_tls(plan: Plan, link: str) -> dict:
  tls = {"require_client_certificate": True, "common_tls_context": _common(plan, plan.certificates.core, link)}
  return _transport(link, tls, "Downstream")


def _client_tls(plan: Plan, link: str) -> dict:
  tls = {"sni": plan.server_name, "common_tls_context": _common(plan, plan.certificates.edge, link)}
  return _transport(link, tls, "Upstream")


def _transport(link: str, tls: dict, side: str) -> dict:
  if link != "h3":
    return {"name": "envoy.transport_sockets.tls", "typed_config": {"@type": f"{TLS}.{side}TlsContext", **tls}}
  return {"name": "envoy.transport_sockets.quic", "typed_config": {
    "@type": f"{QUIC}.Quic{side}Transport", f"{side.lower()}_tls_context": tls}}


def _common(plan: Plan, own: Leaf, link: str) -> dict:
  pem = {"certificate_chain": {"filename": str(own.certificate)}, "private_key": {"filename": str(own.key)}}
  # QUIC settles its versions and protocol by itself; Envoy refuses a file that says them again.
  more = {} if link == "h3" else {
    "alpn_protocols": ["h2"],
    "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}}
  trusted = {"trusted_ca": {"filename": str(plan.certificates.ca)}}
  return {"tls_certificates": [pem], "validation_context": trusted, **more}
