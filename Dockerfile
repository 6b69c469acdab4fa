# aep-emulator as an image: docker build -t aep-emulator . && docker run -p 8080:8080 aep-emulator
# Its entry point is the command: docker run aep-emulator serve --port 9000
# It needs no capability and writes nowhere: --read-only --cap-drop ALL (docs/reference/supply-chain.md).
# `make image` names its base by the digest in requirements/base-image, and says what its labels say.

ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements/build.txt requirements/image.txt requirements/slim.py requirements/
RUN python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt \
    && python -m venv --without-pip /opt/aep-emulator \
    && python -m pip --python /opt/aep-emulator/bin/python install \
    --require-hashes --only-binary :all: -r requirements/image.txt \
    && python requirements/slim.py /opt/aep-emulator/lib/python3.*/site-packages
COPY pyproject.toml README.md LICENSE ./
COPY aep_emulator aep_emulator
COPY examples/ci examples/ci
COPY emulator emulator
COPY contracts contracts
COPY fixtures fixtures
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && python -m pip --python /opt/aep-emulator/bin/python install --no-deps /wheel/*.whl

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home --no-log-init --shell /usr/sbin/nologin emulator
COPY --from=build /opt/aep-emulator /opt/aep-emulator
ENV PATH=/opt/aep-emulator/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    AEP_EMULATOR_HOST=0.0.0.0 \
    AEP_EMULATOR_PORT=8080
USER 10001
EXPOSE 8080
# The first process says by its flags where it listens.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s \
    CMD ["aep-emulator", "health", "--of-process", "1"]
ENTRYPOINT ["aep-emulator"]
CMD ["serve"]
# Last, because they differ in each build. What nobody has said is empty.
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="aep-emulator" \
      org.opencontainers.image.description="A local emulator and contract tester of the Adobe Experience Platform APIs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"
