"""quicgw at both ends, by flags as a user would start it; by files where more than the flags is wanted."""

from __future__ import annotations

import json

from ..lib import programs
from ..lib.certificates import Leaf
from ..lib.pair import Plan

LINK = "h3"
LIVENESS = {"its own": {"ping": "15s, 1s in use", "idle_timeout": "30s"}}


def version() -> str:
  return programs.version([programs.quicgw(), "--version"])


def core(plan: Plan) -> list[str]:
  if _needs_file(plan):
    return [str(programs.quicgw()), "server", "--config", _core_file(plan)]
  services = [part for name, url in plan.services.items() for part in ("--service", f"{name}={url}")]
  own = plan.certificates.core
  return [
    str(programs.quicgw()), "server", "--listen", plan.core_address, "--cert", str(own.certificate),
    "--key", str(own.key), "--ca", str(plan.certificates.ca), *services]


def edge(plan: Plan) -> list[str]:
  if _needs_file(plan):
    return [str(programs.quicgw()), "edge", "--config", _edge_file(plan)]
  own = plan.certificates.edge
  return [
    str(programs.quicgw()), "edge", "--upstream", ",".join([plan.link_address, *plan.standby]), "--server-name", plan.server_name,
    "--listen", f"127.0.0.1:{plan.edge_port}", "--cert", str(own.certificate), "--key", str(own.key),
    "--ca", str(plan.certificates.ca)]


def _needs_file(plan: Plan) -> bool:
  wanted = (plan.loops, plan.admin, plan.response_head, plan.origin_ca, plan.core_lines, plan.edge_lines, plan.idempotent)
  return any(wanted)


def _core_file(plan: Plan) -> str:
  lines = [f"listen: \"{plan.core_address}\"", *_common(plan, plan.certificates.core), "services:"]
  for name, url in plan.services.items():
    lines += [f"  {name}:", f"    origins: [\"{url}\"]"]
    if plan.response_head:
      lines.append(f"    response_head: {plan.response_head}")
    if plan.origin_ca:
      lines.append(f"    ca: {plan.origin_ca}")
  return _write(plan, "core.yaml", lines + plan.core_lines, plan.core_admin_port)


def _edge_file(plan: Plan) -> str:
  lines = [
    f"upstream: {json.dumps([plan.link_address, *plan.standby])}", f"server_name: {plan.server_name}", *_common(plan, plan.certificates.edge),
    "listeners:", f"  - address: 127.0.0.1:{plan.edge_port}"]
  if plan.idempotent:
    lines.append(f"idempotent: {json.dumps(plan.idempotent)}")
  return _write(plan, "edge.yaml", lines + plan.edge_lines, plan.edge_admin_port)


def _common(plan: Plan, own: Leaf) -> list[str]:
  lines = [f"certificate: {own.certificate}", f"key: {own.key}", f"ca: {plan.certificates.ca}"]
  return [*lines, f"loops: {plan.loops}"] if plan.loops else lines


def _write(plan: Plan, name: str, lines: list[str], admin_port: int) -> str:
  if plan.admin:
    lines = [*lines, f"admin: 127.0.0.1:{admin_port}"]
  path = plan.folder / name
  path.write_text("\n".join(lines) + "\n")
  return str(path)
