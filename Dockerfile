# One image for the server and the worker: `up --only server`, `up --only worker`. Debian, since Temporal's native core has no
# build for Alpine. Node runs the TypeScript as it is; only the workflow bundle is made here, so that a worker starts at once.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The native modules are prebuilt inside their packages, so no package needs to run a script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM dependencies AS bundle
COPY tsconfig.json ./
COPY src src
COPY workflows workflows
COPY activities activities
COPY worker worker
COPY scripts/pins.json scripts/pins.json
RUN node worker/bundle.ts

FROM ${NODE_IMAGE}
# Certificates: Temporal Cloud, AWS and Slack are reached over TLS, and the native core reads the system's.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && install --directory --owner=node --group=node --mode=0700 /var/lib/cordon/private \
 && install --directory --owner=node --group=node --mode=0755 /var/lib/cordon/public
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY --from=bundle /app/package.json /app/tsconfig.json ./
COPY --from=bundle /app/src src
COPY --from=bundle /app/workflows workflows
COPY --from=bundle /app/activities activities
COPY --from=bundle /app/worker worker
COPY --from=bundle /app/scripts scripts
COPY --from=bundle /app/dist dist
COPY detections detections
COPY deploy/worker-health.mjs deploy/
COPY LICENSE ./
# Everything above belongs to root and is read only for the process.
USER node
ENTRYPOINT ["node", "src/cli/main.ts"]
CMD ["up"]
