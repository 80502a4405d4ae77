"""Everything that can be set from outside, described where it is defined.

Values come from the environment: the prefix JIESU_, but DATABASE_URL, REDIS_URL and PORT
plain. Any secret may instead be read from a file named by NAME_FILE. Nothing is read at
import: entry points call `load()`.
"""

import os
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.moments import Hours
from core.permissions import Role

SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "JIESU_SECRET_KEY",
    "JIESU_OLD_SECRET_KEYS",
    "JIESU_OIDC_CLIENT_SECRET",
    "JIESU_MAIL_IN_URL",
    "JIESU_RELAY_SECRET",
    "JIESU_LEDGER_KEY",
)


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
        None,
        description="comma-separated earlier master secrets, newest first, for reading only; "
        "`jiesu keys rotate` makes them needless",
    )
    ledger_key: SecretStr | None = Field(
        None,
        description="the ledger's own key as `jiesu keys ledger` prints it; needed once the first "
        "master secret is gone",
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
    mail_in_url: SecretStr | None = Field(
        None,
        description="imaps://user:password@host:port of the mailbox that requests are read from "
        "(imap:// is STARTTLS); unset: no e-mail is read",
    )
    mail_in_address: str | None = Field(
        None,
        description="address people write to; letters then ask for answers there, as "
        "name+signature@domain",
    )
    mail_in_folder: str = Field("INBOX", description="folder of the mailbox that is emptied")
    mail_in_done: str = Field("jiesu-done", description="folder for messages that were filed")
    mail_in_refused: str = Field(
        "jiesu-refused", description="folder for messages that were refused or ignored"
    )
    mail_in_every: int = Field(
        60, ge=5, le=86400, description="seconds between two looks into the mailbox"
    )
    relay_url: str | None = Field(
        None, description="address of the upper platform's interface; unset: nothing is told it"
    )
    relay_secret: SecretStr | None = Field(
        None, description="secret by which the upper platform knows what we send"
    )
    relay_token_hash: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 (hex) of the token the upper platform sends cases with; unset: none "
        "is taken",
    )
    relay_networks: str | None = Field(
        None,
        description="comma-separated networks the upper platform may be in although they are "
        "private; there http:// will do",
    )
    quiet_hours: str = Field(
        "21:00-08:00",
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$",
        description="hours of the day in which nobody is called back, urgent matters excepted; "
        "empty: none",
    )
    repeat_days: int = Field(
        30, ge=1, le=366, description="days within which the same request again is a repeat"
    )
    review_days: int = Field(
        15,
        ge=1,
        le=90,
        description="days after a refusal or a final reply in which a review may be asked for",
    )
    archive_days: int = Field(
        180, ge=30, le=3660, description="days after its end when a request is archived"
    )
    upload_limit_mb: int = Field(10, ge=1, le=100, description="largest attachment in MiB")
    second_factor_roles: str = Field(
        "sysadmin,secadmin,auditor,discipline,office",
        description="roles that need a second factor, comma-separated; accounts that still have "
        "the demonstration's password are asked for none",
    )
    session_idle_minutes: int = Field(
        120, ge=10, le=720, description="a login ends after so long without a sign of life"
    )
    session_hours: int = Field(12, ge=1, le=72, description="and in any case after so long")
    step_up_minutes: int = Field(
        10, ge=1, le=720, description="how long a second factor counts for the most delicate acts"
    )
    oidc_issuer: str | None = Field(
        None, description="OpenID Connect issuer for single sign-on, exactly as it calls itself"
    )
    oidc_client_id: str | None = Field(None, description="what the issuer knows Jiesu by")
    oidc_client_secret: SecretStr | None = Field(
        None, description="and its secret; unset: a public client"
    )
    oidc_scopes: str = Field("openid profile", description="what is asked of the issuer")
    oidc_username_claim: str | None = Field(
        None,
        description="claim that names the account at a first sign-on; unset: an administrator "
        "links each account by hand",
    )
    oidc_role_claim: str | None = Field(
        None, description="claim that lists groups; unset: roles never come from a token"
    )
    oidc_role_map: str | None = Field(
        None, description="which role each group brings: group=role, comma-separated"
    )
    clamd: str | None = Field(
        None,
        description="virus scanner: tcp://host:port or unix:///path of clamd; unset: files are "
        "kept unscanned",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least severity that is logged"
    )

    @property
    def quiet(self) -> Hours | None:
        """The quiet hours as times of the day; None when there are none."""
        if not self.quiet_hours:
            return None
        begin, end = map(time.fromisoformat, self.quiet_hours.split("-"))
        return begin, end

    @field_validator("second_factor_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        for part in value.split(","):
            if part.strip():
                Role(part.strip())
        return value


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. ValidationError names what cannot be used."""
    source = dict(os.environ if environment is None else environment)
    for name in SECRETS:
        path = source.get(f"{name}_FILE")
        if path and name not in source:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
    return Settings()
