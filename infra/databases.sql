-- The databases of the compose file's PostgreSQL: one per tool, because each tool moves its own tables on upgrades.
CREATE DATABASE mlflow;
CREATE DATABASE prefect;
