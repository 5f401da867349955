#!/bin/sh
# Makes the environment of `make run` (run) or `make test` (test) ready: chooses a Python, environment.py does the rest.
#   sh tools/set_up.sh FOLDER run|test [PYTHON]
set -u
folder=$1 purpose=$2 python=${3:-}

is_new_enough() { "$1" -ISc 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
stop() {
  echo "$1" >&2
  exit 1
}

if [ -n "$python" ]; then
  command -v "$python" >/dev/null || stop "$python: not found; name another Python: make $purpose PYTHON=/path/to/python3"
  is_new_enough "$python" || stop "$python is $("$python" --version 2>&1); foreign-eyes needs Python 3.11 or later: make $purpose PYTHON=/path/to/python3"
elif is_new_enough "$folder/bin/python"; then
  python=$folder/bin/python # where no PYTHON is named, the one that made the environment is kept
else
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    is_new_enough "$candidate" && python=$candidate && break
  done
  [ -n "$python" ] || stop "no Python 3.11 or later on the PATH (python3 --version: $(python3 --version 2>&1)); install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make $purpose PYTHON=/path/to/python3"
fi
exec "$python" -ISB "$(dirname "$0")/environment.py" "$folder" "$purpose"
