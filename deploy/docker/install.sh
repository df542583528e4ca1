#!/bin/sh
# Fills a virtual environment with the dependencies of some extras, without callsift itself: the Dockerfile,
# tests/images and the Makefile run these same lines, from the project's root.
#
#   install.sh VENV EXTRAS [STORE_DRIVERS]
#
# EXTRAS of pyproject.toml are separated by commas, or "none"; STORE_DRIVERS are fsspec drivers such as "s3fs".
# VENV is made unless it is there. torch, which silero-vad names and nothing that runs imports, comes with the extra dev
# alone (docs/decisions/0002); TORCH_INDEX, if set, is an index to prefer for it.
# Every version is the one of requirements/, and every file must have a hash that requirements/hashed.txt lists; only
# torch and what it alone pulls in have none (docs/decisions/0002). No compiler is needed: what has no wheel
# (docs/laptop.md) builds as Python alone.
set -eu
venv=$1 extras=$2 drivers=${3:-}
pinned="-c requirements/hashed.txt"
export UV_EXCLUDE=requirements/left-out.txt
[ -e "$venv/pyvenv.cfg" ] || uv venv -q "$venv"
named=""
if [ "$extras" != none ]; then
    named=$(printf '%s' "$extras" | sed 's/[^,]\{1,\}/--extra &/g; s/,/ /g')
fi
# torch and what it alone pulls in are resolved with the rest, and installed apart or not at all
apart=$(sed -E 's/==.*//; s/^/--no-emit-package /' requirements/torch.txt)
# shellcheck disable=SC2086 # these are lists of words
uv pip compile -q --python "$venv" --no-header --no-annotate --no-emit-index-url pyproject.toml $named $apart \
    $pinned -c requirements/torch.txt -o "$venv/dependencies.txt"
# shellcheck disable=SC2086
uv pip install -q --python "$venv" --no-deps --require-hashes $pinned -r "$venv/dependencies.txt"
case ",$extras," in *,dev,*)
    # shellcheck disable=SC2086
    uv pip install -q --python "$venv" ${TORCH_INDEX:+--index "$TORCH_INDEX"} -c requirements/torch.txt torch torchaudio
    ;;
esac
if [ -n "$drivers" ]; then
    # shellcheck disable=SC2086 # a driver that requirements/hashed.txt has not gets no hash
    uv pip install -q --python "$venv" $pinned $drivers
fi
# 100 MB of descriptions of Google's other services, which google-generativeai never opens
rm -rf "$venv"/lib/python*/site-packages/googleapiclient/discovery_cache/documents
