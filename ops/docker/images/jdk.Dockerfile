# A JDK for relay/Dockerfile, of the distribution's own packages: for where no image can be pulled.
ARG BASE
FROM ${BASE}
RUN apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends default-jdk-headless \
 && rm -rf /var/lib/apt/lists/*
