{{/* What a pod is, from values that lie under each other. */}}

{{/*
Values of a pod, the widest first, as YAML. Maps are merged. Lists add up, and the narrower entry of a name wins. Of
resources, requests and limits are each taken whole from the narrowest that has them, so that a limit can be left out.
*/}}
{{- define "callsift.merged" -}}
{{- $keys := dict "extraEnv" "name" "extraVolumes" "name" "extraVolumeMounts" "mountPath" "hostAliases" "ip" "extraEnvFrom" "" "tolerations" "" }}
{{- $made := dict }}
{{- range . }}
{{- $layer := deepCopy . }}
{{- range $field, $key := $keys }}
{{- $all := get $made $field | default list }}
{{- range $entry := get $layer $field | default list }}
{{- if $key }}
{{- $others := list }}
{{- range $all }}{{- if ne (get . $key) (get $entry $key) }}{{- $others = append $others . }}{{- end }}{{- end }}
{{- $all = $others }}
{{- end }}
{{- $all = append $all $entry }}
{{- end }}
{{- $_ := set $layer $field $all }}
{{- end }}
{{- range $bound, $_ := $layer.resources | default dict }}
{{- if $made.resources }}{{- $_ := unset $made.resources $bound }}{{- end }}
{{- end }}
{{- $made = mergeOverwrite $made $layer }}
{{- end }}
{{- if eq (get ($made.strategy | default dict) "type") "Recreate" }}
{{- $_ := set $made "strategy" (dict "type" "Recreate") }}
{{- end }}
{{- toYaml $made }}
{{- end }}

{{/* Every enabled worker and every source's pod, with the defaults under it, as YAML. Of a source there is one pod, never two. */}}
{{- define "callsift.workers" -}}
{{- $workers := dict }}
{{- range $name, $own := .Values.workers }}
{{- $worker := fromYaml (include "callsift.merged" (list $.Values.podDefaults $.Values.workerDefaults ($own | default dict))) }}
{{- if $worker.enabled }}
{{- if not $worker.args }}{{- $_ := set $worker "args" (list "worker" $name) }}{{- end }}
{{- if not $worker.group }}{{- $_ := set $worker "group" (printf "callsift.%s" $name) }}{{- end }}
{{- if and (eq $name "api") $.Values.sources.file.webhooks }}
{{- $_ := set $worker "source" (dict "entry" $.Values.sources.file.webhooks) }}
{{- end }}
{{- $_ := set $workers $name $worker }}
{{- end }}
{{- end }}
{{- $one := dict "scaling" (dict "type" "fixed" "replicas" 1) "strategy" (dict "type" "Recreate") }}
{{- range $component, $source := fromYaml (include "callsift.sources" .) }}
{{- $own := get $.Values.sources.pods $source.source.name | default dict }}
{{- $worker := fromYaml (include "callsift.merged" (list $.Values.podDefaults $.Values.workerDefaults $source $.Values.sources.podDefaults $own $one)) }}
{{- if $worker.enabled }}{{- $_ := set $workers $component $worker }}{{- end }}
{{- end }}
{{- toYaml $workers }}
{{- end }}

{{/* CPU or memory as a number. */}}
{{- define "callsift.quantity" -}}
{{- $units := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 }}
{{- $number := regexFind "^[0-9.]+" (toString .) }}
{{- $unit := trimPrefix $number (toString .) }}
{{- mulf (float64 $number) (empty $unit | ternary 1.0 (get $units $unit)) }}
{{- end }}

{{/* Stops the rendering where a container asks for more than it may have. Takes resources and where. */}}
{{- define "callsift.checkResources" -}}
{{- $limits := .resources.limits | default dict }}
{{- range $what, $asked := .resources.requests }}
{{- with get $limits $what }}
{{- if gt (include "callsift.quantity" $asked | float64) (include "callsift.quantity" . | float64) }}
{{- fail (printf "%s: requests %s %v and is limited to %v, which Kubernetes refuses. Raise the limit, or lower the request." $.where $what $asked .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
