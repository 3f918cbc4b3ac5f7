{{- /* SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only */ -}}

{{- define "sentrypeer.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "sentrypeer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "sentrypeer.labels" -}}
{{ include "sentrypeer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* What is asked of the API by the kubelet. */ -}}
{{- define "sentrypeer.get" -}}
httpGet:
  {{- if eq .mode "host" }}
  host: 127.0.0.1
  {{- end }}
  path: {{ .path }}
  port: api
periodSeconds: 10
{{- end }}

{{- define "sentrypeer.pod" -}}
{{- $isHost := eq .Values.mode "host" -}}
metadata:
  labels:
    {{- include "sentrypeer.selector" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 15
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- if $isHost }}
  hostNetwork: true # The real source of each packet, IPv6 as well.
  dnsPolicy: ClusterFirstWithHostNet
  nodeSelector:
    {{- toYaml .Values.host.nodeSelector | nindent 4 }}
  {{- with .Values.host.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  initContainers:
    - name: owner # A folder of the machine belongs to root at first.
      image: {{ .Values.host.ownerImage }}
      command: [chown, '65532:0', /var/lib/sentrypeer]
      securityContext:
        runAsUser: 0
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL], add: [CHOWN] }
        seccompProfile: { type: RuntimeDefault }
      volumeMounts:
        - { name: data, mountPath: /var/lib/sentrypeer }
  {{- end }}
  securityContext:
    {{- if not $isHost }}
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 0
    {{- end }}
    fsGroup: 65532
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: sentrypeer
      image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      env:
        {{- if $isHost }}
        - { name: SENTRYPEER_API_ADDRESS, value: 127.0.0.1 } # Of the machine: for its own programs.
        {{- else }}
        - { name: SENTRYPEER_API_ADDRESS, value: 0.0.0.0 } # The kubelet and Prometheus ask from outside the pod.
        - { name: SENTRYPEER_API_KEY_REQUIRED, value: {{ .Values.api.keyRequired | ternary "1" "0" | quote }} }
        {{- end }}
        {{- if .Values.tls.secretName }}
        - { name: SENTRYPEER_CERT, value: /etc/sentrypeer/tls/tls.crt }
        - { name: SENTRYPEER_KEY, value: /etc/sentrypeer/tls/tls.key }
        {{- end }}
        {{- range $name, $value := .Values.environment }}
        - { name: {{ $name }}, value: {{ $value | quote }} }
        {{- end }}
      {{- with .Values.environmentSecret }}
      envFrom:
        - secretRef: { name: {{ . }} }
      {{- end }}
      ports:
        {{- range list (list "sip-udp" 5060 "UDP") (list "sip-tcp" 5060 "TCP") (list "sips-udp" 5061 "UDP") (list "sips-tcp" 5061 "TCP") (list "api" 8082 "TCP") }}
        - { name: {{ index . 0 }}, containerPort: {{ index . 1 }}, {{ if $isHost }}hostPort: {{ index . 1 }}, {{ end }}protocol: {{ index . 2 }} }
        {{- end }}
      startupProbe: # A first start with an old database of millions of rows migrates it.
        {{- include "sentrypeer.get" (dict "mode" .Values.mode "path" "/livez") | nindent 8 }}
        failureThreshold: 60
      livenessProbe:
        {{- include "sentrypeer.get" (dict "mode" .Values.mode "path" "/livez") | nindent 8 }}
        failureThreshold: 6
      readinessProbe:
        {{- include "sentrypeer.get" (dict "mode" .Values.mode "path" "/readyz") | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 0
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: data, mountPath: /var/lib/sentrypeer }
        {{- if .Values.tls.secretName }}
        - { name: tls, mountPath: /etc/sentrypeer/tls, readOnly: true }
        {{- end }}
  {{- $needsEmpty := and (not $isHost) (not .Values.persistence.enabled) }}
  {{- if or $isHost $needsEmpty .Values.tls.secretName }}
  volumes:
    {{- if $isHost }}
    - name: data
      hostPath: { path: {{ .Values.host.path }}, type: DirectoryOrCreate }
    {{- else if $needsEmpty }}
    - name: data
      emptyDir: {}
    {{- end }}
    {{- with .Values.tls.secretName }}
    - name: tls
      secret: { secretName: {{ . }}, defaultMode: 0440 }
    {{- end }}
  {{- end }}
{{- end }}
