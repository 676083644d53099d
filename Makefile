# For a fresh machine: `make demo` shows the kit at work, `make test` runs its tests.
.PHONY: demo test ready

demo: ready
	.venv/bin/verikit demo

test: ready
	.venv/bin/nox -s tests

ready: .venv/ready

.venv/ready: requirements.lock pyproject.toml tools/bootstrap.sh
	sh tools/bootstrap.sh
	touch $@
