{{/*
The relay as a native sidecar, for an application's chart that has this one as a dependency with mode: sidecar. What is
given is this chart's own context: index .Subcharts "outbox-relay". ops/kubernetes/helm/example shows it.

  outbox-relay.sidecar              an item of initContainers, in front of the others
  outbox-relay.sidecar.volumes      items of volumes
  outbox-relay.sidecar.labels       labels of the pod
  outbox-relay.sidecar.annotations  annotations of the pod: a changed setting is a rolling update

The pod needs enableServiceLinks: false and, within terminationGracePeriodSeconds, 45 s for the relay beside what the
application needs. As in ops/kubernetes/sidecar/relay/relay.yaml, where the reasons are.
*/}}
{{- define "outbox-relay.sidecar" -}}
{{- if ne .Values.mode "sidecar" -}}
{{- fail (printf "mode: it is %s, and an application includes outbox-relay.sidecar. Set %s.mode to sidecar." .Values.mode .Chart.Name) -}}
{{- end -}}
{{- if not (semverCompare ">=1.29.0-0" .Capabilities.KubeVersion.Version) -}}
{{- fail (printf "mode: sidecar needs Kubernetes 1.29 or newer, for init containers that go on running; this is %s." .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- include "outbox-relay.demandRoom" (dict "options" .Values.sidecar.javaOptions "resources" .Values.sidecar.resources "name" "sidecar.resources") -}}
{{- $own := dict "OUTBOX_ADMIN_BIND" (printf "0.0.0.0:%d" (int .Values.port)) "OUTBOX_HA_ON_REFUSAL" "wait" -}}
{{- with .Values.sidecar.javaOptions -}}
{{- $_ := set $own "JDK_JAVA_OPTIONS" . -}}
{{- end -}}
- name: outbox-relay
  image: {{ include "outbox-relay.image" . | nindent 2 | trim }}
  restartPolicy: Always
  args: [run, --config, /etc/outbox-relay/outbox-relay.yaml]
  env:
    {{- include "outbox-relay.env" (dict "chart" . "own" $own) | nindent 4 }}
  {{- include "outbox-relay.livez" . | nindent 2 }}
  # No readinessProbe: that of a sidecar counts for its pod.
  resources:
    {{- toYaml .Values.sidecar.resources | nindent 4 }}
  securityContext:
    {{- include "outbox-relay.podSecurity" . | nindent 4 }}
    {{- include "outbox-relay.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "outbox-relay.mounts" . | nindent 4 }}
{{- end -}}

{{- define "outbox-relay.sidecar.volumes" -}}
{{- include "outbox-relay.volumes" (dict "chart" . "configMap" (include "outbox-relay.fullname" .) "spill" .Values.spill.sizeLimit) -}}
{{- end -}}

{{- define "outbox-relay.sidecar.labels" -}}
{{- include "outbox-relay.relays" . -}}
{{- end -}}

{{- define "outbox-relay.sidecar.annotations" -}}
{{- include "outbox-relay.checksum" . -}}
{{- end -}}
