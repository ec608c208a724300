"""A thin HTTP/1.1 client with keep-alive, so that what is timed is the server; and wrk for throughput."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path


# Headers of every request: who asks.
HEADERS: dict[str, str] = {}


class Client:
    """One kept connection to the loopback. A request costs this side about 0.03 ms."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def get(self, path: str) -> tuple[int, bytes]:
        return unzipped(self.send(get_request(path)))

    def post(self, path: str, body: object) -> tuple[int, bytes]:
        return unzipped(self.send(post_request(path, body)))

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Sends the bytes of one request, returns status and body."""
        self.socket.sendall(request)
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            body = b""
            while size := int(self._until(b"\r\n").strip().split(b";")[0], 16):
                body += self._exactly(size)
                self._exactly(2)
            self._until(b"\r\n")
            return status, body
        length = re.search(rb"content-length: *(\d+)", lower)
        return status, self._exactly(int(length[1])) if length else b""

    def _until(self, mark: bytes) -> bytes:
        while (at := self.buffer.find(mark)) < 0:
            self._more()
        cut = at + len(mark)
        taken, self.buffer = self.buffer[:cut], self.buffer[cut:]
        return taken

    def _exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            self._more()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _more(self) -> None:
        received = self.socket.recv(1 << 18)
        if not received:
            raise ConnectionError("the server closed the connection")
        self.buffer += received


def unzipped(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """The answer as its reader sees it; what is timed stays compressed."""
    status, body = answer
    return status, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def get_request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_own_headers()}Accept-Encoding: gzip\r\n\r\n".encode()


def _own_headers() -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())


def post_request(path: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{_own_headers()}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


def latencies(port: int, requests: list[bytes], count: int, seconds: float) -> list[float]:
    """Milliseconds of at most `count` requests, one after the other, in at most `seconds`; each must answer 200 or 204."""
    times: list[float] = []
    started = time.perf_counter()
    with Client(port) as client:
        for n in range(count):
            before = time.perf_counter()
            status, body = client.send(requests[n % len(requests)])
            times.append((time.perf_counter() - before) * 1000)
            if status not in (200, 204):
                raise RuntimeError(f"status {status}: {body[:300]!r}")
            if time.perf_counter() - started > seconds:
                break
    return times


def wrk(port: int, paths: list[str], folder: Path, seconds: int) -> tuple[float, float] | None:
    """Requests a second and p99 in ms over the paths in turn: 1 thread, 8 connections. None without wrk."""
    if not shutil.which("wrk"):
        return None
    script = folder / "paths.lua"
    listed = ",".join(json.dumps(path) for path in paths)
    headers = ",".join(f"[{json.dumps(k)}]={json.dumps(v)}" for k, v in {"Accept-Encoding": "gzip", **HEADERS}.items())
    script.write_text(
        f"local paths = {{{listed}}}\nlocal n = 0\n"
        f"request = function() n = n + 1; return wrk.format('GET', paths[n % #paths + 1], {{{headers}}}) end\n"
    )
    out = subprocess.run(
        ["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"],
        capture_output=True, text=True, check=True,
    ).stdout
    if "Non-2xx" in out:
        raise RuntimeError(out)
    rate = float(re.search(r"Requests/sec: *([\d.]+)", out)[1])
    number, unit = re.search(r"99% +([\d.]+)(us|ms|s)", out).groups()
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
