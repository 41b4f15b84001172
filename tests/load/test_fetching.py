"""The learner's browser against a small server of our own that counts what it is asked."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.load.fetching import CONNECTIONS, Browser, HttpProblem, read_head
from tests.load.measured import Measured
from tests.support.coroutines import settled

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"


@asynccontextmanager
async def serving(answers: dict[str, bytes], closes: bool = False):
    """Address, heads of the requests that came, and the most connections that were open at once."""
    heads, open_now, most = [], set(), [0]

    async def serve(reader, writer):
        open_now.add(writer)
        most[0] = max(most[0], len(open_now))
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                heads.append(head)
                await asyncio.sleep(0.01)
                writer.write(answers[head.split(" ")[1]])
                if closes:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            open_now.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads, most


def test_file_with_its_version_is_fetched_once():
    async def fetch_twice():
        answers = {"/a?v=1": PLAIN + b"Cache-Control: public, immutable\r\n\r\nabc"}
        async with serving(answers) as (address, heads, _):
            browser = Browser(address, Measured())
            await browser.fetch(["/a?v=1", "/a?v=1"])
            await browser.fetch(["/a?v=1"])
            browser.close()
            return len(heads), len(browser.measured.http_s), browser.measured.http_bytes

    head = len(PLAIN + b"Cache-Control: public, immutable\r\n\r\n")
    assert settled(fetch_twice()) == (1, 1, head + 3)


def test_other_file_is_asked_for_again_with_its_tag():
    async def fetch_twice():
        async with serving({"/a": PLAIN + b'ETag: "t"\r\n\r\nabc'}) as (address, heads, _):
            browser = Browser(address, Measured())
            await browser.fetch(["/a"])
            await browser.fetch(["/a"])
            body = (await browser.get("/a", body=True)).body  # who wants to read it asks for all of it
            browser.close()
            return [("If-None-Match" in head) for head in heads], body

    assert settled(fetch_twice()) == ([False, True, False], b"abc")


def test_answer_in_pieces_is_put_together():
    async def fetch():
        pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"
        async with serving({"/a": pieces}) as (address, _, _):
            browser = Browser(address, Measured())
            first = (await browser.get("/a", body=True)).body
            again = (await browser.get("/a", body=True)).body  # the connection goes on where the first answer ended
            browser.close()
            return first, again

    assert settled(fetch()) == (b"abc0123456789", b"abc0123456789")


def test_six_connections_at_most():
    async def fetch_many():
        answers = {f"/{number}": PLAIN + b"\r\nabc" for number in range(30)}
        async with serving(answers) as (address, heads, most):
            browser = Browser(address, Measured())
            await browser.fetch(answers)
            browser.close()
            return len(heads), most[0]

    assert settled(fetch_many()) == (30, CONNECTIONS)


def test_connection_that_the_server_has_closed_is_no_error():
    async def fetch_twice():
        async with serving({"/a": PLAIN + b"\r\nabc"}, closes=True) as (address, heads, _):
            browser = Browser(address, Measured())
            await browser.fetch(["/a"])
            await asyncio.sleep(0.05)
            await browser.fetch(["/a"])
            browser.close()
            return len(heads), browser.measured.errors

    assert settled(fetch_twice()) == (2, {})


def test_what_is_wrong_is_counted_by_its_kind():
    async def fetch():
        answers = {
            "/none": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        }
        async with serving(answers, closes=True) as (address, _, _):
            browser = Browser(address, Measured())
            await browser.fetch(answers)
            browser.close()
            return browser.measured

    measured = settled(fetch())
    assert measured.errors == {"HTTP 404": 1, "HTTP connection: IncompleteReadError": 1}
    assert measured.examples["HTTP 404"] == "/none"


def test_server_that_is_not_there_is_a_problem():
    async def fetch():
        async with serving({}) as (address, _, _):
            pass
        await Browser(address, Measured()).get("/")

    with pytest.raises(HttpProblem, match="ConnectionRefusedError"):
        settled(fetch())


def test_head_is_read_whatever_the_case_of_its_names():
    assert read_head(b'HTTP/1.1 304 Not Modified\r\nETAG: W/"a:b"\r\n\r\n') == (304, {"etag": 'W/"a:b"'})
    with pytest.raises(ValueError):
        read_head(b"SSH-2.0-OpenSSH\r\n\r\n")
