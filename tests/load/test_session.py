"""A session against a server of our own that says what it is told to."""

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.server import serve

from tests.load.measured import Measured
from tests.load.protocol import AGAIN, BROKEN
from tests.load.session import Session, SessionProblem
from tests.support.coroutines import settled

DONE = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)


def shown(hash: str, cacheable: bool = True) -> ForwardMsg:
    message = ForwardMsg(hash=hash)
    message.delta.new_element.markdown.body = "text"
    message.metadata.cacheable = cacheable
    return message


def visit(runs: list[list[ForwardMsg]], hash: str = "") -> tuple[list[BackMsg], Measured]:
    """Have as many pages run as there are answers; what was asked, and what was measured."""
    asked, measured = [], Measured()

    async def answer(socket):
        for messages in runs:
            asked.append(BackMsg.FromString(await socket.recv()))
            for message in messages:
                await socket.send(message.SerializeToString())

    async def go():
        async with serve(answer, "127.0.0.1", 0, subprotocols=["streamlit"]) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with Session(address, measured) as session:
                for _ in runs:
                    await session.run("seeing", hash)

    settled(go())
    return asked, measured


def known(asked: list[BackMsg]) -> list[list[str]]:
    return [list(message.rerun_script.cached_message_hashes) for message in asked]


def test_page_that_runs_again_by_itself_is_waited_for():
    again = ForwardMsg(script_finished=AGAIN)
    asked, measured = visit([[again, shown("a"), DONE]])
    assert measured.frames == 3
    assert asked[0].rerun_script.page_name == "seeing"
    assert measured.socket_bytes == sum(len(each.SerializeToString()) for each in (again, shown("a"), DONE))


def test_what_is_large_is_known_for_two_runs_more_unless_it_is_shown_again():
    runs = [[shown("a"), shown("b"), shown("small", False), DONE], [ForwardMsg(ref_hash="a"), DONE], [DONE], [DONE]]
    asked, _ = visit(runs, "page")
    assert known(asked) == [[], ["a", "b"], ["a", "b"], ["a"]]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (ForwardMsg(script_finished=BROKEN), "does not compile"),
        (ForwardMsg(page_not_found={"page_name": "seeing"}), "page not found"),
        (ForwardMsg(ref_hash="never"), "never sent"),
        (ForwardMsg(), "protocol"),
    ],
)
def test_problem_is_told_by_its_kind(message, problem):
    with pytest.raises(SessionProblem, match=problem):
        visit([[message]])


def test_server_that_hangs_up_is_a_problem():
    with pytest.raises(SessionProblem, match="closed by the server"):
        visit([[]])


def test_exception_on_the_page_is_counted_each_time():
    message = ForwardMsg(hash="e")
    message.delta.new_element.exception.type = "KeyError"
    _, measured = visit([[message, DONE], [message, DONE]])
    assert measured.errors == {"exception on the page": 2}
