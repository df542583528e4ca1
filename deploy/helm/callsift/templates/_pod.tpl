{{/*
The pod of everything that the chart makes. Takes root, component, workload (its values, with the defaults under them), hook:
true before the release's own objects exist, withoutKafka: true where nobody asks the brokers, restartPolicy, grace, annotations.
*/}}
{{- define "callsift.pod" -}}
metadata:
  {{- include "callsift.podMetadata" . | nindent 2 }}
spec:
  {{- include "callsift.podSpec" . | trim | nindent 2 }}
{{- end }}

{{- define "callsift.podMetadata" -}}
labels:
  {{- include "callsift.labels" (dict "root" .root "component" .component "more" .workload.podLabels) | nindent 2 }}
{{- $standard := dict "kubectl.kubernetes.io/default-container" "callsift" }}
annotations:
  {{- toYaml (mergeOverwrite $standard (deepCopy .workload.podAnnotations) (.annotations | default dict)) | nindent 2 }}
{{- end }}

{{- define "callsift.podSpec" -}}
{{- $root := .root }}
{{- $workload := .workload }}
{{- $fullname := include "callsift.fullname" $root }}
{{- $kafkaFiles := fromYaml (include "callsift.kafkaFiles" .) }}
{{- $storeVolume := and $workload.audioStore $root.Values.audioStore.persistence.enabled }}
{{- $modelVolume := and $workload.model (ne $root.Values.model.source "baked") }}
{{- /* An account that the chart makes is not there before the first install. */}}
serviceAccountName: {{ and .hook $root.Values.serviceAccount.create | empty | ternary (include "callsift.serviceAccountName" $root) "default" }}
automountServiceAccountToken: false
# A Service called callsift would otherwise put variables into the pods that look like settings.
enableServiceLinks: false
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
{{- with .grace }}
terminationGracePeriodSeconds: {{ . }}
{{- end }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- with concat $root.Values.image.pullSecrets (get ($root.Values.global | default dict) "imagePullSecrets" | default list) }}
imagePullSecrets:
  {{- range . }}
  {{- if kindIs "string" . }}
  - {name: {{ . }}}
  {{- else }}
  - {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- range $field := list "priorityClassName" "runtimeClassName" "nodeSelector" "tolerations" "affinity" "hostAliases" "dnsConfig" }}
{{- with get $workload $field }}
{{ toYaml (dict $field .) }}
{{- end }}
{{- end }}
{{- with $workload.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  {{- $ours := dict "labelSelector" (dict "matchLabels" (fromYaml (include "callsift.selectorLabels" $))) }}
  - {{- toYaml (merge (deepCopy .) (hasKey . "labelSelector" | ternary (dict) $ours)) | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and $workload.model (eq $root.Values.model.source "fetch") }}
{{- $fetch := $root.Values.model.fetch }}
initContainers:
  - name: model
    command: [callsift]
    args:
      - model
      - fetch
      - --url={{ $fetch.url }}
      - --sha256={{ $fetch.sha256 }}
      - --to={{ $root.Values.model.mountPath }}
    env:
      - {name: HOME, value: /tmp}
      - {name: TMPDIR, value: /tmp}
      {{- with $workload.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- include "callsift.container" (dict "root" $root "component" .component "workload" $workload "resources" $fetch.resources) | nindent 4 }}
      - {name: model, mountPath: {{ $root.Values.model.mountPath }}}
      {{- with $workload.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
{{- end }}
containers:
  - name: callsift
    command: {{ $workload.command | default (list "callsift") | toJson }}
    {{- with $workload.args }}
    args:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- include "callsift.env" . | trim | nindent 6 }}
    {{- if or (not .hook) $workload.extraEnvFrom }}
    envFrom:
      {{- if not .hook }}
      - configMapRef: {name: {{ $fullname }}}
      {{- if and $workload.audioStore $root.Values.audioStore.existingSecret }}
      - secretRef: {name: {{ $root.Values.audioStore.existingSecret }}}
      {{- end }}
      {{- end }}
      {{- with $workload.extraEnvFrom }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- end }}
    {{- if $workload.livenessProbe }}
    ports:
      - {name: http, containerPort: 8000, protocol: TCP}
      {{- range $workload.ports }}
      - {name: {{ .name }}, containerPort: {{ .containerPort }}, protocol: TCP}
      {{- end }}
    {{- range $probe, $path := dict "startupProbe" "live" "livenessProbe" "live" "readinessProbe" "ready" }}
    {{- with get $workload $probe }}
    {{ $probe }}:
      httpGet: {path: /health/{{ $path }}, port: http}
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- end }}
    {{- end }}
    {{- include "callsift.container" (dict "root" $root "component" .component "workload" $workload "resources" $workload.resources) | nindent 4 }}
      {{- if $kafkaFiles }}
      - {name: kafka, mountPath: /etc/callsift/kafka, readOnly: true}
      {{- end }}
      {{- if and $workload.mongo $root.Values.mongo.tlsSecret }}
      - {name: mongo, mountPath: /etc/callsift/mongo, readOnly: true}
      {{- end }}
      {{- with $workload.source }}
      - {name: sources, mountPath: {{ include "callsift.sourcesFolder" $root }}, readOnly: true}
      {{- if .name }}
      - {name: state, mountPath: {{ include "callsift.sourcesState" $root }}}
      {{- end }}
      {{- end }}
      {{- if $storeVolume }}
      - {name: audio-store, mountPath: {{ $root.Values.audioStore.persistence.mountPath }}}
      {{- end }}
      {{- if $modelVolume }}
      - {name: model, mountPath: {{ $root.Values.model.mountPath }}, readOnly: true}
      {{- end }}
      {{- with $workload.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir: {sizeLimit: {{ $workload.tmpSizeLimit | default "256Mi" }}}
  {{- if $kafkaFiles }}
  - name: kafka
    projected:
      defaultMode: 0440
      sources:
        {{- range $file, $held := $kafkaFiles }}
        - secret: {name: {{ $held.secret }}, items: [{key: {{ $held.key }}, path: {{ $file }}}]}
        {{- end }}
  {{- end }}
  {{- if and $workload.mongo $root.Values.mongo.tlsSecret }}
  - name: mongo
    secret: {secretName: {{ $root.Values.mongo.tlsSecret }}, defaultMode: 0440}
  {{- end }}
  {{- with $workload.source }}
  - name: sources
    projected:
      defaultMode: 0440
      sources:
        {{- include "callsift.sourcesVolume" (dict "root" $root "entry" .entry) | trim | nindent 8 }}
  {{- if .name }}
  - name: state
    persistentVolumeClaim: {claimName: {{ $fullname }}-{{ $.component }}}
  {{- end }}
  {{- end }}
  {{- if $storeVolume }}
  - name: audio-store
    persistentVolumeClaim:
      claimName: {{ $root.Values.audioStore.persistence.existingClaim | default (printf "%s-audio" $fullname) }}
  {{- end }}
  {{- if $modelVolume }}
  - name: model
    {{- if eq $root.Values.model.source "fetch" }}
    emptyDir: {sizeLimit: {{ $root.Values.model.fetch.sizeLimit }}}
    {{- else if eq $root.Values.model.source "claim" }}
    persistentVolumeClaim: {claimName: {{ $root.Values.model.existingClaim }}, readOnly: true}
    {{- else }}
    image: {reference: {{ $root.Values.model.image }}, pullPolicy: {{ $root.Values.image.pullPolicy }}}
    {{- end }}
  {{- end }}
  {{- with $workload.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What all containers of the chart are; ends with the first of its mounts. Takes root, component, workload and resources. */}}
{{- define "callsift.container" -}}
{{- $resources := deepCopy .resources }}
{{- if and (not .workload.cpuLimits) $resources.limits }}{{- $_ := unset $resources.limits "cpu" }}{{- end }}
{{- include "callsift.checkResources" (dict "resources" $resources "where" .component) }}
image: {{ include "callsift.image" (dict "root" .root "component" .component "image" .workload.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml .root.Values.containerSecurityContext | nindent 2 }}
resources:
  {{- range $bound, $amounts := $resources }}
  {{ $bound }}:
    {{- if kindIs "map" $amounts }}
    {{- range $what, $amount := $amounts }}
    {{- if not (kindIs "invalid" $amount) }}
    {{ $what }}: {{ $amount | toJson }}
    {{- end }}
    {{- end }}
    {{- else }}
    {{- toYaml $amounts | nindent 4 }}
    {{- end }}
  {{- end }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Seconds that a pod has to end: more than the worker's own grace; by default what its watchdog adds, too. Takes root and workload. */}}
{{- define "callsift.terminationGrace" -}}
{{- $setting := get .root.Values.config "CALLSIFT_RUNNER_GRACE_S" | default "25" }}
{{- $setting = get (.workload.config | default dict) "CALLSIFT_RUNNER_GRACE_S" | default $setting }}
{{- $grace := ceil (float64 $setting) | int }}
{{- $given := .workload.terminationGracePeriodSeconds }}
{{- if and $given (lt (int $given) (int (add $grace 5))) }}
{{- fail (printf "terminationGracePeriodSeconds: %d is too short: CALLSIFT_RUNNER_GRACE_S is %s, and ending takes up to 5 s more. Set at least %d, or a shorter grace." (int $given) $setting (int (add $grace 5))) }}
{{- end }}
{{- $given | default (add $grace 30) }}
{{- end }}
