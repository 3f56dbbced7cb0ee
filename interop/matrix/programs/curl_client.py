"""A client on curl_cffi, whose curl brings ngtcp2 1.x and BoringSSL: `curl_client JOB`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from curl_cffi import AsyncSession, CurlHttpVersion, CurlOpt
from curl_cffi.requests import Response
from curl_cffi.requests.exceptions import RequestException

from .job import Job

AT_ONCE = 100


async def run(job: Job) -> None:
  """One session for all rounds, so that later ones have the earlier ones' TLS sessions."""
  host = f"[{job.host}]" if ":" in job.host else job.host
  options = {CurlOpt.RESOLVE: [f"{job.authority}:{host}"], CurlOpt.PIPEWAIT: 1}
  if len(job.rounds) > 1:
    # Rounds are of one file then.
    options[CurlOpt.FRESH_CONNECT] = 1
  session = AsyncSession(http_version=CurlHttpVersion.V3ONLY, cert=(job.certificate, job.key), verify=job.ca, timeout=job.limit,
                         max_clients=AT_ONCE, curl_options=options)
  async with session:
    for number, paths in enumerate(job.rounds):
      posted = [_post(session, job, job.post)] if job.post and number == len(job.rounds) - 1 else []
      for at in range(0, max(len(paths), 1), AT_ONCE):
        await asyncio.gather(*(_get(session, job, path) for path in paths[at:at + AT_ONCE]), *posted)
        posted = []


async def _post(session: AsyncSession, job: Job, body: str) -> None:
  _keep(job, "/seen", await session.post(f"https://{job.authority}/seen", data=Path(body).read_bytes()))


async def _get(session: AsyncSession, job: Job, path: str) -> None:
  for left in reversed(range(job.tries)):
    try:
      return _keep(job, path, await session.get(f"https://{job.authority}{path}"))
    except RequestException as error:
      print(f"{path}: {error}, {left} tries left", flush=True)
      if not left:
        raise


def _keep(job: Job, path: str, answer: Response) -> None:
  if answer.status_code != 200:
    raise ConnectionError(f"{path} answered {answer.status_code}: {answer.content[:200]!r}")
  job.save(path, answer.content)


def main() -> int:
  job = Job.read(sys.argv[1])
  asyncio.run(asyncio.wait_for(run(job), job.limit))
  return 0


if __name__ == "__main__":
  sys.exit(main())
