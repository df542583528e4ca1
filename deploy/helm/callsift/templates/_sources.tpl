{{/* Ways in that run by themselves (docs/sources.md): a pod for each source of sources.file that is no webhook. */}}

{{- define "callsift.sourcesFolder" -}}/etc/callsift/sources{{- end }}
{{- define "callsift.sourcesState" -}}/var/lib/callsift/sources{{- end }}

{{/*
What the values of each source's pod begin with, by the pod's component, as YAML. Its command is the name under which
the file lists it, without the s: folders, asterisks … A source with a path looks there; every other one asks a PBX, and
one with a url brings the recordings into the audio store.
*/}}
{{- define "callsift.sources" -}}
{{- $sources := dict }}
{{- range $kind, $named := omit .Values.sources.file "webhooks" "public_url" "state" }}
{{- range $name, $entry := $named }}
{{- $path := get $entry "path" | default "" | toString }}
{{- $bucket := and (contains "://" $path) (not (hasPrefix "file://" $path)) }}
{{- $stores := or $bucket (hasKey $entry "url") }}
{{- $ways := empty $path | ternary (list "kafka" "pbx") (list "kafka") }}
{{- if $stores }}{{- $ways = append $ways "store" }}{{- end }}
{{- $component := printf "source-%s" ($name | replace "_" "-") }}
{{- if hasKey $sources $component }}{{- fail (printf "sources.file: two sources would have the pod %s. Give one of them another name." $component) }}{{- end }}
{{- $_ := set $sources $component (dict "args" (list "source" (trimSuffix "s" $kind) $name) "ways" $ways "audioStore" $stores "source" (dict "name" $name "entry" $entry)) }}
{{- end }}
{{- end }}
{{- toYaml $sources }}
{{- end }}

{{/* The files of sources.existingSecret that a part of sources.file names, as YAML. Takes root and entry. */}}
{{- define "callsift.sourcesSecretFiles" -}}
{{- $files := list }}
{{- range regexFindAll (printf "%s/[A-Za-z0-9._-]+" (include "callsift.sourcesFolder" .root)) (toYaml .entry) -1 }}
{{- $file := base . }}
{{- if not (hasKey $.root.Values.sources.mappings $file) }}{{- $files = append $files $file }}{{- end }}
{{- end }}
{{- toYaml ($files | uniq) }}
{{- end }}

{{/* The sources of a volume with the file, the mappings and the secrets that a pod reads. Takes root and entry. */}}
{{- define "callsift.sourcesVolume" -}}
- configMap: {name: {{ include "callsift.fullname" .root }}-sources}
{{- with fromYamlArray (include "callsift.sourcesSecretFiles" .) }}
- secret:
    name: {{ required (printf "sources.file names %s/%s: put it into a Secret, and name that in sources.existingSecret; a mapping goes into sources.mappings" (include "callsift.sourcesFolder" $.root) (first .)) $.root.Values.sources.existingSecret }}
    items:
      {{- range . }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end }}
{{- end }}
