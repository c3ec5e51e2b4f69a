# Two commands: `make run` (everything, with a simulated switch) and `make test`. Both install what they need into .venv.

VENV := .venv
BIN := $(VENV)/bin
# The first that runs and is new enough: a name on the PATH may be a shim with nothing behind it. 3.11 comes first
# because a real Redis is at hand for it as a wheel.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
# Checks look at the code alone: no server is asked, so any address will do.
LINT_SETTINGS := SECRET_KEY=no-secret-this-only-lets-the-settings-load DATABASE_URL=postgresql://nobody@localhost/none \
	REDIS_URL=redis://localhost:1/0 DEBUG=0 ALLOWED_HOSTS=localhost

.PHONY: help install run test conform mutants prove-balances prove-counting bench-money bench-calls lint format messages clean distclean
.DEFAULT_GOAL := help

help:
	@echo 'make run        start everything here, with a simulated switch and sample people (PORT=8000)'
	@echo 'make test       run every test'
	@echo 'make conform    prove that a top-up happens once: 10,000 under faults and kills (SEED=1 SIZE=10000)'
	@echo 'make mutants    show that each invariant catches the defect it is there for (SEED=1)'
	@echo 'make prove-balances  show that every gap in a balance is found, and no other: 500 among 100,000 calls (SEED=1)'
	@echo 'make prove-counting  show that it is found how a switch counts calls: 60 switches with rules of their own (SEED=1)'
	@echo 'make bench-money  how quick top-ups are, as forms and in doubt'
	@echo 'make bench-calls  how quick the call history is, to fill and to show (SIZE=10000000 ONLY=loading,…)'
	@echo 'make lint       check style, types, room borders, templates and missing migrations'
	@echo 'make format     put the style right'
	@echo 'make messages   collect the sentences to translate into locale/ (LOCALE=en; it needs gettext)'
	@echo 'make clean      forget the data of the demo and of the tests'
	@echo 'make distclean  forget the virtual environment too'

install: $(VENV)/installed

$(VENV)/installed: requirements.txt requirements-dev.txt constraints.txt
	@if [ -z "$(PYTHON)" ]; then echo 'Python 3.11 or newer is needed; name one with PYTHON=…' >&2; exit 1; fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo 'Making $(VENV) with $(PYTHON)'; $(PYTHON) -m venv --clear $(VENV); }
	@echo 'Installing what requirements-dev.txt names'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: install
	@exec $(BIN)/python manage.py demo $(DEMO)

test: install
	@$(BIN)/python -m pytest

conform: install
	@SEED=$(SEED) SIZE=$(SIZE) $(BIN)/python -m bench.conform

mutants: install
	@SEED=$(SEED) ONLY=$(ONLY) $(BIN)/python -m bench.mutants

prove-balances: install
	@SEED=$(SEED) $(BIN)/python -m bench.balances

prove-counting: install
	@SEED=$(SEED) $(BIN)/python -m bench.counting

bench-money: install
	@SIZE=$(SIZE) DOUBTS=$(DOUBTS) $(BIN)/python -m bench.money

bench-calls: install
	@SEED=$(SEED) SIZE=$(SIZE) ONLY=$(ONLY) $(BIN)/python -m bench.calls

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(LINT_SETTINGS) $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --lint --quiet
	$(LINT_SETTINGS) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

# By file and without line numbers, so that a catalogue changes only where a sentence does.
messages: install
	@$(LINT_SETTINGS) $(BIN)/python manage.py makemessages --locale $(or $(LOCALE),en) --extension html,txt,py \
		--add-location file --no-wrap --no-obsolete \
		$(foreach folder,$(VENV) .local bench simulator static staticfiles tests,--ignore '$(folder)/*')

clean:
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m portal.demo.forget
	@rm -rf .local staticfiles celerybeat-schedule* tests/screenshots
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV)
