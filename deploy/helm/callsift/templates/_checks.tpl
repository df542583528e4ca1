{{/* What does not fit together stops the rendering, and says what to set. */}}
{{- define "callsift.checks" -}}
{{- $kafka := fromYaml (include "callsift.kafkaHeld" (dict "root" .)) }}
{{- $held := .Values.existingSecret.keys }}
{{- range $variable, $value := .Values.secrets }}
{{- if $value }}{{- $held = append $held $variable }}{{- end }}
{{- end }}
{{- $workers := fromYaml (include "callsift.workers" .) }}
{{- $store := .Values.audioStore }}

{{- if not .Values.kafka.bootstrapServers }}
{{- fail "kafka.bootstrapServers is empty. Name the brokers: kafka-bootstrap.kafka:9092" }}
{{- end }}

{{- if $store.persistence.enabled }}
{{- if $store.uri }}
{{- fail "audioStore.uri and audioStore.persistence.enabled are both set. Keep one: the volume's address follows from its mountPath." }}
{{- end }}
{{- with $store.persistence.existingClaim }}
{{- $claim := lookup "v1" "PersistentVolumeClaim" $.Release.Namespace . }}
{{- if and $claim (not (has "ReadWriteMany" $claim.spec.accessModes)) }}
{{- fail (printf "audioStore.persistence.existingClaim: %s is %s, which one node alone can mount: the stages run on several. Name a claim that is ReadWriteMany, or set audioStore.uri to object storage such as s3://bucket/callsift." . (join ", " $claim.spec.accessModes)) }}
{{- end }}
{{- end }}
{{- else if not (regexMatch "^[a-z][a-z0-9+.-]*://." $store.uri) }}
{{- fail "audioStore.uri names no store that every pod can reach. Set it to object storage such as s3://bucket/callsift, or set audioStore.persistence.enabled for a ReadWriteMany volume." }}
{{- else if regexMatch "^(file|local|memory)://" $store.uri }}
{{- fail (printf "audioStore.uri: %s is a folder of one node, which pods on other nodes do not see. Set it to object storage such as s3://bucket/callsift, or leave it empty and set audioStore.persistence.enabled for a ReadWriteMany volume." $store.uri) }}
{{- end }}

{{- if and (include "callsift.usesSasl" .) (not (and (or .Values.kafka.username (hasKey $kafka "username")) (hasKey $kafka "password"))) }}
{{- fail (printf "kafka.protocol: %s needs a user and a password. Set kafka.credentials, or kafka.existingSecret with both in existingSecretKeys; kafka.username names the user where the Secret has no such key, as Strimzi's." .Values.kafka.protocol) }}
{{- end }}
{{- if ne (hasKey $kafka "tls.crt") (hasKey $kafka "tls.key") }}
{{- fail "kafka: a client certificate and its key belong together (tls.crt and tls.key)." }}
{{- end }}
{{- if not (include "callsift.usesTls" .) }}
{{- $given := empty .Values.kafka.existingSecret | ternary (keys (fromYaml (include "callsift.kafkaSecretData" .))) .Values.kafka.existingSecretKeys }}
{{- if .Values.kafka.ca.secret }}{{- $given = append $given "ca.crt" }}{{- end }}
{{- range list "ca.crt" "tls.crt" "key-password" }}
{{- if has . $given }}
{{- fail (printf "kafka: %s needs kafka.protocol SSL or SASL_SSL, not %s." . $.Values.kafka.protocol) }}
{{- end }}
{{- end }}
{{- end }}

{{- $outside := or .Values.api.ingress.enabled .Values.api.httpRoute.enabled }}
{{- if and $outside (not (and (get $workers "api") $workers.api.service.enabled)) }}
{{- fail "api.ingress and api.httpRoute lead to the Service of workers.api: set workers.api.enabled and workers.api.service.enabled." }}
{{- end }}
{{- if and .Values.api.ingress.enabled (not .Values.api.ingress.host) }}
{{- fail "api.ingress.host is empty: an Ingress without a name would take every request of its controller." }}
{{- end }}
{{- if and .Values.api.httpRoute.enabled (not .Values.api.httpRoute.parentRefs) }}
{{- fail "api.httpRoute.parentRefs is empty: name the Gateway." }}
{{- end }}

{{- if hasKey .Values.sources.file "state" }}
{{- fail "sources.file: leave state out, the chart gives each source a volume for it (sources.state)." }}
{{- end }}
{{- range $name, $_ := .Values.sources.pods }}
{{- $found := false }}
{{- range omit $.Values.sources.file "webhooks" "public_url" }}{{- if hasKey . $name }}{{- $found = true }}{{- end }}{{- end }}
{{- if not $found }}{{- fail (printf "sources.pods.%s: sources.file has no such source that would run in a pod of its own." $name) }}{{- end }}
{{- end }}

{{- if and .Values.existingSecret.keys (not .Values.existingSecret.name) }}
{{- fail "existingSecret.keys is set, existingSecret.name is not." }}
{{- end }}
{{- range $name, $worker := $workers }}
{{- if and $worker.mongo (not (has "CALLSIFT_MONGO_URI" $held)) }}
{{- fail (printf "workers.%s needs MongoDB. Set secrets.CALLSIFT_MONGO_URI, or name a Secret that holds it in existingSecret." $name) }}
{{- end }}
{{- if and $worker.kafkaUser.name (eq $.Values.kafka.protocol "PLAINTEXT") }}
{{- fail (printf "workers.%s.kafkaUser needs kafka.protocol SASL_SSL or SASL_PLAINTEXT for its password, or SSL for its certificate, not PLAINTEXT." $name) }}
{{- end }}
{{- if and $worker.kafkaUser.name (eq $.Values.kafka.protocol "SSL") (not (hasKey $kafka "tls.crt")) }}
{{- fail (printf "workers.%s.kafkaUser has a certificate of its own, and jobs have none: name theirs in kafka.existingSecret, with tls.crt and tls.key in existingSecretKeys." $name) }}
{{- end }}
{{- if $worker.model }}
{{- $model := $.Values.model }}
{{- if and (eq $model.source "fetch") (not $model.fetch.sha256) }}
{{- fail "model.fetch.sha256 is empty: what every pod downloads must be pinned. `callsift model fetch` prints the checksum; model.source claim, image or baked needs none." }}
{{- else if and (eq $model.source "claim") (not $model.existingClaim) }}
{{- fail "model.source is claim, model.existingClaim is empty." }}
{{- else if and (eq $model.source "image") (not $model.image) }}
{{- fail "model.source is image, model.image is empty." }}
{{- end }}
{{- end }}
{{- if and (eq $worker.scaling.type "keda") (not $worker.topics) }}
{{- fail (printf "workers.%s is scaled by KEDA and takes no topics. Name them, or set scaling.type." $name) }}
{{- end }}
{{- end }}
{{- end }}
