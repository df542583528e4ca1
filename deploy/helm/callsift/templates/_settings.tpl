{{/* What the processes are told: settings, and which secrets they get. */}}

{{- define "callsift.audioStoreUri" -}}
{{- if .Values.audioStore.persistence.enabled }}
{{- printf "file://%s" .Values.audioStore.persistence.mountPath }}
{{- else }}
{{- .Values.audioStore.uri }}
{{- end }}
{{- end }}

{{/*
A setting's value. What may be fetched is as somebody lists it, and the recordings that `callsift emit` and the API put into the
audio store. Takes root, variable and value.
*/}}
{{- define "callsift.setting" -}}
{{- $store := .root.Values.audioStore }}
{{- $listed := list .value }}
{{- if and (eq .variable "CALLSIFT_FETCH_FILE_ROOTS") $store.persistence.enabled }}
{{- $listed = append $listed (printf "%s/recordings" (trimSuffix "/" $store.persistence.mountPath)) }}
{{- else if and (eq .variable "CALLSIFT_FETCH_HOSTS") .value (not $store.persistence.enabled) }}
{{- $listed = append $listed (regexReplaceAll "^[a-z0-9+.-]+://([^@/]*@)?([^/]*).*$" $store.uri "${2}") }}
{{- end }}
{{- join "," (compact $listed) }}
{{- end }}

{{/* Every setting that is no secret, as YAML. */}}
{{- define "callsift.settings" -}}
{{- $held := fromYaml (include "callsift.kafkaHeld" (dict "root" .)) }}
CALLSIFT_HTTP_PORT: "8000"
CALLSIFT_API_LISTEN: "8080"
CALLSIFT_KAFKA_BOOTSTRAP_SERVERS: {{ .Values.kafka.bootstrapServers | quote }}
CALLSIFT_KAFKA_PREFIX: {{ .Values.kafka.prefix | quote }}
CALLSIFT_KAFKA_REPLICATION_FACTOR: {{ .Values.kafka.replicationFactor | int | quote }}
CALLSIFT_KAFKA_SECURITY_PROTOCOL: {{ .Values.kafka.protocol }}
{{- if include "callsift.usesSasl" . }}
CALLSIFT_KAFKA_SASL_MECHANISM: {{ .Values.kafka.saslMechanism }}
{{- end }}
{{- with and (include "callsift.usesSasl" .) .Values.kafka.username }}
CALLSIFT_KAFKA_USERNAME: {{ . | quote }}
{{- end }}
{{- if hasKey $held "ca.crt" }}
CALLSIFT_KAFKA_CA_FILE: /etc/callsift/kafka/ca.crt
{{- end }}
{{- if hasKey $held "tls.crt" }}
CALLSIFT_KAFKA_CERTIFICATE_FILE: /etc/callsift/kafka/tls.crt
CALLSIFT_KAFKA_KEY_FILE: /etc/callsift/kafka/tls.key
{{- end }}
CALLSIFT_AUDIO_STORE_URI: {{ include "callsift.audioStoreUri" . | quote }}
{{- $roots := .Values.audioStore.persistence.enabled | ternary (dict "CALLSIFT_FETCH_FILE_ROOTS" "") dict }}
{{- range $variable, $value := merge (deepCopy .Values.config) $roots }}
{{ $variable }}: {{ include "callsift.setting" (dict "root" $ "variable" $variable "value" $value) | quote }}
{{- end }}
{{- end }}

{{/* The chart's secrets that jobs need before the release's own objects exist, as YAML. */}}
{{- define "callsift.hookSecretData" -}}
{{- if and .Values.indexes.create (not (has "CALLSIFT_MONGO_URI" .Values.existingSecret.keys)) }}
{{- with get .Values.secrets "CALLSIFT_MONGO_URI" }}
CALLSIFT_MONGO_URI: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Changes with every setting and with every secret that the chart makes. */}}
{{- define "callsift.checksum" -}}
{{- printf "%s%s%s%s" (include "callsift.settings" .) (include "callsift.kafkaSecretData" .) (toYaml .Values.secrets) (toYaml .Values.sources) | sha256sum }}
{{- end }}

{{/* The environment entries of a container. Takes what a pod takes. */}}
{{- define "callsift.env" -}}
{{- $root := .root }}
- {name: HOME, value: /tmp}
- {name: TMPDIR, value: /tmp}
{{- if .hook }}
{{- range $variable, $value := fromYaml (include "callsift.settings" $root) }}
{{- if not (and $.withoutKafka (hasPrefix "CALLSIFT_KAFKA_" $variable)) }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- include "callsift.kafkaEnv" . }}
{{- range .workload.secretKeys }}
{{- if has . $root.Values.existingSecret.keys }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ $root.Values.existingSecret.name }}, key: {{ . }}}}
{{- else if hasKey $root.Values.secrets . }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ include "callsift.fullname" $root }}{{ if $.hook }}-hook{{ end }}, key: {{ . }}}}
{{- end }}
{{- end }}
{{- if .workload.model }}
- {name: CALLSIFT_VOSK_MODEL, value: {{ printf "%s/%s" $root.Values.model.mountPath $root.Values.model.name | trimSuffix "/" | quote }}}
{{- end }}
{{- if .workload.source }}
- {name: CALLSIFT_SOURCES_FILE, value: {{ include "callsift.sourcesFolder" $root }}/sources.yaml}
{{- end }}
{{- if and .workload.audioStore $root.Values.audioStore.endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ $root.Values.audioStore.endpoint | quote }}}
{{- end }}
{{- range $variable, $value := .workload.config }}
- {name: {{ $variable }}, value: {{ include "callsift.setting" (dict "root" $root "variable" $variable "value" $value) | quote }}}
{{- end }}
{{- with .workload.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
