#!/bin/sh
# Builds KEDA's Kafka scaler as a program of its own (main.go), from KEDA's unchanged source: `make deploy-tools`.
# Needs Go; some minutes.
#
#   build.sh FOLDER    writes FOLDER/keda-kafka-scaler
set -eu
version=v2.21.0
module=github.com/kedacore/keda/v2
mkdir -p "$1"
folder=$(cd "$1" && pwd)
own=$(cd "$(dirname "$0")" && pwd)
build=$(mktemp -d)
trap 'chmod -R u+w "$build"; rm -rf "$build"' EXIT
cd "$build"
export GOFLAGS="-buildvcs=false -trimpath" CGO_ENABLED=0
source=$(go mod download -json "$module@$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
# What it depends on is pinned by its own go.mod, whose directives count only in the module that is built.
{ echo "module keda-kafka-scaler"; echo "require $module $version"; grep -v '^module ' "$source/go.mod"; } > go.mod
cp "$source/go.sum" .
# The package has every scaler there is, which takes half an hour: of it only the files that the one for Kafka needs.
mkdir scalers
cp "$source/pkg/scalers/kafka_scaler.go" "$source/pkg/scalers/scaler.go" scalers
cp "$own/main.go" .
chmod -R u+w .
go build -mod=mod -ldflags "-s -w" -o "$folder/keda-kafka-scaler" .
