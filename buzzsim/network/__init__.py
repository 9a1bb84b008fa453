"""Whose posts reach whom: the network, how it is read, and how it is generated."""

from buzzsim.network.generators import GENERATORS, generate
from buzzsim.network.network import Network
from buzzsim.network.opening import open_network
from buzzsim.network.storage import save_network

__all__ = ["GENERATORS", "Network", "generate", "open_network", "save_network"]
