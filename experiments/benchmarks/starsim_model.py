"""The common epidemic in Starsim: its own SIR on given ties, geometric numbers of steps.

Not quite the same work, as the benchmark says. Starsim makes the coin of a tie from the bits of one
number of each of its ends, and on disjoint pairs, where nothing but that coin and the recovery
matters, a few in a hundred more than the exact share are infected; on a network, where coins of
ties with a common end go together, fewer. `ss.options.crn = False` halves the distance.
"""

import numpy as np
import scipy.stats
import starsim as ss

LONGEST = 2_000  # steps that it makes room for; the epidemic ends long before


class Ties(ss.Network):
    """Ties that are there from the beginning to the end."""

    def __init__(self, tails, heads):
        super().__init__()
        self.ends = tails, heads

    def init_post(self):
        """Take them."""
        super().init_post()
        tails, heads = self.ends
        self.append({"p1": tails, "p2": heads, "beta": np.ones(tails.size, ss.dtypes.float)})

    def step(self):
        """Nothing changes."""


def sim_of(graph, infection, recovery, seeds, luck):
    """Make one simulation ready; gives what to time."""
    # One step more: people whose time has come recover before they infect, and begin in the step
    # after they caught it.
    lasts = ss.Dist(dist=scipy.stats.geom, p=recovery, loc=1)
    disease = ss.SIR(beta=infection, init_prev=None, dur_inf=lasts, p_death=0.0)
    sim = ss.Sim(
        n_agents=graph.n, start=0, stop=LONGEST, dt=1, rand_seed=luck % 2**31,
        networks=Ties(*graph.edges), diseases=disease, use_aging=False, verbose=0,
    )  # fmt: skip
    sim.init()
    disease = sim.diseases[0]
    disease.set_prognoses(ss.uids(seeds))
    disease.ti_recovered[ss.uids(seeds)] -= 1  # they begin at once

    def once():
        while disease.infected.any():
            sim.run_one_step()
        return int((~disease.susceptible).sum())

    return once
