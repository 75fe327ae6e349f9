# A base for relay/Dockerfile with the distribution's own Java: for where no image can be pulled.
ARG BASE
FROM ${BASE}
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends default-jre-headless \
 && rm -rf /var/lib/apt/lists/*
