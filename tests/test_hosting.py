"""The files for hosting agree with the code and with one another. What runs them is asked for none of it here."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from app.own.limits import Limits
from deploy import check

ROOT = Path(__file__).resolve().parents[1]
PORT = 8501
HEALTH = "/_stcore/health"
TARGETS = re.compile(r"(?:^|; |&& |=\S+ )make ([a-z.\-/]+)", re.M)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


DOCKERFILE, UNIT, NGINX = read("Dockerfile"), read("deploy/singsteps@.service"), read("deploy/nginx.conf")
ONE, REPLICAS, GUIDE = read("deploy/nginx-one.conf"), read("deploy/nginx-replicas.conf"), read("docs/hosting.md")
COMPOSE = yaml.safe_load(read("compose.yaml"))["services"]["singsteps"]
# name = value of the unit's lines; a name may stand on several
SETTINGS = [line.split("=", 1) for line in UNIT.splitlines() if "=" in line and not line.startswith("#")]


def block(text: str, head: str) -> str:
    """What stands in the braces after ``head``."""
    start = text.index(head + " {") + len(head) + 2
    return text[start : text.index("\n    }", start)]


def test_python_is_one_that_the_project_supports():
    least = tuple(
        map(
            int,
            re.search(r">=(\d+)\.(\d+)", tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]).groups(),
        )
    )
    image = tuple(map(int, re.search(r"^ARG PYTHON=(\d+)\.(\d+)$", DOCKERFILE, re.M).groups()))
    assert least <= image < (4, 0)
    assert f"Python {image[0]}.{image[1]}. No secrets" in GUIDE  # the same on Community Cloud


def test_port_and_health_address_agree():
    assert re.search(r"^ARG PORT=(\d+)$", DOCKERFILE, re.M)[1] == str(PORT)
    assert "STREAMLIT_SERVER_PORT=${PORT}" in DOCKERFILE and "EXPOSE ${PORT}" in DOCKERFILE
    assert COMPOSE["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert f"http://127.0.0.1:{PORT}{HEALTH}" in COMPOSE["healthcheck"]["test"][3]
    assert HEALTH in DOCKERFILE
    assert f"server 127.0.0.1:{PORT};" in ONE and f"server 127.0.0.1:{PORT} " in REPLICAS
    assert f"enable --now singsteps@{PORT}" in GUIDE and f"app_port: {PORT}" in GUIDE
    assert "--server.port %i --server.address 127.0.0.1" in UNIT


def test_health_checks_are_python_that_works(monkeypatch):
    asked = []
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(PORT))
    monkeypatch.setattr("urllib.request.urlopen", lambda address, timeout: asked.append(address))
    line = re.search(r'CMD \["python3", "-c", "(.*)"\]\nCMD', DOCKERFILE)[1].replace('\\"', '"')
    for code in (line, COMPOSE["healthcheck"]["test"][3]):
        exec(code, {})
    assert asked == [f"http://127.0.0.1:{PORT}{HEALTH}"] * 2


def test_what_the_image_copies_is_there_and_reaches_the_builder():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.M)
    let_in = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    assert {"app", "svc_core", "precomputed", "models/light", ".streamlit"} <= set(copied)
    for name in copied:
        assert list(ROOT.glob(name)), name
        assert any(name == each or name.startswith(f"{each}/") for each in let_in), name


def test_every_file_of_models_that_the_light_server_reads_is_in_the_image():
    """Its worker knows the student and the vocoder from models/light, and the page shows the models' card."""
    assert "COPY models/README.md models/README.md" in DOCKERFILE
    assert {path.name for path in (ROOT / "models/light").iterdir()} >= {"light.json", "student.onnx"}


def test_image_ends_as_a_user_without_rights_and_without_a_compiler():
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert "apt-get" not in last and "g++" not in last
    assert re.search(r"^USER (\d+)", last, re.M)[1] != "0"
    assert last.index("\nUSER ") < last.index("\nCMD ")
    for name in ("HOME", "TMPDIR", "NUMBA_CACHE_DIR"):
        assert re.search(rf"\b{name}=/tmp\b", last), name  # all else is read-only


def test_compose_gives_no_more_than_is_needed():
    assert COMPOSE["read_only"] is True and COMPOSE["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in COMPOSE["security_opt"]
    assert COMPOSE["user"].split(":")[0] not in ("0", "root")
    assert COMPOSE["tmpfs"][0].startswith("/tmp:size=")
    assert {"mem_limit", "pids_limit", "healthcheck"} <= COMPOSE.keys()
    assert "privileged" not in COMPOSE and "volumes" not in COMPOSE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User", "singsteps"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SystemCallFilter", "@system-service"),
        ("Restart", "always"),
        ("RestartSec", "2"),
        ("MemoryMax", "2G"),
        ("StartLimitIntervalSec", "0"),
    ],
)
def test_unit_is_hardened_and_comes_back(name, value):
    assert [name, value] in SETTINGS


def test_unit_writes_where_it_may():
    places = dict(re.findall(r"\b(HOME|NUMBA_CACHE_DIR|TMPDIR)=(\S+)", UNIT))
    assert places == {"HOME": "/var/cache/singsteps", "NUMBA_CACHE_DIR": "/var/cache/singsteps/numba", "TMPDIR": "/tmp"}
    assert ["CacheDirectory", "singsteps"] in SETTINGS


def test_nginx_lets_recordings_in_and_no_larger_body_elsewhere():
    megabytes = int(re.search(r"client_max_body_size\s+(\d+)m", block(NGINX, "location = /singsteps/own/takes"))[1])
    most = Limits().most_bytes
    assert most < megabytes << 20 <= most + (2 << 20)
    assert "    client_max_body_size 1m;\n" in NGINX
    assert f"larger than {most >> 20} MB" in NGINX  # the words of app/own/routes.py
    assert most == check.MOST_BYTES


def test_nginx_passes_websockets_on():
    assert "proxy_http_version 1.1;" in NGINX
    assert re.search(r"proxy_set_header Upgrade\s+\$http_upgrade;", NGINX)
    assert re.search(r"proxy_set_header Connection\s+\$singsteps_connection;", NGINX)
    assert re.search(r"proxy_set_header Host\s+\$http_host;", NGINX)  # Streamlit compares it with Origin
    stream = block(NGINX, "location = /singsteps/_stcore/stream")
    assert "return 403" in stream and "proxy_pass" in stream


def test_nginx_logs_no_recordings_address_and_shows_no_counters():
    for place in ("location /singsteps/own/", "location = /singsteps/own/takes"):
        assert "access_log off;" in block(NGINX, place) and " crit;" in block(NGINX, place)
    assert "location = /singsteps/metrics         { return 404; }" in NGINX


def test_nginx_headers_are_inherited():
    """A location with one header of its own would lose all of the server's."""
    for place in re.findall(r"^    location [^\n]*{\n.*?^    }", NGINX, re.M | re.S):
        assert "proxy_set_header" not in place and "add_header" not in place


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/singsteps/traces/a/walk.npy.gz?v=1234", True),
        ("/singsteps/material/words/a.flac?x=1&v=1234", True),
        ("/singsteps/web/0123456789/own.js", True),
        ("/singsteps/static/js/index.abc.js", True),
        ("/singsteps/traces/a/trace.json", False),
        ("/singsteps/traces/a/walk.npy.gz", False),
        ("/singsteps/denoising?v=1", False),
        ("/singsteps/own/takes/key/files/a.flac?v=1", False),
        ("/singsteps/_stcore/stream", False),
    ],
)
def test_nginx_keeps_what_carries_a_version_and_nothing_else(address, kept):
    start = NGINX.index("map $request_uri $singsteps_cache")
    patterns = re.findall(r'"~(\S+)"\s+singsteps;', NGINX[start : NGINX.index("}", start)])
    assert any(re.search(pattern, address) for pattern in patterns) is kept


def test_braces_of_nginx_are_paired():
    for text in (NGINX, ONE, REPLICAS):
        bare = re.sub(r"#.*|\"[^\"]*\"|'[^']*'", "", text)
        assert bare.count("{") == bare.count("}") > 0


def test_both_kinds_of_servers_define_what_nginx_asks_for():
    for text in (ONE, REPLICAS):
        for variable in ("$singsteps_servers", "$singsteps_cookie"):
            assert re.search(rf"^map .*\{variable}\s+{{", text, re.M), variable
    assert "$singsteps_servers" in NGINX and "$singsteps_cookie" in NGINX


@pytest.mark.parametrize(
    ("answered", "cookie", "method", "kind", "told"),
    [
        ("a", "", "GET", "text/html; charset=utf-8", True),  # a first page
        ("b", "a", "GET", "text/html", True),  # moved on, for its server is gone
        ("b", "a", "POST", "application/json", True),  # a recording taken elsewhere
        ("a", "a", "GET", "text/html", False),
        ("a", "", "GET", "application/octet-stream", False),  # caches keep it
        ("", "", "GET", "text/html", False),
    ],
)
def test_cookie_names_the_server_that_answered(answered, cookie, method, kind, told):
    patterns = re.findall(r'^ +"~(\^.*?)"\s', REPLICAS[REPLICAS.index("$singsteps_cookie {") :], re.M)
    same, other = (re.compile(pattern.replace("(?<", "(?P<").replace(r"\k<same>", "(?P=same)")) for pattern in patterns)
    text = f"{answered}:{cookie}:{method}:{kind}"
    assert bool(not same.search(text) and other.search(text)) is told


def test_guide_names_files_that_are_there():
    named = set(re.findall(r"(?<![\w/.-])((?:app|deploy|docs|svc_core|models|\.streamlit)/[\w@./-]*\w)", GUIDE))
    named |= {"Dockerfile", "compose.yaml", "README.md"}
    assert {"deploy/nginx.conf", "deploy/check.py", "app/own/limits.py"} <= named
    for name in named:
        assert (ROOT / name).exists(), name


def test_guide_calls_targets_that_make_knows():
    targets = set(
        re.findall(r"^([\w.$()/-]+(?: [\w.-]+)*):", read("Makefile").replace("$(APP_ENV)", ".venv-app"), re.M)
    )
    known = {name for line in targets for name in line.split()}
    asked = {name for code in re.findall(r"^```sh\n(.*?)^```", GUIDE, re.M | re.S) for name in TARGETS.findall(code)}
    assert asked and asked <= known, asked - known


def test_guide_says_what_is_not_to_be_done():
    """Streamlit moves its own addresses to the base path and leaves an app's routes at the root."""
    assert "Do *not* set `--server.baseUrlPath`" in GUIDE
    for text in (DOCKERFILE, UNIT, read("compose.yaml"), read(".streamlit/config.toml")):
        assert "baseUrlPath" not in text and "BASE_URL_PATH" not in text


def test_check_needs_nothing_installed_and_says_what_is_wrong():
    """Against a port where nothing listens, without site-packages."""
    run = subprocess.run(
        [sys.executable, "-I", "-S", ROOT / "deploy/check.py", "http://127.0.0.1:9/"], capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stdout.count("WRONG") >= len(check.CHECKS) - 1  # TLS is not asked for over http
