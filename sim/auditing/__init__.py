"""The incentive audit: what an agent gains by lying about its ask, its claim, or both; and attacks on all promises.

`sim.auditing.promises` attacks what a rule declares, letter by letter. The rest measures gains.

Gain of a lie m = (a', q') at type t = (p, c), against a draw w of everything else (rivals' bids, reserve, lottery):

    D(m; t, w) = u(m; t, w) - u(truth; t, w),     u = p pay_success + (1 - p) pay_failure - c if hired, else 0

interim gain   g(t) = max_m E_w D: the lie is chosen before w is seen
ex post gain   E_w max_m D: it is chosen after; never below the interim gain

u is integrated over the agent's own outcome, so no outcome noise enters; every lie and every type meets the same draws
of w [GlassermanYao1992]. One-shot: a lie that pays through reputation, later postings or an advisor's memory is not
seen. Types and w are drawn independently of each other.

Deviations of several are measured where asked for (`sim.auditing.coalitions`): rings of k agents, one agent under m
names, a shill of the principal.
"""
