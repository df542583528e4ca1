{{/* What the processes are told: settings, and which secrets they get. */}}

{{- define "callsift.kafkaSecretName" -}}
{{- .Values.kafka.existingSecret | default (printf "%s-kafka" (include "callsift.fullname" .)) }}
{{- end }}

{{/* The chart's own Kafka secret by key, as YAML; empty where there is nothing to keep. */}}
{{- define "callsift.kafkaSecretData" -}}
{{- if not .Values.kafka.existingSecret }}
{{- $given := .Values.kafka.credentials }}
{{- $names := dict "username" "username" "password" "password" "ca" "ca.crt" "certificate" "tls.crt" "key" "tls.key" "keyPassword" "key-password" }}
{{- range $value, $key := $names }}
{{- with get $given $value }}
{{ $key }}: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Which keys the Kafka secret has, separated by commas. */}}
{{- define "callsift.kafkaSecretKeys" -}}
{{- if .Values.kafka.existingSecret }}
{{- join "," .Values.kafka.existingSecretKeys }}
{{- else }}
{{- join "," (keys (fromYaml (include "callsift.kafkaSecretData" .)) | sortAlpha) }}
{{- end }}
{{- end }}

{{- define "callsift.usesSasl" -}}
{{- if hasPrefix "SASL" .Values.kafka.protocol }}true{{ end }}
{{- end }}

{{- define "callsift.usesTls" -}}
{{- if hasSuffix "SSL" .Values.kafka.protocol }}true{{ end }}
{{- end }}

{{- define "callsift.audioStoreUri" -}}
{{- if .Values.audioStore.persistence.enabled }}
{{- printf "file://%s" .Values.audioStore.persistence.mountPath }}
{{- else }}
{{- .Values.audioStore.uri }}
{{- end }}
{{- end }}

{{/* Every setting that is no secret, as YAML. */}}
{{- define "callsift.settings" -}}
{{- $keys := splitList "," (include "callsift.kafkaSecretKeys" .) }}
CALLSIFT_HTTP_PORT: "8000"
CALLSIFT_API_LISTEN: "8080"
CALLSIFT_KAFKA_BOOTSTRAP_SERVERS: {{ .Values.kafka.bootstrapServers | quote }}
CALLSIFT_KAFKA_PREFIX: {{ .Values.kafka.prefix | quote }}
CALLSIFT_KAFKA_REPLICATION_FACTOR: {{ .Values.kafka.replicationFactor | int | quote }}
CALLSIFT_KAFKA_SECURITY_PROTOCOL: {{ .Values.kafka.protocol }}
{{- if include "callsift.usesSasl" . }}
CALLSIFT_KAFKA_SASL_MECHANISM: {{ .Values.kafka.saslMechanism }}
{{- end }}
{{- if include "callsift.usesTls" . }}
{{- if has "ca.crt" $keys }}
CALLSIFT_KAFKA_CA_FILE: /etc/callsift/kafka/ca.crt
{{- end }}
{{- if has "tls.crt" $keys }}
CALLSIFT_KAFKA_CERTIFICATE_FILE: /etc/callsift/kafka/tls.crt
CALLSIFT_KAFKA_KEY_FILE: /etc/callsift/kafka/tls.key
{{- end }}
{{- end }}
CALLSIFT_AUDIO_STORE_URI: {{ include "callsift.audioStoreUri" . | quote }}
{{- range $variable, $value := .Values.config }}
{{ $variable }}: {{ $value | quote }}
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

{{/* The environment entries of a container. Takes root, workload, hook and withoutKafka. */}}
{{- define "callsift.env" -}}
{{- $root := .root }}
{{- $keys := splitList "," (include "callsift.kafkaSecretKeys" $root) }}
{{- $kafkaSecret := include "callsift.kafkaSecretName" $root }}
{{- if and .hook (not $root.Values.kafka.existingSecret) }}{{- $kafkaSecret = printf "%s-hook" $kafkaSecret }}{{- end }}
- {name: HOME, value: /tmp}
- {name: TMPDIR, value: /tmp}
{{- if .hook }}
{{- range $variable, $value := fromYaml (include "callsift.settings" $root) }}
{{- if not (and $.withoutKafka (hasPrefix "CALLSIFT_KAFKA_" $variable)) }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- $user := .workload.kafkaUser | default dict }}
{{- if $user.name }}
- {name: CALLSIFT_KAFKA_USERNAME, value: {{ $user.name | quote }}}
- name: CALLSIFT_KAFKA_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $user.secret | default $user.name }}, key: {{ $user.key }}}}
{{- end }}
{{- if not .withoutKafka }}
{{- range $key, $variable := dict "username" "CALLSIFT_KAFKA_USERNAME" "password" "CALLSIFT_KAFKA_PASSWORD" "key-password" "CALLSIFT_KAFKA_KEY_PASSWORD" }}
{{- $wanted := eq $key "key-password" | ternary (include "callsift.usesTls" $root) (and (include "callsift.usesSasl" $root) (not $user.name)) }}
{{- if and $wanted (has $key $keys) }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $kafkaSecret }}, key: {{ $key }}}}
{{- end }}
{{- end }}
{{- end }}
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
{{- range $variable, $value := .workload.config }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- with .workload.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
