{{/* Names, labels and images. Names leave room for what is put behind them. */}}

{{- define "callsift.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "callsift.fullname" -}}
{{- $name := include "callsift.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "callsift.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "callsift.fullname" .) "default") .Values.serviceAccount.name }}
{{- end }}

{{/* Takes root and component. */}}
{{- define "callsift.selectorLabels" -}}
app.kubernetes.io/name: {{ include "callsift.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Takes root and component. */}}
{{- define "callsift.labels" -}}
{{ include "callsift.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: callsift
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Takes root, component and image, a worker's or the jobs' values. */}}
{{- define "callsift.image" -}}
{{- $repository := .image.repository | default (printf "callsift-%s" .component) }}
{{- with .image.registry | default .root.Values.image.registry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}
{{- end }}
{{- if .image.digest }}
{{- printf "%s@%s" $repository .image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* Every enabled worker with the defaults under it, as YAML. */}}
{{- define "callsift.workers" -}}
{{- $workers := dict }}
{{- range $name, $own := .Values.workers }}
{{- $worker := mergeOverwrite (deepCopy $.Values.workerDefaults) (deepCopy ($own | default dict)) }}
{{- if $worker.enabled }}
{{- if not $worker.args }}{{- $_ := set $worker "args" (list "worker" $name) }}{{- end }}
{{- if not $worker.group }}{{- $_ := set $worker "group" (printf "callsift.%s" $name) }}{{- end }}
{{- $_ := set $workers $name $worker }}
{{- end }}
{{- end }}
{{- toYaml $workers }}
{{- end }}
