"""ngtcp2's own examples on GnuTLS, as Debian builds them from the release that quicgw links: gtlsclient and gtlsserver."""

from __future__ import annotations

from typing import Sequence

from ...lib import programs
from ...lib.process import Process
from ..evidence.packets import VERSION_2_DRAFT
from ..programs.job import Job, Offer
from ..stage import Failed, Stage
from . import CLIENT, SERVER

TITLE = "ngtcp2 0.12"
CHACHA20 = "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305"
CANNOT = {
  SERVER: {},
  CLIENT: {"keyupdate": "gtlsserver never begins a key update, and neither does an edge"},
}
LACKS: dict = {SERVER: {}, CLIENT: {}}
TAKES_BODIES = False
SENDS_BESIDES = False


def version() -> str:
  package = programs.version(["dpkg-query", "-W", "-f", "${Version}", "ngtcp2-client"])
  return f"gtlsclient and gtlsserver {package}"


def serve(stage: Stage, offer: Offer) -> Process:
  own = stage.certificates.core
  argv = [
    programs.system("gtlsserver"), "--verify-client", "--no-quic-dump", "--no-http-dump", f"--htdocs={stage.folder / 'www'}",
    *["--validate-addr"] * offer.retry, *[CHACHA20] * offer.only_chacha20,
    *["--preferred-versions=v2draft,v1"] * offer.version_two, stage.place.host, stage.port, own.key, own.certificate]
  return stage.start_server("gtlsserver", argv)


def fetch(stage: Stage, job: Job) -> None:
  for paths in job.rounds:
    for left in reversed(range(job.tries if paths else 0)):
      try:
        _run(stage, job, paths)
        break
      except Failed:
        if not left:
          raise
  if job.post:
    _run(stage, job, ["/seen"], more=[f"--data={job.post}", "--http-method=POST"])


def _run(stage: Stage, job: Job, paths: list[str], more: Sequence[str] = ()) -> None:
  wish = job.wish
  argv = [
    programs.system("gtlsclient"), "--exit-on-all-streams-close", "--no-quic-dump", "--no-http-dump", f"--timeout={job.limit:.0f}s",
    f"--sni={job.server_name}", f"--key={job.key}", f"--cert={job.certificate}", f"--download={job.folder}", *more]
  if wish.only_chacha20:
    argv.append(CHACHA20)
  if wish.first_version is not None:
    spoken = "v2draft,v1" if wish.first_version == VERSION_2_DRAFT else "v1"
    argv += [f"--version=0x{wish.first_version:x}", f"--preferred-versions={spoken}"]
  if wish.update_keys:
    argv += ["--key-update=50ms", "--delay-stream=150ms"]
  if wish.resume:
    early = f"--tp-file={stage.folder / 'parameters'}" if wish.early_data else "--disable-early-data"
    argv += [f"--session-file={stage.folder / 'session'}", early]
  if wish.move:
    argv.append("--change-local-addr=500ms")
  argv += [job.host, str(job.port), *(f"https://{job.authority}{path}" for path in paths)]
  stage.run("gtlsclient", argv, job.limit)
