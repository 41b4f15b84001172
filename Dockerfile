# The dashboard in a container: docker build -t singsteps .
# --build-arg REQUIREMENTS=deploy/requirements-own.txt  converts visitors' own singing too
# --build-arg PORT=7860                                 another port
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS packages
ARG REQUIREMENTS=deploy/requirements.txt
# of what the own voice needs, pyworld is compiled; the compiler stays behind in this stage
RUN if [ "$REQUIREMENTS" != deploy/requirements.txt ]; then \
      apt-get update && apt-get install --yes --no-install-recommends g++; \
    fi
WORKDIR /singsteps
COPY deploy/requirements*.txt deploy/
RUN python3 -m venv /opt/singsteps \
 && /opt/singsteps/bin/pip install --no-cache-dir --require-hashes -r "$REQUIREMENTS"

FROM python:${PYTHON}-slim-bookworm
ARG PORT=8501
RUN useradd --uid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin singsteps
COPY --from=packages /opt/singsteps /opt/singsteps
WORKDIR /singsteps
COPY .streamlit .streamlit
COPY app app
COPY svc_core svc_core
COPY models/README.md models/README.md
COPY models/light models/light
COPY precomputed precomputed
RUN /opt/singsteps/bin/python -m compileall -q app svc_core

# nothing is written but below /tmp: recordings, and what numba compiles for librosa
ENV PATH=/opt/singsteps/bin:$PATH \
    HOME=/tmp TMPDIR=/tmp NUMBA_CACHE_DIR=/tmp/numba \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_PORT=${PORT} \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none
USER 1000:1000
EXPOSE ${PORT}
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"STREAMLIT_SERVER_PORT\"]}/_stcore/health', timeout=2)"]
CMD ["streamlit", "run", "app/main.py"]
