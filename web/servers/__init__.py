"""PostgreSQL and Valkey from wheels, started and stopped by a supervisor of our own."""

from web.servers.errors import Occupied, ServersError
from web.servers.folder import default_data_dir
from web.servers.pair import Servers, attach, embedded, start

__all__ = ["Occupied", "Servers", "ServersError", "attach", "default_data_dir", "embedded", "start"]
