#!/bin/sh
# Make the virtual environment of `make run` or `make test`: choose a Python, then run environment.py.
#   sh tools/set_up.sh FOLDER run|test [PYTHON]
set -u
folder=$1 purpose=$2 python=${3:-}

is_new_enough() { "$1" -ISc 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
stop() {
  echo "$1" >&2
  exit 1
}

if [ -n "$python" ]; then
  command -v "$python" >/dev/null || stop "$python: not found; use another Python: make $purpose PYTHON=/path/to/python3"
  is_new_enough "$python" || stop "$python is $("$python" --version 2>&1), and foreign-eyes needs Python 3.11 or later; use another Python: make $purpose PYTHON=/path/to/python3"
elif is_new_enough "$folder/bin/python"; then
  python=$folder/bin/python # without PYTHON, keep the interpreter that made the environment
else
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    is_new_enough "$candidate" && python=$candidate && break
  done
  [ -n "$python" ] || stop "no Python 3.11 or later on the PATH (python3 --version: $(python3 --version 2>&1)); install one (Debian, Ubuntu: apt-get install python3 python3-venv), or give its path: make $purpose PYTHON=/path/to/python3"
fi
exec "$python" -ISB "$(dirname "$0")/environment.py" "$folder" "$purpose"
