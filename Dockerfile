# syntax=docker/dockerfile:1
# Both services: `docker build --target api-service .`, `docker build --target delivery-worker .`

FROM rust:1-slim-bookworm AS builder
WORKDIR /src
COPY . .
# The caches outlive the build, so a changed line does not compile every dependency again; what is
# kept in the image is installed outside of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package api-service --package delivery-worker \
    && install -D --target-directory=/out target/release/api-service target/release/delivery-worker

# glibc of the builder's Debian, the certificates of public authorities, no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
USER 65532:65532
STOPSIGNAL SIGTERM

FROM runtime AS api-service
COPY --from=builder /out/api-service /usr/local/bin/api-service
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/api-service"]

FROM runtime AS delivery-worker
COPY --from=builder /out/delivery-worker /usr/local/bin/delivery-worker
EXPOSE 9091
ENTRYPOINT ["/usr/local/bin/delivery-worker"]
