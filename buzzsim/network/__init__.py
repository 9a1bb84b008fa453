"""Whose posts reach whom: ties, files, generators; who complains; R0; a scenario in its world."""

from buzzsim.network.generators import GENERATORS, generate
from buzzsim.network.network import Network
from buzzsim.network.opening import open_network
from buzzsim.network.storage import save_network

__all__ = ["GENERATORS", "Network", "generate", "open_network", "save_network"]
