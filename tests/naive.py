"""The model a third time, after docs/odd.md, with nothing of buzzsim: plain objects and dice.

Both engines call the same rules in an order that the same people thought of; what is wrong in both
they cannot tell. This one can. It knows exponential fading alone, and complainants chosen at
random.
"""

import math
from collections import Counter, defaultdict
from types import SimpleNamespace


class Naive:
    """One run: each customer's `followers`, a scenario, a strategy, and a `random.Random`."""

    def __init__(self, followers, scenario, strategy, rng):
        self.followers, self.s, self.strategy, self.rng = followers, scenario, strategy, rng
        self.n, self.tick = len(followers), scenario.time.tick
        self.spreads = (
            scenario.joining.share_probability > 0
        )  # else nobody passes criticism on, themselves included
        self.end = self.up(scenario.time.horizon)
        self.followed, self.ties = (
            Counter(reader for readers in followers for reader in readers),
            sum(map(len, followers)),
        )
        self.people, self.reached, self.count = {}, set(), Counter()
        self.looks = defaultdict(lambda: defaultdict(list))  # by tick and reader
        self.plans, self.cases, self.queue = defaultdict(list), defaultdict(list), []
        staff = scenario.brand.staff
        self.desks = None if math.isinf(staff) else [0.0] * int(staff)
        self.brand_followers = [i for i in range(self.n) if self.lucky(scenario.reply.brand_reach)]

    def outcomes(self):
        """Run to the end, and count."""
        self.now, joining = 0, self.s.joining
        self.siding = joining.sides
        if joining.sides < 1 and joining.sides_spread > 0:
            size = 1 / joining.sides_spread - 1
            self.siding = self.rng.betavariate(joining.sides * size, (1 - joining.sides) * size)
        for i in self.rng.sample(range(self.n), self.s.complaint.complainants):
            self.complains(i)
        arrivals = self.arrivals()
        self.brand_acts()
        while self.now < self.end:
            self.now += 1
            self.people_read()
            for _ in range(arrivals[self.now]):
                self.complains(self.rng.randrange(self.n))
            self.authors_act()
            self.brand_acts()
        people = self.people.values()
        return {
            **dict.fromkeys(("deleted_posts", "replies", "private_talks", "solved", "thanks"), 0),
            **self.count,
            "reach": len(self.reached) / self.n,
            "attitude_change": sum(self.attitude(c) - c.start for c in people) / self.n,
            "residual_anger": sum(self.anger(c) for c in people) / self.n,
        }

    # People

    def complains(self, i):
        author = self.person(i)
        if author.stage in ("unaware", "aware"):
            author.sides = True
            self.set_anger(author, 1.0 if author.kind == "troll" else self.s.complaint.anger)
            self.write(author, "complaint")

    def arrivals(self):
        """Draw how many complain by themselves in which tick: each comes after a while."""
        mean, rate = self.s.complaint.arrivals, math.log(2) / self.s.complaint.arrival_half_life
        passed, number = self.rng.expovariate(1), 0
        while passed < mean:
            passed, number = passed + self.rng.expovariate(1), number + 1
        return Counter(self.up(self.rng.expovariate(rate)) for _ in range(number))

    def lucky(self, chance):
        return self.rng.random() < chance

    def up(self, hours):
        return max(1, math.ceil(min(hours, 1e5) / self.tick - 1e-9))

    def person(self, i):
        if i not in self.people:
            crowd = self.s.crowd
            vindictive, advocate, troll = map(
                self.lucky, (crowd.vindictive_share, crowd.advocate_share, crowd.troll_share)
            )
            kind = (
                "troll"
                if troll
                else "advocate"
                if advocate
                else "vindictive"
                if vindictive
                else "constructive"
            )
            start = max(
                -1, min(1, crowd.attitude + crowd.attitude_spread * self.rng.uniform(-1, 1))
            )
            shape = crowd.susceptibility_shape
            susceptibility = self.rng.gammavariate(shape, 1 / shape) if shape < math.inf else 1.0
            self.people[i] = SimpleNamespace(
                i=i, kind=kind, anger=float(kind == "troll"), since=0, attitude=start, start=start,
                stage="unaware", seen=set(), susceptibility=susceptibility, protested=False,
                talking=False, first=None, sides=self.lucky(self.siding), read=0,
            )  # fmt: skip
        return self.people[i]

    def attitude(self, c):
        halvings = (self.now - c.read) * self.tick / self.s.attitude.half_life
        return c.start + (c.attitude - c.start) * 2**-halvings

    def anger(self, c):
        return (
            c.anger
            if c.kind == "troll"
            else c.anger * 2 ** (-(self.now - c.since) * self.tick / self.s.anger.half_life)
        )

    def set_anger(self, c, anger):
        c.anger, c.since = min(1.0, anger), self.now

    def anger_more(self, c, share):
        if c.kind != "troll":
            self.set_anger(c, self.anger(c) + share * (1 - self.anger(c)))

    # Posts

    def write(self, c, kind, parent=None):
        about_removal = kind in ("repost", "protest")
        on_page = (
            self.s.complaint.on_page
            if kind == "complaint"
            else self.lucky(self.s.joining.page_probability)
        )
        post = SimpleNamespace(
            author=c, tick=self.now, kind=kind, intensity=self.anger(c), thread=0.0,
            on_page=on_page and not about_removal, end=math.inf, readers=set(), recruits=0,
            invited=False, answered=False, due={},
            fame=self.s.censor.streisand_multiplier if about_removal else 1.0,
            pace=parent.pace if parent
            else math.exp(self.s.attention.pace_sigma * self.rng.gauss(0, 1)),
        )  # fmt: skip
        if self.s.attention.withdrawal_rate > 0:
            post.end = self.now + self.up(self.rng.expovariate(self.s.attention.withdrawal_rate))
        audience = dict.fromkeys(self.followers[c.i])
        if post.on_page:
            audience |= dict.fromkeys(
                self.rng.randrange(self.n) for _ in range(self.s.attention.page_visitors)
            )
        post.audience = [i for i in audience if i != c.i]
        for i in post.audience:
            self.comes_by(post, i)
        if kind == "thanks":
            self.count["thanks"] += 1
            return
        self.count["volume"] += 1
        if c.first is None:
            self.becomes_critic(c, post)
        if (
            self.strategy != "ignore"
            and (post.on_page or self.strategy != "censor")
            and self.lucky(self.s.brand.coverage)
        ):
            lag = self.s.brand.response_median * math.exp(
                self.s.brand.response_sigma * self.rng.gauss(0, 1)
            )
            self.file(post, 0, math.floor(min(lag, 1e5) / self.tick + 0.5))

    def becomes_critic(self, c, post):
        c.stage, c.first = "critic", post
        self.count["critics"] += 1
        self.plans[self.now + self.up(self.s.brand.patience)].append((c, "waited", post))
        age, rate = 0.0, self.s.anger.repeat_rate
        while (
            self.spreads
            and rate > 0
            and (age := age + self.rng.expovariate(rate)) <= self.s.time.horizon
        ):
            self.plans[self.now + self.up(age)].append((c, "repeat", post))

    def mass(self, post, i):
        """Looks that a reader takes at a post on average."""
        attention = self.s.attention
        thinned = (
            (self.followed[i] * self.n / self.ties) ** -attention.dilution
            if attention.dilution
            else 1.0
        )
        return attention.view_rate * attention.half_life / math.log(2) * post.fame * thinned

    def comes_by(self, post, i, of_all=1.0):
        """Draw when somebody first looks at a post with that share of its visibility to come."""
        needed, mass = self.rng.expovariate(1), of_all * self.mass(post, i)
        if needed < mass:
            half_life = self.s.attention.half_life * post.pace
            tick = self.now + self.up(-half_life * math.log2(1 - needed / mass))
            if tick < post.due.get(i, math.inf):
                post.due[i] = tick
                self.looks[tick][i].append(post)

    def bump(self, post, share):
        """Make a thread young again: what it wins of visibility is a second wave."""
        age = (self.now - post.tick) * self.tick / (self.s.attention.half_life * post.pace)
        for i in post.audience:
            self.comes_by(post, i, 2 ** -((1 - share) * age) - 2**-age)

    # Readers

    def people_read(self):
        joined, defended = [], []
        due = []
        for i, posts in sorted(self.looks.pop(self.now, {}).items()):
            if there := [q for q in posts if self.now <= q.end and i not in q.readers]:
                due.append((self.person(i), there))
        for c, posts in due:
            self.reads(c, posts)
        for c, posts in due:
            critical = [q for q in posts if q.kind != "thanks"]
            if c.stage == "aware" and c.kind == "advocate":
                defended += [q for q in critical if self.lucky(self.s.crowd.defence_probability)]
            elif c.stage == "aware" and c.sides:
                recruited_by = [q for q in critical if self.lucky(self.chance_to_join(c, q))]
                joined += (
                    [(c, min(recruited_by, key=lambda q: (q.tick, q.author.i)))]
                    if recruited_by
                    else []
                )
        for q in defended:
            q.thread -= self.s.reply.potency * self.s.crowd.defence_strength
        for c, q in joined:
            q.recruits += 1
            self.write(c, "first", q)

    def reads(self, c, posts):
        good, bad, anger, invitations = 0, 0, 0.0, 0
        for q in posts:
            q.readers.add(c.i)
            invitations += q.invited
            if q.kind == "thanks":
                good += 1
                continue
            bad, anger = bad + 1, anger + q.intensity
            self.reached.add(c.i)
            c.stage = "aware" if c.stage == "unaware" else c.stage
            c.seen.add(q.author.i)
        if c.sides:
            self.anger_more(c, min(1.0, self.s.anger.gain * c.susceptibility * anger))
        step = self.s.attitude.step
        c.attitude, c.read = self.attitude(c), self.now
        if not c.sides:
            good, bad = good + bad / self.s.private.thanks_effect, 0
        c.attitude += good * step * self.s.private.thanks_effect * (1 - c.attitude) + (
            bad * step * self.s.attitude.negativity * (-1 - c.attitude)
            + invitations * self.s.private.invite_signal
        )
        c.attitude = max(-1.0, min(1.0, c.attitude))

    def chance_to_join(self, c, q):
        joining = self.s.joining
        proof = max(0, 1 + joining.reinforcement * (min(len(c.seen), joining.cap) - 1))
        shield = 1 - joining.loyalty * max(0, c.attitude)
        pull = math.exp(joining.arousal * (q.intensity - 0.5) + q.thread)
        return joining.share_probability * c.susceptibility * proof * pull * shield

    # Authors

    def authors_act(self):
        for c, what, post in sorted(self.plans.pop(self.now, []), key=lambda plan: plan[0].i):
            if not (
                c.stage == "critic"
                or what == "thanks"
                or (what == "protest" and c.stage == "aware")
            ):
                continue
            if what == "waited":
                if c.kind == "constructive" and not post.answered:
                    self.anger_more(c, self.s.brand.resentment)
            elif what != "repeat" or self.lucky(self.anger(c)):
                self.write(c, what, post)

    # The brand

    def file(self, post, talk_round, ticks):
        self.cases[self.now + ticks].append((post, talk_round))

    def brand_acts(self):
        self.queue += [
            (self.rank(post), post.tick, post.author.i, self.now, post, r)
            for post, r in self.cases.pop(self.now, [])
        ]
        self.queue.sort(key=lambda case: case[:3])
        while self.queue and (self.desks is None or min(self.desks) < self.now + 0.5 - 1e-9):
            _, _, _, due, post, talk_round = self.queue.pop(0)
            hours = self.talk(post, talk_round) if talk_round else self.handle(post)
            if hours is not None and self.desks is not None:
                who = self.desks.index(min(self.desks))
                self.desks[who] = max(self.desks[who], due) + hours / self.tick

    def rank(self, post):
        order = self.s.brand.order
        return {
            "first_come": self.now,
            "most_followed": -len(self.followers[post.author.i]),
            "angriest": -post.intensity,
        }[order]

    def handle(self, post):
        c = post.author
        if post.end <= self.now or (
            self.strategy != "censor" and (c.stage != "critic" or c.talking)
        ):
            return None
        post.answered = True
        return {"censor": self.delete, "public_reply": self.reply, "private_dialogue": self.invite}[
            self.strategy
        ](post, c)

    def delete(self, post, c):
        told = 1 - self.s.censor.explanation
        post.end = self.now
        self.count["deleted_posts"] += 1
        self.anger_more(c, self.s.censor.reactance * told)
        if c.stage == "critic":
            if self.spreads and self.lucky(self.s.censor.repost_probability * told * self.anger(c)):
                self.plans[self.now + 1].append((c, "repost", post))
            else:
                c.stage = "silent"
        for w in map(self.person, sorted(post.readers)):
            may = w.stage in ("aware", "critic") and w.kind != "advocate" and not w.protested
            may = may and w.sides
            if (
                may
                and self.spreads
                and self.lucky(self.s.censor.protest_probability * told * w.susceptibility)
            ):
                w.protested = True
                self.plans[self.now + 1].append((w, "protest", post))
        return self.s.brand.removal_time

    def effect(self):
        """What a reply does: above 0 it calms."""
        r, fault = self.s.reply, self.s.complaint.at_fault
        weights = [
            getattr(r, ("fault_" if fault else "") + part + "_weight")
            for part in ("empathy", "explanation", "solution")
        ]
        weighed = sum(
            w * of for w, of in zip(weights, (r.empathy, r.explanation, r.solution), strict=True)
        )
        quality = weighed / (sum(map(abs, weights)) or 1.0)
        effect = r.potency * (quality - r.expectation - r.fault_penalty * fault)
        return -r.boomerang * effect if effect > 0 and r.prior_failures >= 2 else effect

    def calm(self, c, left):
        effect = self.effect()
        effect *= left if effect > 0 else 1
        if c.kind != "troll" and not (c.kind == "vindictive" and effect > 0):
            self.set_anger(c, self.anger(c) * math.exp(-effect))

    def solves(self, c, left):
        hopeless = c.kind in ("vindictive", "troll") or self.s.reply.prior_failures >= 2
        if hopeless or not self.lucky(self.s.reply.solution * left * min(1, self.s.reply.potency)):
            return False
        self.set_anger(c, self.anger(c) * self.s.reply.solved_anger)
        c.stage = "reconciled"
        self.count["solved"] += 1
        if self.lucky(self.s.private.thanks_probability):
            self.plans[self.now + 1].append((c, "thanks", None))
        return True

    def reply(self, post, c):
        left = max(
            0,
            1
            - self.s.reply.audience_effect
            * (post.recruits / len(post.readers) if post.readers else 0),
        )
        post.thread -= self.effect()
        self.calm(c, left)
        self.solves(c, left)
        self.count["replies"] += 1
        self.bump(post, self.s.reply.bump)
        for i in self.brand_followers:
            if i != c.i and i not in post.audience:
                self.comes_by(post, i)
        return self.s.brand.reply_time

    def invite(self, post, c):
        post.invited = True
        if c.kind not in ("vindictive", "troll") and self.lucky(self.s.private.accept_probability):
            c.talking = True
            self.count["private_talks"] += 1
            self.file(post, 1, self.up(self.s.private.round_time))
        self.bump(post, self.s.private.invite_bump)
        return self.s.brand.reply_time

    def talk(self, post, talk_round):
        private, c = self.s.private, post.author
        self.calm(c, 1.0)
        if self.solves(c, 1.0):
            c.talking = False
            if self.lucky(private.withdraw_probability):
                post.end = min(post.end, self.now)
            else:
                post.thread += (
                    math.log(1 - private.resolved_damping)
                    if private.resolved_damping < 1
                    else -math.inf
                )
        elif talk_round < private.rounds:
            self.file(post, talk_round + 1, self.up(private.round_time))
        else:
            c.talking = False
            self.anger_more(c, private.disappointment)
            if self.spreads and self.lucky(private.failed_repost_probability):
                self.plans[self.now + 1].append((c, "after_failure", post))
        return self.s.brand.round_work
