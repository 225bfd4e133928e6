"""The rule is asked about a posting, and asked again without who cannot post a bond."""

from sim.compiled.kernel.clearing import bar, bar_bondless, charge, fees_stand, form_bids, look_up, promises_stand
from sim.compiled.kernel.finish import have_in_hand
from sim.compiled.kernel.layout import RESERVE
from sim.compiled.kernel.piece import piece, run
from sim.compiled.kernel.writing import copy_hand


@piece
def ask(parts, size, market, hand):
    """Have the rule's award in hand; False where it is refused, or promises or asks for what nobody can owe."""
    if run(parts.clear, size, hand) != 0:
        return False
    return (not market.examined or promises_stand(size, hand)) and fees_stand(size, market, hand)


@piece
def award(r, t, p, tick, owner, parts, size, market, world, hand, lane, now, seen, done):
    """Whether there is an award in hand, whether the tender was withdrawn, and how many bids were made."""
    look_up(r, t, p, size, market, world, hand, lane)
    refused = form_bids(r, t, p, parts, size, market, world, hand, lane)
    withdrawn = market.budgets and lane.purse[owner] - lane.pledged[owner] < hand.floats[RESERVE * size.width]
    bar(tick, r, t, withdrawn, size, market, world, hand, lane, now)
    if market.reads:
        have_in_hand(world.family[t], size, hand, lane)
        refused += run(parts.read, size, hand)
    if market.draws_lottery and (done[3] < size.seen or size.clearings > 0):
        run(parts.draw_shown, size, hand)
    stands = ask(parts, size, market, hand) and refused == 0
    if market.draws_lottery and not stands:
        run(parts.draw_shown, size, hand)
    if stands and done[3] < size.seen:
        copy_hand(done[3], size, hand, seen)
        done[3] += 1
    bids = charge(withdrawn, size, market, lane, now)
    if market.bankrolls:
        while stands and bar_bondless(size, market, hand, lane, now):
            stands = ask(parts, size, market, hand)
    return stands, withdrawn, bids
