{{/* The name of everything. Room is left for "-check" behind it. */}}
{{- define "outbox-relay.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 57 | trimSuffix "-" -}}
{{- else if contains "outbox-relay" .Release.Name -}}
{{- .Release.Name | trunc 57 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-outbox-relay" .Release.Name | trunc 57 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Prometheus' job is namespace/name of the PodMonitor, and the alert rules look for outbox-relay in it. */}}
{{- define "outbox-relay.monitor" -}}
{{- $name := include "outbox-relay.fullname" . -}}
{{- if contains "outbox-relay" $name -}}{{ $name }}{{- else -}}{{ printf "%s-outbox-relay" (trunc 50 $name | trimSuffix "-") }}{{- end -}}
{{- end -}}

{{- define "outbox-relay.labels" -}}
app.kubernetes.io/name: outbox-relay
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{- end -}}

{{/* What the Deployment selects by: never to be changed. */}}
{{- define "outbox-relay.selector" -}}
app.kubernetes.io/name: outbox-relay
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* What policy and PodMonitor select by: any pod of this release with a relay in it, an application's too. */}}
{{- define "outbox-relay.relays" -}}
outboxrelay.dev/relay: "true"
outboxrelay.dev/release: {{ .Release.Name | quote }}
{{- end -}}

{{- define "outbox-relay.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "outbox-relay.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end -}}

{{- define "outbox-relay.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end -}}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end -}}
{{- end -}}

{{- define "outbox-relay.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The relay's file of settings. */}}
{{- define "outbox-relay.settings" -}}
{{- $outbox := .Values.config.outbox -}}
{{- range list (list "postgres" "password") (list "nats" "password") (list "nats" "token") (list "admin" "token") -}}
{{- $section := index $outbox (first .) -}}
{{- if and (kindIs "map" $section) (hasKey $section (last .)) -}}
{{- fail (printf "config.outbox.%s: a secret has no place in a ConfigMap. Put it into a Secret, and name its key in secrets[].files as OUTBOX_%s_FILE." (join "." .) (join "_" . | upper)) -}}
{{- end -}}
{{- end -}}
{{- range $name := list "postgres" "nats" -}}
{{- $section := index $outbox $name -}}
{{- if and (kindIs "map" $section) (include "outbox-relay.hasLogin" (toString (index $section "url"))) -}}
{{- fail (printf "config.outbox.%s.url: a secret has no place in a ConfigMap. Put it into a Secret, and name its key in secrets[].files as a variable that ends in _FILE." $name) -}}
{{- end -}}
{{- end -}}
{{- toYaml .Values.config -}}
{{- end -}}

{{/* Whether the text of an URL has a login in it: a user of NATS may be a token. */}}
{{- define "outbox-relay.hasLogin" -}}
{{- if or (contains "@" .) (regexMatch "(?i)[?&][a-z]*password=" .) -}}yes{{- end -}}
{{- end -}}

{{- define "outbox-relay.checksum" -}}
checksum/config: {{ include "outbox-relay.settings" . | sha256sum }}
{{- end -}}

{{/* The items of a container's env: (dict "chart" . "own" variables), where own are those of this way to run it. */}}
{{- define "outbox-relay.env" -}}
{{- $all := deepCopy .own -}}
{{- range $secret := .chart.Values.secrets -}}
{{- range $name, $key := $secret.files -}}
{{- $_ := set $all $name (printf "%s/%s" $secret.mountPath $key) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := .chart.Values.env -}}
{{- if has $name (list "OUTBOX_POSTGRES_PASSWORD" "OUTBOX_NATS_PASSWORD" "OUTBOX_NATS_TOKEN" "OUTBOX_ADMIN_TOKEN") -}}
{{- fail (printf "env.%s: a secret has no place in a variable. Put it into a Secret, and name its key in secrets[].files as %s_FILE." $name $name) -}}
{{- end -}}
{{- if and (has $name (list "OUTBOX_POSTGRES_URL" "OUTBOX_NATS_URL")) (include "outbox-relay.hasLogin" (toString $value)) -}}
{{- fail (printf "env.%s: a secret has no place in a variable. Put it into a Secret, and name its key in secrets[].files as a variable that ends in _FILE." $name) -}}
{{- end -}}
{{- if has $name (list "OUTBOX_ADMIN_BIND" "JDK_JAVA_OPTIONS") -}}
{{- fail (printf "env.%s: say it as %s, which more depends on." $name (ternary "port" "javaOptions" (eq $name "OUTBOX_ADMIN_BIND"))) -}}
{{- end -}}
{{- /* toJson, as a number from a file of values is a float here, and printed as 1e+06. */ -}}
{{- $_ := set $all $name (ternary $value (toJson $value) (kindIs "string" $value)) -}}
{{- end -}}
{{- $items := list -}}
{{- range $name, $value := $all -}}
{{- $items = append $items (printf "- name: %s\n  value: %s" $name (quote $value)) -}}
{{- end -}}
{{- join "\n" $items -}}
{{- end -}}

{{- define "outbox-relay.mounts" -}}
- name: outbox-relay-config
  mountPath: /etc/outbox-relay
  readOnly: true
# As a folder, not file by file: what is mounted by subPath never sees a rotated secret.
{{- range $index, $secret := .Values.secrets }}
- name: {{ include "outbox-relay.secretVolume" $index }}
  mountPath: {{ $secret.mountPath | quote }}
  readOnly: true
{{- end }}
- name: outbox-relay-spill
  mountPath: /var/lib/outbox-relay
{{- range .Values.extraVolumeMounts }}
- {{ toYaml (set (deepCopy .) "readOnly" true) | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* (dict "chart" . "configMap" name "spill" size) */}}
{{- define "outbox-relay.volumes" -}}
- name: outbox-relay-config
  configMap:
    name: {{ .configMap }}
{{- range $index, $secret := .chart.Values.secrets }}
- name: {{ include "outbox-relay.secretVolume" $index }}
  secret:
    secretName: {{ $secret.name | quote }}
    # Mounted into the relay's container alone, whatever user it runs as.
    defaultMode: 0444
{{- end }}
- name: outbox-relay-spill
  emptyDir:
    sizeLimit: {{ .spill | quote }}
{{- with .chart.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "outbox-relay.secretVolume" -}}
{{- if . -}}{{ printf "outbox-relay-secrets-%d" . }}{{- else -}}outbox-relay-secrets{{- end -}}
{{- end -}}

{{/* Refuses a limit that the heap leaves no room in: (dict "options" of the JVM "resources" … "name" of these values). Code,
     threads and buffers take up to 100 MB beside the heap: ops/results/README.md. */}}
{{- define "outbox-relay.demandRoom" -}}
{{- $limit := (.resources.limits | default dict).memory | default "" -}}
{{- if and (regexMatch "^[0-9]+(Mi|Gi)$" $limit) (not (contains "RAM" .options)) -}}
{{- $heap := regexFind "-Xmx[0-9]+[mMgG]" .options | default "-Xmx256m" -}}
{{- $needed := add 100 (mul (regexFind "[0-9]+" $heap) (ternary 1024 1 (hasSuffix "g" (lower $heap)))) -}}
{{- if lt (mul (regexFind "[0-9]+" $limit) (ternary 1024 1 (hasSuffix "Gi" $limit))) $needed -}}
{{- fail (printf "%s.limits.memory: %s leaves no room beside a heap of %s. It has to be %dMi or more." .name $limit (trimPrefix "-Xmx" $heap) $needed) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "outbox-relay.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "outbox-relay.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Alive as soon as it answers: only a wedged relay is to be killed. */}}
{{- define "outbox-relay.livez" -}}
ports:
  - name: relay-admin
    containerPort: {{ int .Values.port }}
    protocol: TCP
startupProbe:
  httpGet: {path: /livez, port: relay-admin}
  periodSeconds: 1
  timeoutSeconds: 3
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: relay-admin}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
{{- end -}}

{{- define "outbox-relay.scheduling" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "outbox-relay.egress" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- with .Values.networkPolicy.egressPorts }}
- ports:
    {{- range . }}
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}
