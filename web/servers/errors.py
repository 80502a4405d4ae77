"""What can keep the servers from running, said in a sentence a person can act on."""


class ServersError(Exception):
    """The embedded servers cannot run; the message says why and what to do."""


class Occupied(ServersError):
    """Another process already runs servers on this data folder."""
