"""A client of a gateway's listener: asks by HTTP/2 without TLS, many requests at once on one connection."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from ...clients.answer import Answer, Broken
from ...clients.http2 import Http2Client
from .job import Job

AT_ONCE = 200
"""Requests under way at once, less than any gateway allows."""
NO_LINK = (502, 503, 504)


def main() -> int:
  job, port = Job.read(sys.argv[1]), int(sys.argv[2])
  for number, paths in enumerate(job.rounds):
    _try(job, port, paths, number == len(job.rounds) - 1)
  return 0


def _try(job: Job, port: int, paths: list[str], last: bool) -> None:
  """One round, again and again while there is no link, and as often as the job allows when a link was lost amid an answer."""
  end, left = time.monotonic() + job.limit, job.tries
  while True:
    try:
      trouble = _round(job, port, paths, last)
    except Broken as broken:
      left, trouble = left - 1, f"{broken}"
      if not left:
        raise
    if not trouble:
      return
    if time.monotonic() > end:
      raise Broken(trouble)
    print(f"{trouble}; again", flush=True)
    time.sleep(0.1)


def _round(job: Job, port: int, paths: list[str], last: bool) -> str | None:
  """What was wrong, if it is that there is no link."""
  with Http2Client(port, limit=job.limit) as client:
    body = Path(job.post).read_bytes() if job.post and last else None
    # The first request alone: some gateways open several connections when many requests wait for the first one's handshake.
    for some in [paths[:1], *(paths[at:at + AT_ONCE] for at in range(1, len(paths), AT_ONCE))]:
      asked = [(path, client.open("GET", path, end=True)) for path in some]
      if body:
        asked.append(("/seen", client.open("POST", "/seen", [("content-length", str(len(body)))])))
        client.send(asked[-1][1], body)
        client.end(asked[-1][1])
        body = None
      for path, stream in asked:
        answer = client.read_answer(stream)
        if answer.status in NO_LINK:
          return f"{path} answered {answer.status}: {_text(answer)}"
        if answer.status != 200:
          raise Broken(f"{path} answered {answer.status}: {_text(answer)}", answer)
        job.save(path, answer.body)
  return None


def _text(answer: Answer) -> str:
  return answer.body[:200].decode(errors="replace").strip()


if __name__ == "__main__":
  sys.exit(main())
