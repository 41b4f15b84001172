"""Entry of the dashboard: streamlit run app/main.py

Serves the pages (site.py) and, beside them over plain HTTP, the traces, the page's JavaScript, and what
converts visitors' own singing.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts this folder on the path, not the repository's
    sys.path.insert(0, str(HERE.parent))
# read when pyarrow is first imported: its other allocators keep what a class of two hundred took, some 30 MB
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from app.expert.downloads import download_routes  # noqa: E402
from app.host.headers import SafeHeaders  # noqa: E402 (needs the path above)
from app.host.log import log_as_json  # noqa: E402
from app.host.tidied import tidied  # noqa: E402
from app.host.watched import Watched, host_routes  # noqa: E402
from app.own.routes import own_routes  # noqa: E402
from app.own.studio import closed_in_the_end  # noqa: E402
from app.parts.preload import PreparedPages  # noqa: E402
from app.serving.library import library  # noqa: E402
from app.serving.ready import ReadyAnswers  # noqa: E402
from app.serving.served import routes  # noqa: E402


@asynccontextmanager
async def life(app: st.App) -> AsyncIterator[None]:
    """Around the server's life."""
    async with tidied(), closed_in_the_end(app):
        yield


log_as_json()
app = st.App(
    HERE / "site.py",
    routes=[*routes(), *download_routes(), *own_routes(), *host_routes()],
    lifespan=life,
    middleware=[
        Middleware(Watched),
        Middleware(PreparedPages),
        Middleware(SafeHeaders, public=library().public),
        Middleware(ReadyAnswers),
    ],
)
