lock:
	uv pip compile pyproject.toml --group test --extra spark --extra deep --generate-hashes --python-version 3.11 -q --no-header -o locks/all.lock
	uv pip compile pyproject.toml --group test -c locks/all.lock --generate-hashes --python-version 3.11 -q --no-header -o locks/test.lock
	uv pip compile pyproject.toml -c locks/all.lock --generate-hashes --python-version 3.11 --group build -q --no-header -o locks/core.lock
