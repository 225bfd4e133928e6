// One auction: its postings with every bid, what the scores are made of, what was promised, what happened.
const COLOURS = ['var(--t0)', 'var(--t1)', 'var(--t2)', 'var(--t3)', 'var(--t4)', 'var(--t5)'];
// What makes an auction notable, and what that is.
const MARKS = { tie: 'decided by a tie', bond: 'a bond binds', repost: 'posted again', regret: 'largest regret of its arm' };
const MEANINGS = {
  tie: 'Two or more had the best score, and the lottery decided.',
  bond: 'A winner would owe more on failure than its bond, which limits it, or somebody could not post its bond.',
  repost: 'The first offer of the task did not solve it, so that it was offered again.',
  regret: 'In no other auction of its arm was welfare so far below what the best choice would have made.',
};
const [AGENT, CLAIM, ASK, TERMS, SCORE, LOTTERY, OUTCOME, REASON, BINDS] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const BAR = { width: 180, height: 22 };

const textsOf = (data, places) => places.map((place) => data.texts[place]);

// What is drawn of a bid: the terms of its score, or its ask where the rule ranks nobody.
function partsOf(data, posting, bid) {
  if (posting.terms.length) return bid[SCORE] === null ? [] : bid[TERMS].map(finite);
  return bid[ASK] === null ? [] : [finite(bid[ASK])];
}

const lineOf = (posting) => finite(posting.terms.length ? posting.least : posting.money[1]);

function scaleOf(data, postings) {
  let low = 0;
  let high = 0;
  for (const posting of postings) {
    const line = lineOf(posting);
    if (line !== null) [low, high] = [Math.min(low, line), Math.max(high, line)];
    for (const bid of posting.bids) {
      const parts = partsOf(data, posting, bid).filter((part) => part !== null);
      low = Math.min(low, parts.filter((part) => part < 0).reduce((sum, part) => sum + part, 0));
      high = Math.max(high, parts.filter((part) => part > 0).reduce((sum, part) => sum + part, 0));
    }
  }
  const span = high - low || 1;
  return (value) => 4 + ((value - low) / span) * (BAR.width - 8);
}

function barOf(data, posting, bid, x) {
  const parts = partsOf(data, posting, bid);
  if (!parts.length) return null;
  const names = posting.terms.length ? textsOf(data, posting.terms) : ['ask'];
  const svg = draw('svg', { width: BAR.width, height: BAR.height, role: 'img' });
  const said = names.map((name, place) => `${name} ${number(parts[place])}`);
  if (posting.terms.length) said.push(`score ${number(bid[SCORE])}`);
  svg.setAttribute('aria-label', said.join(', '));
  svg.append(draw('title', {}, said.join(', ')));
  const ends = { up: 0, down: 0 };
  parts.forEach((part, place) => {
    if (!part) return;
    const side = part > 0 ? 'up' : 'down';
    const [from, to] = [x(ends[side]), x(ends[side] + part)];
    ends[side] += part;
    const box = { x: Math.min(from, to), width: Math.max(Math.abs(to - from), 1), y: 4, height: BAR.height - 8 };
    svg.append(draw('rect', { ...box, fill: COLOURS[place % COLOURS.length] }));
  });
  const rule = (at, extra) => svg.append(draw('line', { x1: at, x2: at, y1: 0, y2: BAR.height, ...extra }));
  rule(x(0), { stroke: 'var(--grey)' });
  const line = lineOf(posting);
  if (line !== null) rule(x(line), { stroke: 'var(--bad)', 'stroke-width': 1.5, 'stroke-dasharray': '3 2' });
  const score = finite(bid[SCORE]);
  if (posting.terms.length && score !== null) {
    const at = x(score);
    svg.append(draw('path', { d: `M${at} 3 l4 8 l-4 8 l-4 -8 z`, fill: 'var(--ink)', stroke: 'var(--card)' }));
  }
  return svg;
}

function legendOf(data, posting) {
  const names = posting.terms.length ? textsOf(data, posting.terms) : ['ask'];
  const parts = names.map((name, place) => {
    const swatch = make('i');
    swatch.style.background = COLOURS[place % COLOURS.length];
    return make('span', {}, swatch, name);
  });
  if (posting.terms.length) parts.push(make('span', {}, '◆ score'));
  const line = lineOf(posting);
  const what = posting.terms.length ? 'least score that is hired' : 'reserve';
  if (line !== null) parts.push(make('span', {}, `┆ ${what}, ${number(line)}`));
  return make('div', { class: 'legend' }, parts);
}

function bidsOf(data, posting, x) {
  const ranked = posting.terms.length > 0;
  const heads = ['agent', 'claim', 'ask', ranked ? 'score' : 'ask against the reserve', 'what became of it, and why'];
  if (ranked) heads.splice(4, 0, '');
  const rows = posting.bids.map((bid) => {
    const outcome = data.texts[bid[OUTCOME]];
    const why = make('td', { class: 'why' }, make('b', {}, outcome), `: ${data.texts[bid[REASON]]}`);
    if (bid[BINDS]) why.append(make('br'), make('span', { class: 'badge' }, 'its bond binds'), BOUND);
    return make(
      'tr',
      { class: outcome === 'won' ? 'won' : null },
      make('th', { scope: 'row' }, data.agents[bid[AGENT]]),
      make('td', { class: 'number', 'data-label': 'claim' }, number(bid[CLAIM])),
      make('td', { class: 'number', 'data-label': 'ask' }, number(bid[ASK])),
      make('td', { class: 'bar' }, barOf(data, posting, bid, x)),
      ranked ? make('td', { class: 'number', 'data-label': 'score' }, number(bid[SCORE])) : null,
      why,
    );
  });
  const plain = { scope: 'col' };
  const head = make('tr', {}, heads.map((name, place) => make('th', place === 1 || place === 2 ? { ...plain, class: 'number' } : plain, name)));
  const table = make('table', { class: 'bids' }, make('thead', {}, head), make('tbody', {}, rows));
  const box = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'bids of this posting' }, table);
  return [legendOf(data, posting), box, termsOf(data, posting)];
}

const BOUND = ' without a limit the rule would take more on failure';

// The terms, and the lottery that decides between equal scores, as numbers.
function termsOf(data, posting) {
  const names = ['agent', ...textsOf(data, posting.terms), ...(posting.terms.length ? ['score'] : []), 'lottery'];
  const rows = posting.bids.map((bid) => {
    const numbers = [...bid[TERMS], ...(posting.terms.length ? [bid[SCORE]] : []), bid[LOTTERY]];
    const cells = numbers.map((value) => make('td', { class: 'number' }, number(value)));
    return make('tr', {}, make('th', { scope: 'row' }, data.agents[bid[AGENT]]), cells);
  });
  const head = make('tr', {}, names.map((name, place) => make('th', { scope: 'col', class: place ? 'number' : null }, name)));
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, rows));
  const box = make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'the same as numbers' }, table);
  return make('details', {}, make('summary', {}, 'The same as numbers, with the lottery'), box);
}

function sentences(title, lines) {
  if (!lines.length) return [];
  return [make('h4', {}, title), make('ul', {}, lines.map((line) => make('li', {}, line)))];
}

// Where each agent is alone, markets with the same terms at the same ticks are shown as one.
function merged(postings) {
  const found = new Map();
  for (const posting of postings) {
    const key = JSON.stringify([posting.market === '' ? '' : 'alone', posting.number, posting.ticks, posting.money, posting.least, posting.terms]);
    const before = found.get(key);
    if (!before) {
      found.set(key, { ...posting, ended: [[posting.market, posting.closed]] });
      continue;
    }
    const both = (name) => [...new Set([...before[name], ...posting[name]])];
    const ended = [...before.ended, [posting.market, posting.closed]];
    const bids = [...before.bids, ...posting.bids];
    found.set(key, { ...before, bids, ended, market: 'each agent', promised: both('promised'), happened: both('happened') });
  }
  return [...found.values()];
}

function endOf(posting) {
  if (posting.ended.length === 1) return [`The posting ended: ${posting.closed}.`];
  const words = [...new Set(posting.ended.map((pair) => pair[1]))];
  const markets = (word) => posting.ended.filter((pair) => pair[1] === word).map((pair) => pair[0]).join(', ');
  return words.map((word) => `The posting ended as ${word} in the market of ${markets(word)}.`);
}

// That nobody is hired in one market is no news where somebody is in another.
function promisesOf(data, posting) {
  const lines = textsOf(data, posting.promised);
  const hired = posting.bids.some((bid) => data.texts[bid[OUTCOME]] === 'won');
  return hired ? lines.filter((line) => line !== 'nobody is hired') : lines;
}

function postingOf(data, posting, count, x) {
  const [value, reserve, penalty] = posting.money;
  const market = posting.market ? `Market of ${posting.market}: ` : '';
  const offer = count > 1 && !posting.market ? `: offer ${posting.number + 1} of ${count}` : '';
  const title = `${market}${market ? 'p' : 'P'}osting ${posting.number}${offer}`;
  const terms =
    `Posted at tick ${posting.ticks[0]}, cleared at tick ${posting.ticks[1]}. ` +
    `Value ${amount(value)}, reserve ${amount(reserve)}, penalty ${amount(penalty)}.`;
  return make(
    'div',
    { class: 'posting' },
    make('h4', {}, title),
    make('p', { class: 'note' }, terms),
    bidsOf(data, posting, x),
    sentences('What was promised, and where the price came from', promisesOf(data, posting)),
    sentences('What happened', [...textsOf(data, posting.happened), ...endOf(posting)]),
  );
}

function saidOf(auction) {
  return auction.said.map((one) => {
    const parts = ['system', 'prompt', 'answer', 'read', 'verdict'].filter((name) => one[name]);
    const bodies = parts.map((name) => [make('h4', {}, name), make('pre', { class: 'said' }, one[name])]);
    return make('details', {}, make('summary', {}, one.head), bodies);
  });
}

function outcomeOf(auction) {
  const last = auction.postings[auction.postings.length - 1];
  if (!last) return 'no posting';
  const closed = auction.postings.map((posting) => posting.closed);
  if (new Set(auction.postings.map((posting) => posting.market)).size > 1) {
    return `${closed.filter((word) => word === 'solved').length} of ${closed.length} markets solved`;
  }
  return last.closed;
}

function winnersOf(data, auction) {
  const names = auction.postings.flatMap((posting) =>
    posting.bids.filter((bid) => data.texts[bid[OUTCOME]] === 'won').map((bid) => data.agents[bid[AGENT]]),
  );
  return [...new Set(names)];
}

function showAuction(data, arm, auction, into) {
  const winners = winnersOf(data, auction);
  const few = winners.length > 3 ? `${winners.length} agents` : winners.join(' and ');
  const hired = winners.length ? `${few} ${winners.length > 1 ? 'were' : 'was'} hired` : 'nobody was hired';
  const regret = auction.regret === null ? '' : ` Regret to the outcome oracle: ${dollars(auction.regret)}.`;
  const postings = merged(auction.postings);
  const x = scaleOf(data, postings);
  const said = saidOf(auction);
  into.replaceChildren(
    make('h3', { id: 'auction-title' }, `${data.tasks[auction.t]}, replication ${auction.r}, arm ${arm.name}`),
    ...auction.marks.map((mark) => make('p', { class: 'note' }, make('span', { class: 'badge' }, MARKS[mark]), MEANINGS[mark])),
    make('p', { class: 'story' }, `Rule: ${arm.rule}. In short: ${hired}; the task ended: ${outcomeOf(auction)}.${regret}`),
    ...postings.map((posting) => postingOf(data, posting, postings.length, x)),
    make('h4', {}, 'What would have been best'),
    make('p', { class: 'best' }, data.texts[auction.best]),
    make('h4', {}, 'The market around it'),
    make('div', { class: 'time', tabindex: 0, role: 'region', 'aria-label': 'timeline' }),
    ...(said.length ? [make('h4', {}, 'What was asked and answered'), ...said] : []),
  );
}
