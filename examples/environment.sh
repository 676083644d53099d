# Sourced by the examples: reads their arguments, which are
#   FIRST SECOND [SERVER] [--auto-rotate] [--check-quality]
# into $first, $second and $url, and leaves the flags. Key, IV and path are the documented ones,
# unless the environment has another key or IV.
usage() {
    echo "sh $0 first.jpg second.jpg [http://127.0.0.1:3000] [--auto-rotate] [--check-quality]" >&2
    exit 2
}

[ $# -ge 2 ] || usage
first=$1 second=$2 server=
for photo in "$first" "$second"; do
    [ -r "$photo" ] || {
        echo "$photo cannot be read; \`verikit samples photos\` writes sample photos" >&2
        exit 2
    }
done
shift 2
case ${1:-} in
    http*) server=${1%/} && shift ;;
    [!-]*)
        echo "$1 is not a URL: write it like http://127.0.0.1:3000" >&2
        exit 2
        ;;
esac
for flag; do
    case $flag in
        --auto-rotate | --check-quality) ;;
        *) usage ;;
    esac
done

python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
eval "$("$python" -c '
from verikit.contract import load_contract
contract = load_contract()
secrets = contract.encryption
print(f"export {secrets.key_variable}=${{{secrets.key_variable}:-{secrets.default_key}}}")
print(f"export {secrets.iv_variable}=${{{secrets.iv_variable}:-{secrets.default_iv}}}")
print(f"url=${{server:-http://127.0.0.1:{contract.port}}}{contract.path}")
')"
