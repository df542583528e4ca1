#!/bin/sh
# Builds docker compose as a program of its own, for machines without Docker: `docker-compose config` needs no engine.
# Needs Go; about a minute.
#
#   build_parser.sh FOLDER    writes FOLDER/docker-compose
set -eu
version=v5.6.0
module=github.com/docker/compose/v5
mkdir -p "$1"
folder=$(cd "$1" && pwd)
build=$(mktemp -d)
trap 'chmod -R u+w "$build"; rm -rf "$build"' EXIT
cd "$build"
export GOFLAGS="-buildvcs=false -trimpath" CGO_ENABLED=0
source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
# Its go.mod has directives that `go install` refuses in a dependency, so a module of our own has a copy of them.
{ echo "module parser"; echo "require $module $version"; grep -v '^module ' "$source/go.mod"; } > go.mod
cp "$source/go.sum" .
chmod u+w go.sum
printf '//go:build tools\n\npackage tools\n\nimport _ "%s/cmd"\n' "$module" > tools.go
go build -mod=mod -ldflags "-s -w -X $module/internal.Version=$version" -o "$folder/docker-compose" "$module/cmd"
