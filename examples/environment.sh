# Sourced by the examples, which say where the project's folder is ($top): sets the documented key,
# IV and path, unless the environment has others.
python=$top/.venv/bin/python
[ -x "$python" ] || python=python3
eval "$("$python" -c '
from contract import load_contract
contract = load_contract()
secrets = contract.encryption
print(f"export {secrets.key_variable}=${{{secrets.key_variable}:-{secrets.default_key}}}")
print(f"export {secrets.iv_variable}=${{{secrets.iv_variable}:-{secrets.default_iv}}}")
print(f"path={contract.path}")
print(f"server=http://127.0.0.1:{contract.port}")
')"
