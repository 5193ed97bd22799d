# syntax=docker/dockerfile:1
# The proxy alone, on Alpine, as a user without rights. It writes nothing but log files, and those only where the
# configuration asks for them, so the file system of a container may be read-only.
#
#   docker build -t breakwater .
#   docker run --rm --read-only -p 127.0.0.1:4010:4010 --env-file .env \
#     -v ./config/production.yaml:/etc/breakwater/gateway.yaml:ro -v breakwater-logs:/var/log/breakwater breakwater
#   docker run --rm --env-file .env -v ./config:/config:ro breakwater check /config/production.yaml
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-alpine AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Without their scripts: one of them would fetch a second Node, and none is needed to compile.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY machines ./machines
COPY src ./src
RUN npm run build
RUN mkdir logs

FROM node:${NODE_VERSION}-alpine AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:${NODE_VERSION}-alpine
ENV NODE_ENV=production BREAKWATER_LOGS=/var/log/breakwater
WORKDIR /app
COPY --from=dependencies /dependencies/node_modules ./node_modules
COPY package.json LICENSE ./
COPY config ./config
COPY src/observe/inspector/page ./src/observe/inspector/page
COPY --from=build /build/dist ./dist
# A volume that is mounted here for the first time takes over its owner.
COPY --from=build --chown=1000:1000 /build/logs /var/log/breakwater
# `node` of the base image, as a number, so that Kubernetes can tell that it is not root.
USER 1000:1000
EXPOSE 4010
# Process 1 ends on signals and has no children, so it needs no init.
STOPSIGNAL SIGTERM
# Whether the process answers, not whether its providers do: a restart would not help them. Over https where there is
# `server.tls`, whose certificate is for other names than this one.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "const ask = (scheme, next) => require(scheme).get({ host: '127.0.0.1', port: 4010, path: '/health', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', next); ask('http', () => ask('https', () => process.exit(1)))"]
# Node is named, with the flags of the first line of cli.js, because the `env` of Alpine does not take them from there.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--no-allocation-site-pretenuring", "/app/dist/src/cli.js"]
# Beyond loopback it asks for `server.clients`, and does not start without them.
CMD ["serve", "--config", "/etc/breakwater/gateway.yaml", "--host", "0.0.0.0", "--port", "4010"]
