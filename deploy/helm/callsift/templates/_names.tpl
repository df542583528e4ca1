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

{{/* Takes root, component and, if there are any, more labels; each key once, and what is selected by stays as it is. */}}
{{- define "callsift.labels" -}}
{{- $standard := dict
    "app.kubernetes.io/version" .root.Chart.AppVersion
    "app.kubernetes.io/part-of" "callsift"
    "app.kubernetes.io/managed-by" .root.Release.Service
    "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") }}
{{- $selected := fromYaml (include "callsift.selectorLabels" .) }}
{{- toYaml (mergeOverwrite $standard (deepCopy .root.Values.commonLabels) (deepCopy (.more | default dict)) $selected) }}
{{- end }}

{{/* Takes root, component and image, a worker's or the jobs' values. */}}
{{- define "callsift.image" -}}
{{- $global := .root.Values.global | default dict }}
{{- $repository := .image.repository | default (printf "callsift-%s" .component) }}
{{- with .image.registry | default .root.Values.image.registry | default $global.imageRegistry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}
{{- end }}
{{- if .image.digest }}
{{- printf "%s@%s" $repository .image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.image.tag | default .root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}
