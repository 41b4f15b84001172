"""Memory is given back after visitors have left."""

import asyncio
import gc
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.web.server.server_util import config

from app.host import tidied
from app.serving.library import REPOSITORY


class Session:
    """A browser tab that was closed; like Streamlit's it refers to itself."""

    def __init__(self, name):
        self.id, self.itself = name, self


@pytest.fixture
def storage(monkeypatch):
    """Streamlit's own, of a running server, with a clock that can be turned."""
    storage, now_s = MemorySessionStorage(), [0.0]
    monkeypatch.setattr(storage._cache, "_timer", lambda: now_s[0])
    server = SimpleNamespace(_session_mgr=SimpleNamespace(_session_storage=storage))
    monkeypatch.setattr(tidied.runtime, "exists", lambda: True)
    monkeypatch.setattr(tidied.runtime, "get_instance", lambda: server)
    return storage, now_s


def test_sessions_are_forgotten_after_two_minutes_though_nobody_comes(storage):
    stored, now_s = storage
    stored.save(SimpleNamespace(session=Session("one")))
    now_s[0] = 119.0
    tidied.forget_sessions()
    assert len(stored._cache._data) == 1
    now_s[0] = 121.0
    tidied.forget_sessions()
    assert len(stored._cache._data) == 0


def test_the_running_server_has_what_is_asked_of_it():
    """The names that forget_sessions relies on, in the Streamlit that is installed."""
    from streamlit.runtime import runtime
    from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

    assert "_session_mgr" in runtime.Runtime.__init__.__code__.co_names
    assert "_session_storage" in WebsocketSessionManager.__init__.__code__.co_names
    assert callable(MemorySessionStorage()._cache.expire)


def test_without_a_server_there_is_nothing_to_forget(monkeypatch):
    monkeypatch.setattr(tidied.runtime, "exists", lambda: False)
    tidied.forget_sessions()


def test_it_is_done_now_and_then_while_the_server_lives(monkeypatch):
    done = []
    monkeypatch.setattr(tidied, "EVERY_S", 0.01)
    monkeypatch.setattr(tidied, "forget_sessions", lambda: done.append("sessions"))
    monkeypatch.setattr(tidied, "give_back", lambda: done.append("memory"))

    async def live():
        async with tidied.tidied():
            for _ in range(200):
                await asyncio.sleep(0.01)
                if len(done) >= 4:
                    break
        ended = len(done)
        await asyncio.sleep(0.05)
        return ended

    try:
        with ThreadPoolExecutor() as aside:  # Playwright's loop may be running here
            assert aside.submit(asyncio.run, live()).result() == len(done)  # it ends with the server
    finally:
        gc.unfreeze()
    assert done[:4] == ["sessions", "memory"] * 2


def test_streamlits_own_collections_are_off():
    settings = (REPOSITORY / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert "postScriptGC = false" in settings
    assert config._config_options_template["runner.postScriptGC"].default_val is True  # else the line can go
