"""The common work as one would write it in Mesa: each customer an agent, asked in every step."""

import random

import mesa

SUSCEPTIBLE, INFECTED, RECOVERED = range(3)


class Customer(mesa.Agent):
    """Somebody who may catch it and pass it on; all decide first, then all change."""

    def __init__(self, model, number):
        super().__init__(model)
        self.number = number
        self.state = self.coming = SUSCEPTIBLE

    def step(self):
        """Try each neighbour, then perhaps recover."""
        if self.state == INFECTED:
            luck, infection, people = self.model.luck, self.model.infection, self.model.people
            for number in self.model.network.neighbors(self.number):
                other = people[number]
                if other.coming == SUSCEPTIBLE and luck() < infection:
                    other.coming = INFECTED
            if luck() < self.model.recovery:
                self.coming = RECOVERED

    def advance(self):
        """Become what was decided."""
        self.state = self.coming


class Epidemic(mesa.Model):
    """The crowd; in an independent cascade everybody recovers after one step."""

    def __init__(self, network, work, chances):
        super().__init__(rng=1)
        self.network = network
        self.infection, self.recovery = chances if work == "W1" else (*chances, 1.0)
        self.people = [Customer(self, number) for number in range(len(network))]

    def begin(self, seeds, luck):
        """Forget the last run, and infect some."""
        self.luck = random.Random(luck).random
        for customer in self.people:
            customer.state = customer.coming = SUSCEPTIBLE
        for number in seeds:
            self.people[number].state = self.people[number].coming = INFECTED

    def finish(self):
        """Go on until nobody is infected; gives how many ever were."""
        while any(customer.state == INFECTED for customer in self.people):
            self.agents.do("step")
            self.agents.do("advance")
        return sum(customer.state != SUSCEPTIBLE for customer in self.people)
