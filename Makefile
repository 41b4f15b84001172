# make app   the dashboard on precomputed/ (PORT=8501)
# make own   the same, and it converts one's own singing too, without torch (by the one-step student)
# make test  the tests; of those in a real browser the main ones of each page and figure
# make test-all  every test: before a release, and when something changed that many pages share
# make coverage  how much of app/ and svc_core/ the tests run through (those of make test)
# make bench speed and memory, as a table; at last a class of two hundred

PYTHON ?= python3
PORT ?= 8501
APP_ENV := .venv-app
OWN_ENV := .venv-own
ENV := .venv
# two files of tests at once have a core each: threads that wait for one another there take twice as long
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
PYTEST := $(ONE_THREAD) $(ENV)/bin/python -m pytest --numprocesses 2 --dist loadfile
EVERY_TIME := -m "every_time or not browser"

.PHONY: app own test test-all coverage bench check lock clean
app: $(APP_ENV)/installed
	$(APP_ENV)/bin/streamlit run app/main.py --server.port $(PORT) --browser.serverAddress localhost

own: $(OWN_ENV)/installed
	$(OWN_ENV)/bin/streamlit run app/main.py --server.port $(PORT) --browser.serverAddress localhost

test: $(ENV)/installed check
	$(PYTEST) $(EVERY_TIME)

test-all: $(ENV)/installed check
	$(PYTEST)

coverage: $(ENV)/installed
	$(PYTEST) $(EVERY_TIME) --cov --cov-report term

check: $(ENV)/installed
	$(ENV)/bin/ruff check .
	$(ENV)/bin/ruff format --check .
	$(ENV)/bin/mypy

bench: $(ENV)/installed $(APP_ENV)/installed
	$(ENV)/bin/python -m tests.bench
	$(ENV)/bin/python -m tests.load --python $(APP_ENV)/bin/python

# an environment is made anew when its requirements change, and only then
$(APP_ENV)/installed: app/requirements.txt
	$(call make_environment,$(APP_ENV),app/requirements.txt)

$(OWN_ENV)/installed: app/requirements-own.txt app/requirements.txt
	$(call make_environment,$(OWN_ENV),app/requirements-own.txt)

$(ENV)/installed: requirements-others.txt requirements.txt app/requirements.txt
	$(call make_environment,$(ENV),requirements-others.txt)

define make_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "SingSteps needs Python 3.11 or newer; give one with PYTHON=, as in: make $@ PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(1) || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)."; exit 1; }
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check -r $(2)
	@touch $@
endef

# what hosts install: each package of one version and with its hashes; needs uv (pip install uv)
lock: deploy/requirements.txt deploy/requirements-own.txt

deploy/%.txt: app/%.txt app/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	  $< --output-file $@

clean:
	rm -rf $(APP_ENV) $(OWN_ENV) $(ENV)
