{{/* Egress rules: DNS, and the ways that are named. Takes root and ways. */}}
{{- define "callsift.waysOut" -}}
{{- range concat (list "dns") .ways | uniq }}
{{- $way := get $.root.Values.networkPolicy.ways . }}
{{- if not $way }}{{- fail (printf "networkPolicy.ways has no %s, which a worker's ways name." .) }}{{- end }}
# {{ . }}
- ports:
    {{- toYaml $way.ports | nindent 4 }}
  {{- with $way.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
