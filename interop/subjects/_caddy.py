"""Caddy as an edge and as a core; the files beside this one choose what runs between them."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from ..lib import programs
from ..lib.pair import Plan

TCP_PROBES = "10s"
"""Between two probes of the kernel's keep-alive, which is all that Caddy offers of HTTP/2: it has no switch for PING frames to an upstream.
Its HTTP/3 cannot be told anything; quic-go's own are the figures of the others: a PING each 10 s, given up after 30 s of silence."""


def version() -> str:
  return "Caddy " + programs.version([programs.caddy(), "version"]).split()[0]


def liveness(link: str) -> dict:
  """How a link without traffic is kept and a dead one is found, as far as Caddy can be told."""
  if link == "h3":
    return {"quic-go's own, not to be set": {"keep_alive_period": "10s", "max_idle_timeout": "30s"}}
  return {"tcp_keep_alive": {"interval": TCP_PROBES}, "pings": "not to be set"}


def core(plan: Plan, link: str) -> list[str]:
  """A Caddy that demands a client certificate on the link and hands requests to the origin."""
  origin = urlsplit(next(iter(plan.services.values())))
  versions = ["h2c"] if origin.scheme == "h2c" else ["1.1"]
  trusted = {"provider": "file", "pem_files": [str(plan.certificates.ca)]}
  policy = {"protocol_min": "tls1.3", "client_authentication": {"mode": "require_and_verify", "ca": trusted}}
  server = {
    "listen": [plan.core_address], "protocols": ["h3"] if link == "h3" else ["h1", "h2"],
    "routes": [_proxy(f"{origin.hostname}:{origin.port}", {"versions": versions})], "strict_sni_host": False,
    "tls_connection_policies": [policy], "automatic_https": {"disable": True}, "keepalive_interval": TCP_PROBES}
  own = plan.certificates.core
  tls = {"certificates": {"load_files": [{"certificate": str(own.certificate), "key": str(own.key)}]}}
  return _run(plan, "core", {"http": {"servers": {"core": server}}, "tls": tls})


def edge(plan: Plan, link: str) -> list[str]:
  """A Caddy that takes cleartext HTTP from clients and sends it over the link with its certificate."""
  own = plan.certificates.edge
  tls = {
    "server_name": plan.server_name, "ca": {"provider": "file", "pem_files": [str(plan.certificates.ca)]},
    "client_certificate_file": str(own.certificate), "client_certificate_key_file": str(own.key)}
  transport: dict = {"versions": ["3"] if link == "h3" else ["2"], "tls": tls}
  if link == "h2":
    transport["keep_alive"] = {"probe_interval": TCP_PROBES}
  server = {
    "listen": [f"127.0.0.1:{plan.edge_port}"], "protocols": ["h1", "h2c"],
    "routes": [_proxy(plan.link_address, transport)], "automatic_https": {"disable": True}}
  return _run(plan, "edge", {"http": {"servers": {"edge": server}}})


def _proxy(dial: str, transport: dict) -> dict:
  return {"handle": [{
    "handler": "reverse_proxy", "upstreams": [{"dial": dial}], "flush_interval": -1,
    "transport": {"protocol": "http", **transport}}]}


def _run(plan: Plan, role: str, apps: dict) -> list[str]:
  path = plan.folder / f"{role}.json"
  logs = {"logs": {"default": {"level": "WARN"}}}
  path.write_text(json.dumps({"admin": {"disabled": True}, "logging": logs, "apps": apps}, indent=1))
  threads = [f"GOMAXPROCS={plan.loops}"] if plan.loops else []
  return ["env", f"XDG_DATA_HOME={plan.folder}", f"XDG_CONFIG_HOME={plan.folder}", *threads, str(programs.caddy()), "run",
          "--config", str(path)]
