# For a fresh machine: `make demo` shows the kit at work, `make test` runs its tests.
.PHONY: demo test

# Where images set it, each process would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

demo: .venv/demo
	.venv/bin/verikit demo

test: .venv/tests
	.venv/bin/nox -s tests

.venv/demo .venv/tests: requirements.lock pyproject.toml tools/install.sh
	sh tools/install.sh $(@F)
	touch $@
