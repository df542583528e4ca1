{{/* Ways out: which a pod needs, and what they are. */}}

{{/* A URL's port. */}}
{{- define "callsift.urlPort" -}}
{{- $authority := regexReplaceAll "^[a-z0-9+.-]+://([^/?#]*).*$" . "${1}" }}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $authority) | default (hasPrefix "http:" . | ternary "80" "443") }}
{{- end }}

{{/* What an environment variable is in extraEnv, for the first of some names. Takes env and names. */}}
{{- define "callsift.told" -}}
{{- $found := "" }}
{{- range $name := .names }}
{{- range $.env }}
{{- if and (eq .name $name) (not $found) }}{{- $found = .value | default "" }}{{- end }}
{{- end }}
{{- end }}
{{- $found }}
{{- end }}

{{- define "callsift.proxy" -}}
{{- include "callsift.told" (dict "env" .extraEnv "names" (list "HTTPS_PROXY" "https_proxy" "HTTP_PROXY" "http_proxy")) }}
{{- end }}

{{/*
Whether the cloud's metadata server says who a pod is: as the values say, else for Google's services without a key. Takes
root and workload.
*/}}
{{- define "callsift.asksMetadata" -}}
{{- $said := .root.Values.serviceAccount.metadataServer }}
{{- $store := .root.Values.audioStore }}
{{- $settings := mergeOverwrite (deepCopy .root.Values.config) (deepCopy (.workload.config | default dict)) }}
{{- $google := and .workload.audioStore (not $store.existingSecret) (regexMatch "^(gs|gcs)://" $store.uri) }}
{{- $vertex := and (has "gemini" .workload.ways) (hasKey $settings "CALLSIFT_CLASSIFY_GEMINI_VERTEX_PROJECT") }}
{{- if kindIs "bool" $said | ternary (and $said .workload.audioStore) (or $google $vertex) }}true{{- end }}
{{- end }}

{{/* The ways of a pod: those that its values name, and those that follow from the settings, as YAML. Takes root and workload. */}}
{{- define "callsift.waysOf" -}}
{{- $ways := concat (list "dns") .workload.ways }}
{{- if .root.Values.audioStore.persistence.enabled }}{{- $ways = without $ways "store" }}{{- end }}
{{- if include "callsift.proxy" .workload }}{{- $ways = append $ways "proxy" }}{{- end }}
{{- if include "callsift.asksMetadata" . }}{{- $ways = append $ways "identity" }}{{- end }}
{{- $settings := mergeOverwrite (deepCopy .root.Values.config) (deepCopy (.workload.config | default dict)) }}
{{- if and .workload.model (hasKey $settings "CALLSIFT_TRANSCRIBE_ENGINES_FILE") }}{{- $ways = append $ways "recognisers" }}{{- end }}
{{- toYaml ($ways | uniq) }}
{{- end }}

{{/* The ports that a way must have, as far as the settings say, separated by commas. Takes root, workload and way. */}}
{{- define "callsift.neededPorts" -}}
{{- $values := .root.Values }}
{{- $ports := list }}
{{- if eq .way "kafka" }}
{{- range splitList "," $values.kafka.bootstrapServers }}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" (trim .)) | default "9092") }}
{{- end }}
{{- else if eq .way "mongo" }}
{{- $uri := get $values.secrets "CALLSIFT_MONGO_URI" | default "" }}
{{- $hosts := regexReplaceAll "^mongodb(\\+srv)?://([^@/]*@)?([^/?]*).*$" $uri "${3}" }}
{{- range compact (splitList "," $hosts) }}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" .) | default "27017") }}
{{- end }}
{{- else if eq .way "store" }}
{{- $endpoint := $values.audioStore.endpoint | default (include "callsift.told" (dict "env" .workload.extraEnv "names" (list "AWS_ENDPOINT_URL_S3" "AWS_ENDPOINT_URL"))) }}
{{- with $endpoint }}{{- $ports = append $ports (include "callsift.urlPort" .) }}{{- end }}
{{- else if eq .way "models" }}
{{- $ports = append $ports (include "callsift.urlPort" $values.model.fetch.url) }}
{{- else if eq .way "gemini" }}
{{- with get $values.config "CALLSIFT_CLASSIFY_GEMINI_ENDPOINT" }}{{- $ports = append $ports (include "callsift.urlPort" .) }}{{- end }}
{{- else if eq .way "issuer" }}
{{- with get $values.config "CALLSIFT_OIDC_ISSUER" }}{{- $ports = append $ports (include "callsift.urlPort" .) }}{{- end }}
{{- else if eq .way "pbx" }}
{{- with (.workload.source | default dict).entry }}
{{- $ports = append $ports (hasKey . "url" | ternary (include "callsift.urlPort" (.url | default "")) (.port | default 5038 | int | toString)) }}
{{- end }}
{{- else if eq .way "mail" }}
{{- $ports = append $ports (toString $values.summary.port) }}
{{- else if eq .way "proxy" }}
{{- $ports = append $ports (include "callsift.urlPort" (include "callsift.proxy" .workload)) }}
{{- end }}
{{- join "," ($ports | uniq) }}
{{- end }}

{{/* The egress rules of a pod. Takes root, component and workload. */}}
{{- define "callsift.waysOut" -}}
{{- $usual := dict "kafka" 9092 "mongo" 27017 "store" 443 "models" 443 "gemini" 443 "issuer" 443 "recognisers" 443 "pbx" 443 }}
{{- range $name := fromYamlArray (include "callsift.waysOf" .) }}
{{- $way := get $.root.Values.networkPolicy.ways $name }}
{{- if not $way }}{{- fail (printf "networkPolicy.ways has no %s, which a worker's ways name." $name) }}{{- end }}
{{- $needed := compact (splitList "," (include "callsift.neededPorts" (dict "root" $.root "workload" $.workload "way" $name))) }}
{{- range $port := $needed }}
{{- $open := not $way.ports }}
{{- range $way.ports }}
{{- if and (ge (int $port) (int .port)) (le (int $port) (int (.endPort | default .port))) }}{{- $open = true }}{{- end }}
{{- end }}
{{- if not $open }}
{{- fail (printf "networkPolicy.ways.%s.ports leaves out port %s, which the settings of %s name: its pods could not connect. Add it, or leave ports empty: they follow from the settings then." $name $port $.component) }}
{{- end }}
{{- end }}
# {{ $name }}
- ports:
    {{- if $way.ports }}
    {{- toYaml $way.ports | nindent 4 }}
    {{- else }}
    {{- range $needed | default (list (get $usual $name)) }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
    {{- end }}
  {{- with $way.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
