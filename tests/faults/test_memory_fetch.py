"""A fetch takes the same memory however large the answer is: it streams."""

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from harness import MIB, House

pytestmark = pytest.mark.slow

GIGABYTE = 10**9
MOST = 300 * MIB
COLUMNS = ("iu_ac", "t_1h", "q", "k")
ROWS = 50_000
CITY = """
city = "Large"
[sources.portal]
adapter = "opendatasoft"
setting = "OPENDATASOFT_HOSTS"
[feeds.counts]
dataset = "comptages"
source = "portal"
every_minutes = 60
max_mb = 2500
max_unpacked_mb = 2500
required = ["iu_ac", "t_1h", "q", "k"]
days = { time_field = "t_1h", stamp = "end", changing = 1, first_after = 2, window = 5 }
"""


def block(number: int) -> bytes:
    """Some 3 MB of rows, in quotes here and there."""
    arc = f'"{number};arc"' if number % 2 else str(number)
    return f"{arc};2025-11-04T05:00:00+01:00;199.0;2.20945{'0' * 16}\n".encode() * ROWS


class Portal(http.server.BaseHTTPRequestHandler):
    """Counts and exports as many rows as fill `size` bytes."""

    protocol_version = "HTTP/1.1"
    size = 0
    packed = False

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/exports/csv"):
            with suppress(ConnectionError):
                self._export()
        elif path.endswith("/records"):
            assert parse_qs(urlsplit(self.path).query)["limit"] == ["0"]
            self._answer(b'{"total_count": %d, "results": []}' % (ROWS * self._blocks()))
        else:
            fields = ", ".join(f'{{"name": "{name}"}}' for name in COLUMNS)
            self._answer(f'{{"fields": [{fields}]}}'.encode())

    def log_message(self, *_: object) -> None:
        pass

    def _blocks(self) -> int:
        return -(-self.size // len(block(0)))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _export(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(self._piece(";".join(COLUMNS).encode() + b"\n"))
        blocks = [self._piece(block(0)), self._piece(block(1))]
        for number in range(self._blocks()):
            self.wfile.write(blocks[number % 2])
        self.wfile.write(b"0\r\n\r\n")

    def _piece(self, data: bytes) -> bytes:
        data = gzip.compress(data, 1) if self.packed else data
        return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.fixture
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("packed", [False, True])
def test_two_gigabytes_are_fetched_in_little_memory(
    packed: bool, url: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Portal, "size", 2 * GIGABYTE)
    monkeypatch.setattr(Portal, "packed", packed)
    city = house.folder / "large.toml"
    city.write_text(CITY)
    sources = {"CITYFLOW_TENANT": str(city), "OPENDATASOFT_HOSTS": url}
    fetch = ("fetch", "--date", "2025-11-04", "--dataset", "comptages", "--json")
    ended = house.set(**sources, CITYFLOW_NOW="2025-11-06T08:00:00Z").run("cityflow-ingest", *fetch)
    assert ended.code == 0, ended.err
    (fetched,) = ended.document["fetched"]
    assert fetched["outcome"] == "new"
    assert packed or fetched["bytes"] >= 2 * GIGABYTE
    print(f"{'packed' if packed else 'plain'}: {ended.peak_rss / MIB:.0f} MiB")
    assert ended.peak_rss < MOST
    assert list(house.folder.rglob("*.part")) == []


def test_an_endless_answer_is_cut_off_at_the_limit(
    url: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Portal, "size", 300_000_000)
    city = Path(house.folder / "small.toml")
    city.write_text(CITY.replace("max_mb = 2500", "max_mb = 5"))
    sources = {"CITYFLOW_TENANT": str(city), "OPENDATASOFT_HOSTS": url}
    fetch = ("fetch", "--date", "2025-11-04", "--dataset", "comptages", "--json")
    ended = house.set(**sources, CITYFLOW_NOW="2025-11-06T08:00:00Z").run("cityflow-ingest", *fetch)
    assert ended.code == 3
    assert "too large: 5.0 MB or more, at most 5.0 are taken" in ended.error
    assert ended.seconds < 30
    assert not list(house.output.rglob("*.csv*"))
    assert list(house.folder.rglob("*.part")) == []
