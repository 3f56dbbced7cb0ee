"""The matrix is judged by captured datagrams, which takes the right to capture: without it its tests fail, unless QUICGW_WITHOUT_NAMESPACES=1."""

from __future__ import annotations

import os
import socket

import pytest

WITHOUT = "QUICGW_WITHOUT_NAMESPACES"


@pytest.fixture(scope="session")
def may_capture() -> None:
  try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
  except PermissionError:
    if os.environ.get(WITHOUT) == "1":
      pytest.skip(f"{WITHOUT} is set, and only root may capture datagrams")
    pytest.fail(f"the interop matrix is not tested here: only root may capture datagrams; {WITHOUT}=1 leaves its tests out", pytrace=False)
