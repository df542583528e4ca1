{{/*
The pod of every workload and job. Takes root, component, image, workload (a worker's values, or as many of them as a job
has), hook: true before the release's own objects exist, and withoutKafka: true where nobody asks the brokers.
*/}}
{{- define "callsift.podSpec" -}}
{{- $root := .root }}
{{- $workload := .workload }}
{{- $fullname := include "callsift.fullname" $root }}
{{- $keys := splitList "," (include "callsift.kafkaSecretKeys" $root) }}
{{- $kafkaFiles := list }}
{{- if and (include "callsift.usesTls" $root) (not .withoutKafka) }}
{{- range list "ca.crt" "tls.crt" "tls.key" }}
{{- if has . $keys }}{{- $kafkaFiles = append $kafkaFiles . }}{{- end }}
{{- end }}
{{- end }}
{{- $kafkaSecret := include "callsift.kafkaSecretName" $root }}
{{- if and .hook (not $root.Values.kafka.existingSecret) }}{{- $kafkaSecret = printf "%s-hook" $kafkaSecret }}{{- end }}
{{- $storeVolume := and $workload.audioStore $root.Values.audioStore.persistence.enabled }}
{{- $modelVolume := and $workload.model (ne $root.Values.model.source "baked") }}
serviceAccountName: {{ .hook | ternary "default" (include "callsift.serviceAccountName" $root) }}
automountServiceAccountToken: false
# A Service called callsift would otherwise put variables into the pods that look like settings.
enableServiceLinks: false
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $workload.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $workload.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - labelSelector:
      matchLabels:
        {{- include "callsift.selectorLabels" $ | nindent 8 }}
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if and $workload.model (eq $root.Values.model.source "fetch") }}
initContainers:
  - name: model
    image: {{ .image }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: [callsift]
    args:
      - model
      - fetch
      - --url={{ $root.Values.model.fetch.url }}
      - --sha256={{ $root.Values.model.fetch.sha256 }}
      - --to={{ $root.Values.model.mountPath }}
    env:
      - {name: HOME, value: /tmp}
      - {name: TMPDIR, value: /tmp}
    securityContext:
      {{- toYaml $root.Values.containerSecurityContext | nindent 6 }}
    resources:
      {{- toYaml $root.Values.model.fetch.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      - {name: model, mountPath: {{ $root.Values.model.mountPath }}}
{{- end }}
containers:
  - name: callsift
    image: {{ .image }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    command: [callsift]
    args:
      {{- toYaml $workload.args | nindent 6 }}
    env:
      {{- include "callsift.env" . | trim | nindent 6 }}
    {{- if not .hook }}
    envFrom:
      - configMapRef: {name: {{ $fullname }}}
      {{- if and $workload.audioStore $root.Values.audioStore.existingSecret }}
      - secretRef: {name: {{ $root.Values.audioStore.existingSecret }}}
      {{- end }}
    {{- end }}
    {{- if $workload.startupProbe }}
    ports:
      - {name: http, containerPort: 8000, protocol: TCP}
      {{- range $workload.ports }}
      - {name: {{ .name }}, containerPort: {{ .containerPort }}, protocol: TCP}
      {{- end }}
    startupProbe:
      httpGet: {path: /health/live, port: http}
      {{- toYaml $workload.startupProbe | nindent 6 }}
    livenessProbe:
      httpGet: {path: /health/live, port: http}
      {{- toYaml $workload.livenessProbe | nindent 6 }}
    readinessProbe:
      httpGet: {path: /health/ready, port: http}
      {{- toYaml $workload.readinessProbe | nindent 6 }}
    {{- end }}
    securityContext:
      {{- toYaml $root.Values.containerSecurityContext | nindent 6 }}
    resources:
      {{- toYaml $workload.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- if $kafkaFiles }}
      - {name: kafka, mountPath: /etc/callsift/kafka, readOnly: true}
      {{- end }}
      {{- if and $workload.mongo $root.Values.mongo.tlsSecret }}
      - {name: mongo, mountPath: /etc/callsift/mongo, readOnly: true}
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
    secret:
      secretName: {{ $kafkaSecret }}
      defaultMode: 0440
      items:
        {{- range $kafkaFiles }}
        - {key: {{ . }}, path: {{ . }}}
        {{- end }}
  {{- end }}
  {{- if and $workload.mongo $root.Values.mongo.tlsSecret }}
  - name: mongo
    secret: {secretName: {{ $root.Values.mongo.tlsSecret }}, defaultMode: 0440}
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

{{/* Seconds that a pod has to end: more than the worker's own grace and what its watchdog adds. Takes root and workload. */}}
{{- define "callsift.terminationGrace" -}}
{{- $setting := get .root.Values.config "CALLSIFT_RUNNER_GRACE_S" | default "25" }}
{{- $setting = get .workload.config "CALLSIFT_RUNNER_GRACE_S" | default $setting }}
{{- $least := add (ceil (float64 $setting) | int) 25 }}
{{- $given := .workload.terminationGracePeriodSeconds }}
{{- if and $given (lt (int $given) (int $least)) }}
{{- fail (printf "terminationGracePeriodSeconds: %d is too short: CALLSIFT_RUNNER_GRACE_S is %s, and the watchdog ends a worker 20 s after it. Set at least %d." (int $given) $setting $least) }}
{{- end }}
{{- $given | default (add $least 5) }}
{{- end }}
