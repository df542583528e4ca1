{{/* Who we are to the brokers, and which Secrets say so. */}}

{{- define "callsift.usesSasl" -}}
{{- if hasPrefix "SASL" .Values.kafka.protocol }}true{{ end }}
{{- end }}

{{- define "callsift.usesTls" -}}
{{- if hasSuffix "SSL" .Values.kafka.protocol }}true{{ end }}
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

{{/*
Where each thing lies that proves who somebody is: username, password, ca.crt, tls.crt, tls.key and key-password, each with
secret and key, as YAML. What the protocol has no use for is left out. Takes root, hook and user, a kafkaUser.
*/}}
{{- define "callsift.kafkaHeld" -}}
{{- $kafka := .root.Values.kafka }}
{{- $user := .user | default dict }}
{{- $sasl := include "callsift.usesSasl" .root }}
{{- $tls := include "callsift.usesTls" .root }}
{{- $secret := $kafka.existingSecret | default (printf "%s-kafka%s" (include "callsift.fullname" .root) (empty .hook | ternary "" "-hook")) }}
{{- $has := empty $kafka.existingSecret | ternary (keys (fromYaml (include "callsift.kafkaSecretData" .root))) $kafka.existingSecretKeys }}
{{- $held := dict }}
{{- range $has }}
{{- $_ := set $held . (dict "secret" $secret "key" (get $kafka.keyNames . | default .)) }}
{{- end }}
{{- if $kafka.username }}{{- $_ := unset $held "username" }}{{- end }}
{{- with $kafka.ca.secret }}{{- $_ := set $held "ca.crt" (dict "secret" . "key" $kafka.ca.key) }}{{- end }}
{{- if $user.name }}
{{- $own := $user.secret | default $user.name }}
{{- $_ := unset $held "username" }}
{{- $_ := unset $held "key-password" }}
{{- if $sasl }}
{{- $_ := set $held "password" (dict "secret" $own "key" ($user.key | default "password")) }}
{{- else }}
{{- range list "tls.crt" "tls.key" }}
{{- $_ := set $held . (dict "secret" $own "key" (get $kafka.keyNames . | default .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- range list "username" "password" }}{{- if not $sasl }}{{- $_ := unset $held . }}{{- end }}{{- end }}
{{- range list "ca.crt" "tls.crt" "tls.key" "key-password" }}{{- if not $tls }}{{- $_ := unset $held . }}{{- end }}{{- end }}
{{- toYaml $held }}
{{- end }}

{{/* The files among them. Takes what a pod takes. */}}
{{- define "callsift.kafkaFiles" -}}
{{- if not .withoutKafka }}
{{- $held := fromYaml (include "callsift.kafkaHeld" (dict "root" .root "hook" .hook "user" .workload.kafkaUser)) }}
{{- toYaml (pick $held "ca.crt" "tls.crt" "tls.key") }}
{{- else }}
{{- toYaml dict }}
{{- end }}
{{- end }}

{{/* The environment entries among them. Takes what a pod takes. */}}
{{- define "callsift.kafkaEnv" -}}
{{- if not .withoutKafka }}
{{- with .workload.kafkaUser }}
{{- if and .name (include "callsift.usesSasl" $.root) }}
- {name: CALLSIFT_KAFKA_USERNAME, value: {{ .name | quote }}}
{{- end }}
{{- end }}
{{- $held := fromYaml (include "callsift.kafkaHeld" (dict "root" .root "hook" .hook "user" .workload.kafkaUser)) }}
{{- range $what, $variable := dict "username" "CALLSIFT_KAFKA_USERNAME" "password" "CALLSIFT_KAFKA_PASSWORD" "key-password" "CALLSIFT_KAFKA_KEY_PASSWORD" }}
{{- with get $held $what }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
