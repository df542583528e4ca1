{{/* Every pod beside the workers that this release makes, by component, with the defaults under it, as YAML. */}}
{{- define "callsift.jobs" -}}
{{- $mongo := list "CALLSIFT_MONGO_URI" }}
{{- $own := dict "test" (dict "args" (list "topics" "create" "--check") "ways" (list "kafka")) }}
{{- if .Values.testCall.enabled }}
{{- $wait := list "emit" "--test-call" "--wait" "--timeout" (toString (int .Values.testCall.timeoutSeconds)) }}
{{- $_ := set $own "test-call" (dict "args" $wait "audioStore" true "ways" (list "kafka" "store")) }}
{{- end }}
{{- if .Values.topics.create }}
{{- $_ := set $own "topics" (dict "args" (list "topics" "create") "ways" (list "kafka")) }}
{{- end }}
{{- if and .Values.indexes.create (or (has "CALLSIFT_MONGO_URI" .Values.existingSecret.keys) (get .Values.secrets "CALLSIFT_MONGO_URI")) }}
{{- $_ := set $own "indexes" (dict "args" (list "store" "indexes") "mongo" true "secretKeys" $mongo "ways" (list "mongo")) }}
{{- end }}
{{- if .Values.retention.enabled }}
{{- $_ := set $own "retention" (dict "args" (list "retention" "run") "audioStore" true "mongo" true "secretKeys" $mongo "ways" (list "kafka" "store" "mongo")) }}
{{- end }}
{{- if .Values.summary.enabled }}
{{- $secret := required "summary.mailSecret is empty: name the secret with mail.yaml, and the password that it names (docs/summary.md)." .Values.summary.mailSecret }}
{{- $args := list "summary" "--send" "--mail-file" "/etc/callsift/mail/mail.yaml" "--zone" .Values.summary.timeZone "--language" .Values.summary.language }}
{{- $volumes := list (dict "name" "mail" "secret" (dict "secretName" $secret "defaultMode" 0440)) }}
{{- $mounts := list (dict "name" "mail" "mountPath" "/etc/callsift/mail" "readOnly" true) }}
{{- $_ := set $own "summary" (dict "args" $args "mongo" true "secretKeys" $mongo "ways" (list "kafka" "mongo" "mail") "extraVolumes" $volumes "extraVolumeMounts" $mounts) }}
{{- end }}
{{- $jobs := dict }}
{{- range $name, $job := $own }}
{{- $_ := set $jobs $name (fromYaml (include "callsift.merged" (list $.Values.podDefaults $.Values.jobs $job))) }}
{{- end }}
{{- if .Values.toolbox.enabled }}
{{- $fixed := dict "audioStore" true "mongo" true "command" (list "sh" "-c" "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done") }}
{{- $_ := set $jobs "toolbox" (fromYaml (include "callsift.merged" (list .Values.podDefaults .Values.jobs (omit .Values.toolbox "enabled") $fixed))) }}
{{- end }}
{{- toYaml $jobs }}
{{- end }}

{{/* A Job that runs before every install and upgrade. Takes root, component and those of the chart's values that are about it. */}}
{{- define "callsift.hookJob" -}}
{{- $about := dict "root" .root "component" .component }}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "callsift.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "callsift.labels" $about | nindent 4 }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: {{ .values.backoffLimit }}
  activeDeadlineSeconds: {{ .values.activeDeadlineSeconds }}
  template:
    {{- include "callsift.pod" (dict "root" .root "component" .component "workload" .workload "hook" true "withoutKafka" .withoutKafka "restartPolicy" "Never") | nindent 4 }}
{{- end }}
