# syntax=docker/dockerfile:1
# The server and the command line in one image. Build and run:
#
#   docker build -t psom .
#   docker run -p 8057:8057 -p 8058:8058 -v psom-data:/var/lib/psom psom \
#       serve --listen 0.0.0.0:8057 --http 0.0.0.0:8058 --https --host meet.example.com
#   docker exec CONTAINER psom meeting create team
#   docker exec CONTAINER psom invite team --name Ada --role presenter
#
# A node of a cluster (docs/cluster.md) needs --build-arg FEATURES=psom-cli/full,psom-cli/postgres,psom-cli/s3

FROM rust:1-trixie AS build
ARG FEATURES=psom-cli/full
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p psom-cli -p psom-render --features "$FEATURES" \
    && install -D -t /out/bin target/release/psom target/release/psom-render \
    && target/release/psom man /out/man

FROM debian:trixie-slim
# A font for texts of PDFs and boards whose own font is not embedded.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/psom psom \
    && install -d -o psom -g psom -m 700 /var/lib/psom
COPY --from=build /out/bin/ /usr/local/bin/
COPY --from=build /out/man/ /usr/local/share/man/man1/
USER psom
WORKDIR /var/lib/psom
ENV PSOM_DATA=/var/lib/psom PSOM_LOG_FORMAT=json
VOLUME /var/lib/psom
EXPOSE 8057 8058
STOPSIGNAL SIGTERM
ENTRYPOINT ["psom"]
CMD ["serve", "--listen", "0.0.0.0:8057", "--http", "0.0.0.0:8058", "--https"]
