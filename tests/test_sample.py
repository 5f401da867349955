"""The sample: what its pages hold, and how its server answers on a real loopback socket."""

from __future__ import annotations

import ast
import gzip
import hashlib
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from support.processes import signals_by_default

from foreign_eyes import sample
from foreign_eyes.sample.source import LISTING_PATH, PATENT_SEARCH_PATH, ROBOTS_PATH

LISTING = [LISTING_PATH, *(LISTING_PATH.replace("index", f"index{number}") for number in range(1, 8))]
GBK_PATH, MISLABELLED_PATH = LISTING[3], LISTING[5]
ROOT = Path(sample.__path__[0]).parent
MODIFIED = "Fri, 01 Mar 2019 02:30:00 GMT"


class Answer(NamedTuple):
    """One response: its fields by their names in lower case, its body as sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sample.serve() as address:
        yield address


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def ask(address: str, target: str, method: str = "GET", body: bytes | None = None, **fields: str) -> Answer:
    """Send one request; field names are written with underscores."""
    connection = HTTPConnection("127.0.0.1", port_of(address), timeout=60)
    try:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def send_raw(address: str, data: bytes) -> bytes:
    """Send bytes as they are and read until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port_of(address)), timeout=60) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def text_of(path: str) -> str:
    """Return a page's visible text, a line for each line of the markup."""
    markup = sample.pages()[path].decode("gbk" if path == GBK_PATH else "utf-8")
    return unescape(re.sub(r"<[^>]+>", "", markup))


def attributions(path: str) -> list[str]:
    return [line for line in text_of(path).splitlines() if line.startswith("——")]


# The pages


def test_the_listing_has_eight_pages_of_five_entries() -> None:
    assert [path for path in sample.pages() if path.startswith("/specialtopic/")] == LISTING
    assert [len(attributions(path)) for path in LISTING] == [5] * 8


def test_the_forty_attributions_all_differ() -> None:
    assert len({line for path in LISTING for line in attributions(path)}) == 40


def test_attributions_are_as_irregular_as_in_the_column() -> None:
    lines = [line for path in LISTING for line in attributions(path)]
    assert sum(not re.search(r"[,?] ?by ", line) for line in lines) == 21
    assert sum(bool(re.search(r",\S[^,]*$", line)) for line in lines) == 8
    assert "——Can China Become a Scientific Superpower? The Economist" in lines
    assert "——Is Chinese E-Commerce Moving Down Market? by Forbes" in lines
    assert "——USA Today, Check-in with Facial Recognition Now Possible in Shanghai" in lines
    assert {"Financial Times", "Financial times", "financial times"} <= {line.rpartition(", ")[2] for line in lines}


def test_every_entry_is_an_excerpt_an_attribution_and_a_commentary_of_the_usual_length() -> None:
    for path in LISTING:
        body = text_of(path).partition("China's IP in Foreign Eyes\n")[2].partition("共8页")[0]
        lines = [line.lstrip("•\u00a0 ") for line in body.splitlines() if line.strip()]
        content = [line for line in lines[1:] if line not in {"Comment:", "Comment"}]
        excerpts, marks, commentaries = content[0::3], content[1::3], content[2::3]
        assert marks == attributions(path)
        assert all(40 <= len(text.split()) <= 80 for text in excerpts)
        assert all(30 <= len(text.split()) <= 60 for text in commentaries)


def test_the_quirks_of_the_column_are_there() -> None:
    text = "\n".join(map(text_of, LISTING))
    assert re.findall(r"^Comment:?$", text, re.MULTILINE).count("Comment:") == 5
    assert re.findall(r"^Comment:?$", text, re.MULTILINE).count("Comment") == 2
    assert "Ltd.The offer" in text  # a glued sentence
    assert text.count("(beginning with") == 1
    assert "‘City Brain'" in text  # a curly quote closed by a straight one
    assert len(re.findall(r" — ", text)) == 2
    assert "skin.\u00a0Many" in text


def test_the_two_articles_about_shenzhen_have_almost_the_same_commentary() -> None:
    twins = [
        line for path in LISTING for line in text_of(path).splitlines() if line.startswith("Shenzhen owes its rise")
    ]
    assert len(twins) == 2
    first, second = (text.split() for text in twins)
    assert sum(a != b for a, b in zip(first, second, strict=True)) == 2


@pytest.mark.parametrize("number", range(1, 9))
def test_every_page_has_the_columns_pager(number: int) -> None:
    pager = text_of(LISTING[number - 1]).split("共", 1)[1]
    assert re.sub(r"\s+", " ", "共" + pager).startswith("共8页 首页 上一页 1 2 3 4 5 6 下一页 尾页 转到")
    assert "8页\u00a0\u00a0 首页\u00a0\u00a0 上一页\u00a0\u00a0 1" in pager


def test_the_next_page_links_lead_through_the_whole_listing_and_end() -> None:
    visited, path = [], LISTING_PATH
    while True:
        visited.append(path)
        markup = sample.pages()[path].decode("gbk" if path == GBK_PATH else "utf-8")
        link = re.search(r'<a href="([^"]+)">下一页</a>', markup)
        if link is None:
            break
        path = LISTING_PATH.replace("index.htm", link[1])
    assert visited == LISTING


def test_every_listing_page_ends_with_the_patent_search_link() -> None:
    for body in (sample.pages()[path] for path in LISTING):
        assert body.rstrip().endswith(
            f'<a href="{PATENT_SEARCH_PATH}">Patent Search</a></div></body></html>'.encode("ascii")
        )


def test_one_page_is_gbk_under_a_western_label() -> None:
    body = sample.pages()[GBK_PATH]
    assert b"charset=iso-8859-1" in body
    assert "下一页" in body.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_one_page_is_utf8_under_a_chinese_label() -> None:
    body = sample.pages()[MISLABELLED_PATH]
    assert b"charset=gb2312" in body
    assert "下一页" in body.decode("utf-8")


def test_the_pages_are_the_same_bytes_in_every_process() -> None:
    script = "import hashlib, sample; print(hashlib.sha256(repr(sample.pages()).encode()).hexdigest())"
    command = [sys.executable, "-c", script]
    runs = {subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout for _ in range(2)}
    assert runs == {f"{hashlib.sha256(repr(sample.pages()).encode()).hexdigest()}\n".encode()}


def test_the_sample_imports_nothing_but_the_standard_library() -> None:
    for file in (ROOT / "sample").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names = [name.removeprefix("foreign_eyes.").partition(".")[0] for name in names]
            assert set(names) <= {"sample", *sys.stdlib_module_names}, file


# The server: pages and refusals


def test_each_page_is_served_as_it_is_rendered(address: str) -> None:
    for path, body in sample.pages().items():
        answer = ask(address, path)
        assert (answer.status, answer.body) == (200, body)
        assert answer.headers["content-length"] == str(len(body))
        assert answer.headers["etag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert answer.headers["last-modified"] == MODIFIED


def test_listing_pages_come_without_a_charset_and_the_others_with_one(address: str) -> None:
    assert {ask(address, path).headers["content-type"] for path in LISTING} == {"text/html"}
    assert ask(address, PATENT_SEARCH_PATH).headers["content-type"] == "text/html; charset=utf-8"
    assert ask(address, ROBOTS_PATH).headers["content-type"] == "text/plain; charset=utf-8"


def test_robots_txt_allows_the_listing_and_the_patent_search(address: str) -> None:
    disallowed = re.findall(rb"^Disallow: (.*)$", ask(address, ROBOTS_PATH).body, re.MULTILINE)
    assert disallowed == [b"/admin/"]


def test_the_server_does_not_tell_its_python_version(address: str) -> None:
    assert ask(address, LISTING_PATH).headers["server"] == "ForeignEyesSample"


def test_head_answers_like_get_without_the_body(address: str) -> None:
    get, head = (ask(address, LISTING_PATH, method) for method in ("GET", "HEAD"))
    assert head.body == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert ask(address, "/nowhere", "HEAD").status == 404


@pytest.mark.parametrize("path", ["/", "/nowhere", "/specialtopic/chinasipinforeigneyes/index8.htm", "/%00", "/../etc"])
def test_an_unknown_path_is_404_with_a_page_that_says_where_the_listing_is(address: str, path: str) -> None:
    answer = ask(address, path)
    assert answer.status == 404
    assert answer.headers["content-length"] == str(len(answer.body))
    assert LISTING_PATH.encode() in answer.body
    assert "etag" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_any_other_method_is_405(address: str, method: str) -> None:
    answer = ask(address, LISTING_PATH, method, body=b"what=ever")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-length"] == str(len(answer.body))


def test_a_query_is_ignored_as_a_static_site_does(address: str) -> None:
    assert ask(address, f"{LISTING_PATH}?page=2").body == sample.pages()[LISTING_PATH]


def test_one_connection_serves_many_requests_even_after_one_with_a_body(address: str) -> None:
    connection = HTTPConnection("127.0.0.1", port_of(address), timeout=60)
    connection.request("POST", LISTING_PATH, body=b"GET /nowhere HTTP/1.1\r\n\r\n")
    assert connection.getresponse().read()
    used = connection.sock
    for path in LISTING:
        connection.request("GET", path)
        assert connection.getresponse().read() == sample.pages()[path]
    assert connection.sock is used
    connection.close()


# The server as a proxy's client sees it (RFC 9112 section 3.2.2)


def test_a_target_in_absolute_form_is_answered_for_the_logical_host(address: str) -> None:
    assert sample.LISTING_URL == "http://sample.foreign-eyes.invalid/specialtopic/chinasipinforeigneyes/index.htm"
    for path, body in sample.pages().items():
        assert ask(address, sample.ORIGIN + path).body == body


@pytest.mark.parametrize("origin", ["HTTP://Sample.Foreign-Eyes.INVALID", "http://sample.foreign-eyes.invalid:80"])
def test_the_logical_host_may_be_written_in_any_equal_way(address: str, origin: str) -> None:
    assert ask(address, origin + LISTING_PATH).status == 200


def test_an_absolute_target_outranks_the_host_field(address: str) -> None:
    assert ask(address, sample.LISTING_URL, Host="other.example").status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://other.example",
        "http://127.0.0.1",
        "https://sample.foreign-eyes.invalid",
        "http://sample.foreign-eyes.invalid:8080",
        "http://sample.foreign-eyes.invalid.other.example",
        "http://[::1]",
    ],
)
def test_any_other_host_is_misdirected_and_never_fetched(address: str, origin: str) -> None:
    assert ask(address, origin + LISTING_PATH).status == 421


def test_a_proxy_client_cannot_reach_another_server_through_the_sample() -> None:
    lines: list[str] = []
    with sample.serve(log=lines.append) as other, sample.serve() as address:
        assert ask(address, other + LISTING_PATH).status == 421
        assert ask(address, other.removeprefix("http://"), "CONNECT").status == 405
    assert lines == []


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:8000", 200), ("sample.foreign-eyes.invalid", 200), ("rebound.example", 421)]
)
def test_in_origin_form_the_host_field_names_the_host(address: str, host: str, status: int) -> None:
    assert ask(address, LISTING_PATH, Host=host).status == status


# Conditional requests (RFC 9110 section 13)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("pattern", ["{}", "W/{}", '"other", {}', '"a,b" ,W/"c",, {}', "*", " * "])
def test_a_matching_if_none_match_is_304(address: str, method: str, pattern: str) -> None:
    etag = ask(address, LISTING_PATH).headers["etag"]
    answer = ask(address, LISTING_PATH, method, If_None_Match=pattern.format(etag))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert answer.headers["vary"] == "Accept-Encoding"
    assert {"date", "last-modified"} <= set(answer.headers)
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("value", ['"other"', 'W/"other"', "", '"', "unquoted", '"*"', '"other", *'])
def test_an_if_none_match_that_matches_nothing_is_200(address: str, value: str) -> None:
    assert ask(address, LISTING_PATH, If_None_Match=value).status == 200


def test_an_etag_without_its_quotes_does_not_match(address: str) -> None:
    etag = ask(address, LISTING_PATH).headers["etag"]
    assert ask(address, LISTING_PATH, If_None_Match=etag.strip('"')).status == 200


def test_an_if_none_match_of_hostile_length_is_answered_at_once(address: str) -> None:
    assert ask(address, LISTING_PATH, If_None_Match='"a"' + " ," * 20_000 + "!").status == 200


@pytest.mark.parametrize(
    "since",
    [MODIFIED, "Sat, 02 Mar 2019 00:00:00 GMT", "Friday, 01-Mar-19 02:30:00 GMT", "Fri Mar  1 02:30:00 2019"],
)
def test_unmodified_since_any_form_of_a_late_enough_date_is_304(address: str, since: str) -> None:
    assert ask(address, LISTING_PATH, If_Modified_Since=since).status == 304


@pytest.mark.parametrize("since", ["Fri, 01 Mar 2019 02:29:59 GMT", "yesterday", "", "2030-01-01T00:00:00Z", "1"])
def test_an_earlier_or_invalid_date_is_200(address: str, since: str) -> None:
    assert ask(address, LISTING_PATH, If_Modified_Since=since).status == 200


def test_if_modified_since_does_not_count_beside_if_none_match(address: str) -> None:
    etag = ask(address, LISTING_PATH).headers["etag"]
    assert ask(address, LISTING_PATH, If_None_Match='"other"', If_Modified_Since=MODIFIED).status == 200
    early = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert ask(address, LISTING_PATH, If_None_Match=etag, If_Modified_Since=early).status == 304


def test_conditions_do_not_turn_a_404_into_a_304(address: str) -> None:
    assert ask(address, "/nowhere", If_None_Match="*").status == 404


# Compression


@pytest.mark.parametrize("value", ["gzip", "GZIP;q=0.5", "x-gzip", "*", "br, gzip, deflate", "identity;q=0, *;q=0.1"])
def test_a_client_that_accepts_gzip_gets_it(address: str, value: str) -> None:
    answer = ask(address, LISTING_PATH, Accept_Encoding=value)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert gzip.decompress(answer.body) == sample.pages()[LISTING_PATH]


@pytest.mark.parametrize(
    "value", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000, *", "identity, gzip;q=0.5", "gzip;q=x"]
)
def test_a_client_that_does_not_gets_the_plain_page(address: str, value: str) -> None:
    answer = ask(address, LISTING_PATH, Accept_Encoding=value)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.body == sample.pages()[LISTING_PATH]


def test_the_compressed_page_has_an_etag_of_its_own(address: str) -> None:
    plain = ask(address, LISTING_PATH).headers["etag"]
    compressed = ask(address, LISTING_PATH, Accept_Encoding="gzip").headers["etag"]
    assert plain != compressed
    assert ask(address, LISTING_PATH, Accept_Encoding="gzip", If_None_Match=compressed).status == 304
    assert ask(address, LISTING_PATH, Accept_Encoding="gzip", If_None_Match=plain).status == 200


# Malformed requests


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"GET /a b c HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"\xff\xfe\x00 \x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: user@localhost\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http://a:port/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /%zz%ff\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n", 405),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 405),
        (b"GET / HTTP/1.0\r\n\r\n", 404),
    ],
)
def test_a_malformed_request_gets_its_status_and_prints_nothing(
    address: str, request_head: bytes, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = send_raw(address, request_head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Length: " in answer
    assert capfd.readouterr() == ("", "")


def test_a_client_that_hangs_up_prints_nothing(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    for data in (b"", b"GET", b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nhalf"):
        client = socket.create_connection(("127.0.0.1", port_of(address)), timeout=60)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset rather than close
        client.sendall(data)
        client.close()
    assert ask(address, LISTING_PATH).status == 200
    assert capfd.readouterr() == ("", "")


# Starting and stopping


def test_the_log_is_one_harmless_line_a_request_and_goes_to_the_callback_only(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lines: list[str] = []
    with sample.serve(log=lines.append) as address:
        ask(address, LISTING_PATH)
        ask(address, sample.ORIGIN + ROBOTS_PATH, "HEAD")
        send_raw(address, b"\x1b[2Jred\r\n\r\n")
    assert lines == [
        f"GET {LISTING_PATH} HTTP/1.1 200",
        "HEAD http://sample.foreign-eyes.invalid/robots.txt HTTP/1.1 200",
        "\\x1b[2Jred 400",
    ]
    assert capfd.readouterr() == ("", "")


def test_a_stopped_server_leaves_no_thread_and_frees_its_port_though_a_client_holds_on() -> None:
    before = threading.active_count()
    with sample.serve() as address:
        client = HTTPConnection("127.0.0.1", port_of(address), timeout=60)
        client.request("GET", LISTING_PATH)
        client.getresponse().read()
    assert threading.active_count() == before
    assert client.sock.recv(1) == b""
    client.close()
    with pytest.raises(ConnectionRefusedError):
        ask(address, LISTING_PATH)
    with sample.serve(port=port_of(address)) as again:
        assert again == address
        assert ask(again, LISTING_PATH).status == 200


def test_a_taken_port_is_an_error_and_leaves_nothing_behind() -> None:
    before = threading.active_count()
    with sample.serve() as address, pytest.raises(OSError, match="in use"), sample.serve(port=port_of(address)):
        pass
    assert threading.active_count() == before


def test_an_exception_inside_stops_the_server_and_comes_through() -> None:
    with pytest.raises(LookupError), sample.serve() as address:
        raise LookupError
    with pytest.raises(ConnectionRefusedError):
        ask(address, LISTING_PATH)


def test_two_servers_run_side_by_side_with_the_same_bytes() -> None:
    with sample.serve() as first, sample.serve() as second:
        assert first != second
        assert ask(first, LISTING_PATH).headers["etag"] == ask(second, LISTING_PATH).headers["etag"]


@contextmanager
def run_module(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with signals_by_default():
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "foreign_eyes.sample", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_python_m_sample_prints_its_address_and_serves_until_interrupted() -> None:
    with run_module() as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        address = url.removesuffix(LISTING_PATH)
        assert ask(address, LISTING_PATH).status == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, f"GET {LISTING_PATH} HTTP/1.1 200\n")


@pytest.mark.parametrize("port", ["70000", "taken"])
def test_python_m_sample_says_in_one_line_why_it_cannot_serve(address: str, port: str) -> None:
    with run_module("--port", str(port_of(address)) if port == "taken" else port) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"python -m foreign_eyes.sample: cannot serve on port \d+: .+\n", errors)
