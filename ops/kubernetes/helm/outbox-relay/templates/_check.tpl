{{/* What runs `outbox-relay check`: (dict "chart" . "configMap" name "serviceAccount" name or empty). As in
     ops/kubernetes/check/job.yaml. */}}
{{- define "outbox-relay.check" -}}
{{- with .serviceAccount }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
{{- with include "outbox-relay.pullSecrets" .chart | trim }}
{{ . }}
{{- end }}
securityContext:
  {{- include "outbox-relay.podSecurity" .chart | nindent 2 }}
{{- with include "outbox-relay.scheduling" .chart | trim }}
{{ . }}
{{- end }}
containers:
  - name: outbox-relay
    image: {{ include "outbox-relay.image" .chart | nindent 4 | trim }}
    args: [check, --config, /etc/outbox-relay/outbox-relay.yaml]
    {{- with include "outbox-relay.env" (dict "chart" .chart "own" dict) }}
    env:
      {{- . | nindent 6 }}
    {{- end }}
    resources:
      requests:
        cpu: 100m
        memory: 256Mi
      limits:
        memory: 384Mi
    securityContext:
      {{- include "outbox-relay.containerSecurity" .chart | nindent 6 }}
    volumeMounts:
      {{- include "outbox-relay.mounts" .chart | nindent 6 }}
volumes:
  {{- include "outbox-relay.volumes" (dict "chart" .chart "configMap" .configMap "spill" "64Mi") | nindent 2 }}
{{- end -}}

{{- define "outbox-relay.checkLabels" -}}
app.kubernetes.io/name: outbox-relay-check
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{ include "outbox-relay.relays" . }}
{{- end -}}
