package dev.outboxrelay.cli;

/** Values that people may give the Helm chart. */
enum HelmValues {
    EVERYTHING("""
            podMonitor: {enabled: true, interval: 30s, labels: {release: prometheus}}
            prometheusRule: {enabled: true, labels: {release: prometheus}, runbooks: "https://git.example/x"}
            """),
    NOTHING("""
            podDisruptionBudget: {enabled: false}
            networkPolicy: {enabled: false}
            check: {enabled: false}
            serviceAccount: {create: false}
            env: {}
            secrets: []
            """),
    ONE("replicas: 1"),
    LARGE("{javaOptions: -Xmx1024m, resources: {requests: {memory: 1024Mi, cpu: 1m}, limits: {memory: 1124Mi}}}"),
    DIGEST("""
            image:
              repository: registry.shop.example:5000/team/outbox-relay
              tag: ignored
              digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
              pullPolicy: IfNotPresent
              pullSecrets: [registry, other]
            """),
    VARIABLES("""
            javaOptions: '-Xmx200m "-Dsome=thing: # other"'
            env: {OUTBOX_LOG_LEVEL: DEBUG, OUTBOX_STREAMS_MAX_MESSAGES: 1000000, LC_ALL: "'", SWITCH: true, X: "{{ x }}"}
            """),
    ODD_TEXTS("""
            config:
              outbox:
                postgres: {user: "o'brien \\"x\\" # no: - yes"}
                routes:
                  - {name: "on", subjects: "a.*.>", action: drop}
                  - name: "0123"
                    action: rewrite
                    headers: {X-A: "- 'quoted' \\"twice\\": %s", X-B: "1e3", X-C: "~", X-D: "{{ .Values }}"}
                lanes: {max-bytes: 1000000000}
            podAnnotations: {"example.com/note": "multi\\nline: 'x' \\"y\\" # z"}
            """),
    PLACE("""
            nodeSelector: {kubernetes.io/arch: arm64, "example.com/disk": "true"}
            tolerations: [{key: dedicated, operator: Equal, value: "1", effect: NoSchedule}]
            affinity:
              nodeAffinity:
                requiredDuringSchedulingIgnoredDuringExecution:
                  nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]
            priorityClassName: "0"
            annotations: {a: "1"}
            podAnnotations: {a: "true"}
            podLabels: {team: "1"}
            serviceAccount: {name: some-account, annotations: {b: "null"}}
            """),
    FILES("""
            secrets:
              - {name: relay, mountPath: /run/secrets/relay, files: {OUTBOX_POSTGRES_PASSWORD_FILE: pw}}
              - name: relay-tls
                mountPath: /run/secrets/relay-tls
                files: {OUTBOX_NATS_TLS_CERT_FILE: tls.crt, OUTBOX_NATS_TLS_KEY_FILE: tls.key}
            extraVolumes: [{name: authorities, configMap: {name: authorities}}]
            extraVolumeMounts: [{name: authorities, mountPath: /etc/authorities, readOnly: false}]
            """),
    NETWORK("""
            port: 9100
            networkPolicy:
              metricsFrom: [{podSelector: {matchLabels: {app: prometheus}}}, {namespaceSelector: {}}]
              egressPorts: [6432, 4222, 4223]
              extraIngress: [{from: [{podSelector: {}}], ports: [{port: 9100}]}]
              extraEgress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]
            """),
    NAME("fullnameOverride: events"),
    FROM_A_PARENT("{global: {any: thing}, enabled: true}");

    private final String text;

    HelmValues(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
