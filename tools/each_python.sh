#!/bin/sh
# Run a make command with each Python from 3.11 to 3.14 on this machine, in .venv-VERSION; exit with 1 if a run fails.
#   sh tools/each_python.sh make test
# It looks for python3.X on the PATH, then for the versions that pyenv and uv installed.
set -u
report='' failed=0
for version in 3.11 3.12 3.13 3.14; do
  found=''
  for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3 \
    "${UV_PYTHON_INSTALL_DIR:-$HOME/.local/share/uv/python}"/cpython-"$version".*/bin/python3; do
    # pyenv puts a python3.X on the PATH for every installed version, even if the current folder cannot use it
    [ "$("$python" -ISc 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ] || continue
    found=$python
    break
  done
  if [ -z "$found" ]; then
    result='not on this machine'
  elif "$@" VENV=".venv-$version" PYTHON="$found"; then
    result=passed
  else
    result=failed failed=1
  fi
  report="$report  Python $version: $result
"
done
printf '%s' "$report"
exit "$failed"
