# A stand-in for the official NATS image around the program that ops/nats-server fetches, with the wget of the health check.
ARG BASE
FROM ${BASE}
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends wget \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data
COPY nats-server /usr/local/bin/nats-server
EXPOSE 4222 8222
ENTRYPOINT ["nats-server"]
