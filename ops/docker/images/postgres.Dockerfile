# A stand-in for the official Postgres image, of a Debian suite's own package: for where none can be pulled.
ARG BASE
FROM ${BASE}
ARG VERSION
ARG SUITE
RUN own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release) \
 && if [ "$own" != "$SUITE" ]; then sed "s/ $own / $SUITE /" /etc/apt/sources.list >/etc/apt/sources.list.d/suite.list; fi \
 && apt-get -q update \
 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "postgresql-$VERSION" \
 && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/* \
 && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ \
 && install -d -o postgres -g postgres -m 755 /var/lib/postgresql /var/run/postgresql /docker-entrypoint-initdb.d
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
COPY postgres-entrypoint /usr/local/bin/
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint"]
CMD ["postgres"]
