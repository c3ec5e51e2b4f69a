# Two images: `portal` (the default) is what production runs; `simulator` is a stand-in switch for a demo.

FROM python:3.13-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
WORKDIR /portal

FROM base AS requirements
RUN python -m venv /opt/venv
COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM base AS catalogues
RUN apt-get update && apt-get install --yes --no-install-recommends gettext && rm -rf /var/lib/apt/lists/*
COPY locale locale
# What the pages read; there is none while the portal speaks English alone.
RUN find locale -name '*.po' -exec sh -ec 'for po; do msgfmt --check --output-file="${po%.po}.mo" "$po"; done' sh {} +

FROM base AS simulator
RUN useradd --system --uid 10001 --no-create-home simulator && install --directory --owner simulator /state
COPY --from=requirements /opt/venv /opt/venv
COPY simulator simulator
USER simulator
EXPOSE 8090
CMD ["python", "-m", "simulator", "--host", "0.0.0.0", "--port", "8090"]

FROM base AS portal
RUN useradd --system --uid 10001 --no-create-home portal && install --directory --owner portal --mode 700 /exports
# The letters of the world, for names in the PDFs of statements.
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
ENV PDF_FONTS=/usr/share/fonts
COPY --from=requirements /opt/venv /opt/venv
COPY manage.py ./
COPY portal portal
COPY accounts accounts
COPY billing billing
COPY templates templates
COPY static static
COPY --from=catalogues /portal/locale locale
# Only lets the settings load: nothing is asked while files are collected, and nothing of it stays in the image.
RUN SECRET_KEY=not-a-secret-it-only-collects-static-files DATABASE_URL=postgresql://nobody@localhost/none \
    REDIS_URL=redis://localhost:1/0 python manage.py collectstatic --no-input
ENV BEAT_SCHEDULE=/tmp/beat-schedule
USER portal
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
