# One image for every service of docker-compose.yml: Airflow, dbt, DuckDB and the project.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_NO_CACHE=1

RUN useradd --uid 50000 --gid 0 --create-home keyaccounts \
    && install -d -o keyaccounts -g 0 -m 0770 \
        /opt/airflow /opt/airflow/logs /var/lib/keyaccounts /var/lib/keyaccounts/home

WORKDIR /opt/keyaccounts

# The locks change seldom, the code often: packages are a layer of their own.
COPY requirements-setup.txt requirements.txt ./
RUN pip install --require-hashes -r requirements-setup.txt \
    && uv pip install --system --compile-bytecode --require-hashes -r requirements.txt

COPY pyproject.toml ./
COPY include ./include
RUN pip install --no-deps --no-build-isolation -e .
COPY dbt_project ./dbt_project
COPY plugins ./plugins
COPY dags ./dags
COPY scripts/health.py ./scripts/health.py

ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/keyaccounts/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/keyaccounts/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    KEYACCOUNTS_HOME=/var/lib/keyaccounts/home

USER keyaccounts
ENTRYPOINT ["airflow"]
CMD ["version"]
