# SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only
#
#   docker build -t sentrypeer .     (or: buildah build --format docker -t sentrypeer .)
#   docker run -d -p 5060:5060/tcp -p 5060:5060/udp -p 8082:8082 sentrypeer
#
# What is inside, who may write where, and which engines it was tried with: docs/container.md
ARG NODE_IMAGE=docker.io/library/node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && node tools/bundle.ts \
 && npm sbom --sbom-format=cyclonedx --package-lock-only --workspace=daemon --workspace=dashboard > dist/sentrypeer.cdx.json \
 && sh packaging/container/root.sh /image dist

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="SentryPeer for Node.js" \
      org.opencontainers.image.description="SIP honeypot and fraud detection for telephone systems" \
      org.opencontainers.image.licenses="GPL-2.0-only OR GPL-3.0-only" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
# As the image of 4.x: it answers, and its API is reached from outside the container. Sharing is off until you say
# SENTRYPEER_PEER_TO_PEER=1. Two arenas of glibc, as in the systemd unit: one for each thread keeps 10 MiB more unused.
ENV SENTRYPEER_SIP_RESPONSIVE=1 \
    SENTRYPEER_API=1 \
    SENTRYPEER_API_ADDRESS=0.0.0.0 \
    MALLOC_ARENA_MAX=2
USER 65532:0
WORKDIR /var/lib/sentrypeer
VOLUME /var/lib/sentrypeer
EXPOSE 5060/udp 5060/tcp 5061/udp 5061/tcp 8082/tcp 4222/udp 4222/tcp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["/usr/lib/sentrypeer/node", "/usr/lib/sentrypeer/main.js", "status"]
ENTRYPOINT ["/usr/lib/sentrypeer/node", "/usr/lib/sentrypeer/main.js"]
