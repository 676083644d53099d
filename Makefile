# For a fresh machine: `make demo` shows the kit at work, `make test` runs its tests.
.PHONY: demo test

demo: .venv/demo
	.venv/bin/verikit demo

test: .venv/tests
	.venv/bin/nox -s tests

.venv/demo .venv/tests: requirements.lock pyproject.toml tools/install.sh
	sh tools/install.sh $(@F)
	touch $@
