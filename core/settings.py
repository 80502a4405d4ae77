"""Everything that can be set from outside, described where it is defined.

Values come from the environment: the prefix JIESU_, but DATABASE_URL, REDIS_URL and PORT
plain. Any secret may instead be read from a file named by NAME_FILE. Nothing is read at
import: entry points call `load()`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = ("DATABASE_URL", "REDIS_URL", "JIESU_SECRET_KEY", "JIESU_OLD_SECRET_KEYS")


class Settings(BaseSettings):
    """One frozen value, made once by each process."""

    model_config = SettingsConfigDict(
        env_prefix="JIESU_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL"),
        description="PostgreSQL 15 or newer; unset: the embedded server",
    )
    redis_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("REDIS_URL"),
        description="Redis or Valkey; unset: the embedded server",
    )
    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(
        8000, validation_alias=AliasChoices("PORT"), ge=1, le=65535, description="HTTP port"
    )
    data_dir: Path | None = Field(
        None, description="folder of the embedded servers and the generated secrets"
    )
    secret_key: SecretStr | None = Field(
        None,
        description="master secret (32 characters or more) from which the ledger, encryption and "
        "link keys are derived; unset: generated into the data folder",
    )
    old_secret_keys: SecretStr | None = Field(
        None, description="comma-separated earlier master secrets, for reading only"
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="address people reach the site at; used in letters"
    )
    area_code: str = Field(
        "610302", pattern=r"^\d{6}$", description="GB/T 2260 code at the head of ticket numbers"
    )
    district: str = Field("宝鸡市渭滨区", description="name of the district on every page")
    web_workers: int = Field(1, ge=1, le=64, description="HTTP worker processes")
    work_threads: int = Field(4, ge=1, le=64, description="threads of the background worker")
    database_pool: int = Field(
        10, ge=2, le=100, description="database connections, and request threads, per process"
    )
    rate_limits: Literal["on", "off"] = Field(
        "on", description="`off` for load tests: no limit on filing, tracking and login"
    )
    demo_clock: Literal["on", "off"] = Field(
        "off", description="`on` lets a supervisor move the system's time in demonstrations"
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="smtp:// or smtps://user:password@host:port; unset: no e-mail leaves",
    )
    mail_from: str = Field("jiesu@localhost", description="sender address of e-mail")
    repeat_days: int = Field(
        30, ge=1, le=366, description="days within which the same request again is a repeat"
    )
    archive_days: int = Field(
        180, ge=30, le=3660, description="days after its end when a request is archived"
    )
    upload_limit_mb: int = Field(10, ge=1, le=100, description="largest attachment in MiB")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severity that is logged"
    )


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. ValidationError names what cannot be used."""
    source = dict(os.environ if environment is None else environment)
    for name in SECRETS:
        path = source.get(f"{name}_FILE")
        if path and name not in source:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings()
