# docker build --tag reviewer .
# docker run --rm reviewer demo                                            nothing is kept
# docker run --rm --user "$(id -u)" -v "$PWD:/work" reviewer demo          outputs in ./demo-out
# docker run --rm --user "$(id -u)" -v "$PWD:/work" -e ANTHROPIC_API_KEY reviewer diff --base main
FROM python:3.13-slim-bookworm AS build
# The virtual environment goes without pip: nothing is installed into it at run time.
RUN python -m venv --without-pip /opt/reviewer
ENV PIP_PYTHON=/opt/reviewer/bin/python PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY locks/offline.txt locks/
RUN pip install --require-hashes --only-binary :all: -r locks/offline.txt
COPY pyproject.toml README.md LICENSE ./
COPY reviewer reviewer
RUN pip install --no-deps --no-build-isolation .

FROM python:3.13-slim-bookworm
# git reads the repositories that are reviewed. Those mounted at /work may belong to any user.
# A version of git in Debian's archive is gone with the next security update, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '/work' \
    && git config --system --add safe.directory '/work/*' \
    && useradd --create-home --uid 10001 reviewer \
    && install --directory --owner reviewer --group reviewer /work
COPY --from=build /opt/reviewer /opt/reviewer
ENV PATH=/opt/reviewer/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /work
ENTRYPOINT ["reviewer"]
CMD ["--help"]
