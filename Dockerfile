FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/emovec
COPY requirements/base.lock requirements/
RUN /opt/emovec/bin/python -m pip install --no-cache-dir --require-hashes --no-deps --requirement requirements/base.lock
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY api api
COPY migrations migrations
COPY samples samples
COPY emovec_db emovec_db
RUN /opt/emovec/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home emovec && install -d -o emovec -g emovec /data
COPY --from=build /opt/emovec /opt/emovec
ENV PATH="/opt/emovec/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    EMOVEC_DATA_DIR=/data \
    EMOVEC_HOST=0.0.0.0 \
    EMOVEC_PORT=7860
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import os, urllib.request; \
urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"EMOVEC_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["emovec"]
CMD ["serve"]
