// The market around an auction: a row for each agent, a bar for each attempt, those of the auction itself in colour.
const LANE = 13;
const FEW_TICKS = 8;

function attemptsAround(data, place, auction) {
  const columns = data.attempts[`${place}:${auction.r}`];
  const found = [];
  for (let row = auction.near[0]; row < auction.near[1]; row += 1) {
    found.push(Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]])));
  }
  return found;
}

// Bars of one agent that overlap lie below one another.
function laned(attempts) {
  const ends = [];
  for (const one of attempts) {
    let lane = ends.findIndex((end) => end <= one.start);
    if (lane < 0) lane = ends.length;
    ends[lane] = Math.max(one.finish, one.start + 1);
    one.lane = lane;
  }
  return Math.max(ends.length, 1);
}

function wordsOf(data, one) {
  const status = data.statuses[one.status];
  const task = data.tasks[one.task] ?? `task number ${one.task}`;
  return (
    `${data.agents[one.agent]} at ${task}, posting ${one.posting}: tick ${one.start} to ${one.finish}, ` +
    `${status}${one.timed_out ? ' (deadline)' : ''}, paid ${dollars(one.payment)}, cost ${dollars(one.cost)}`
  );
}

function showTimeline(data, place, auction, into) {
  const attempts = attemptsAround(data, place, auction);
  const own = (one) => one.task === auction.t;
  const ticks = [...attempts.flatMap((one) => [one.start, Math.max(one.finish, one.start + 1)])];
  ticks.push(...auction.postings.flatMap((posting) => posting.ticks));
  const [first, last] = [Math.min(...ticks), Math.max(...ticks, Math.min(...ticks) + 1)];
  const agents = data.agents.map((name, at) => ({ name, rows: attempts.filter((one) => one.agent === at) }));
  const busy = agents.length > 12 ? agents.filter((agent) => agent.rows.length) : agents;
  const left = Math.min(150, 20 + 7 * Math.max(...busy.map((agent) => agent.name.length), 4));
  const width = Math.max(into.clientWidth || 600, 340);
  const x = (tick) => left + ((tick - first) / (last - first)) * (width - left - 12);
  let y = 22;
  const svg = draw('svg', { width, role: 'img', 'aria-label': `timeline, tick ${first} to ${last}` });
  const bars = [];
  for (const agent of busy) {
    const lanes = laned(agent.rows);
    const room = Math.max(lanes * LANE, LANE) + 8;
    bars.push(draw('line', { x1: left, x2: width - 12, y1: y + room - 2, y2: y + room - 2, stroke: 'var(--line)' }));
    const most = Math.floor((left - 14) / 6.6);
    const short = agent.name.length > most ? `${agent.name.slice(0, most - 1)}…` : agent.name;
    bars.push(draw('text', { x: 4, y: y + 12 }, short, draw('title', {}, agent.name)));
    for (const one of agent.rows) bars.push(barOfAttempt(data, one, own(one), x, y));
    y += room;
  }
  for (const posting of auction.postings) {
    const at = x(posting.ticks[1]);
    svg.append(draw('line', { x1: at, x2: at, y1: 16, y2: y, stroke: 'var(--accent)', 'stroke-dasharray': '4 3' }));
  }
  svg.append(...bars, ...axisOf(first, last, x, y));
  svg.setAttribute('height', y + 22);
  into.replaceChildren(svg);
  into.append(keyOfTimeline());
  const lines = attempts.map((one) => make('li', {}, `${own(one) ? '★ ' : ''}${wordsOf(data, one)}`));
  into.append(make('details', {}, make('summary', {}, 'These attempts in words'), make('ul', {}, lines)));
}

function barOfAttempt(data, one, own, x, y) {
  const passed = data.statuses[one.status] === 'PASS';
  const [from, to] = [x(one.start), x(Math.max(one.finish, one.start + 1))];
  const box = { x: from + 0.5, width: Math.max(to - from - 1, 2), y: y + 2 + one.lane * LANE, height: LANE - 3, rx: 2 };
  const colour = passed ? 'var(--good)' : 'var(--bad)';
  const bar = draw('rect', { ...box, fill: passed ? colour : 'none', stroke: colour, 'stroke-width': 1.2, opacity: own ? 1 : 0.4 });
  bar.append(draw('title', {}, wordsOf(data, one)));
  if (!own) return bar;
  const frame = { ...box, x: box.x - 2, y: box.y - 2, width: box.width + 4, height: box.height + 4 };
  return draw('g', {}, bar, draw('rect', { ...frame, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.4 }));
}

function axisOf(first, last, x, y) {
  const step = Math.max(1, Math.ceil((last - first) / FEW_TICKS));
  const marks = [];
  for (let tick = Math.ceil(first / step) * step; tick <= last; tick += step) {
    marks.push(draw('text', { class: 'axis', x: x(tick), y: y + 15, 'text-anchor': 'middle' }, String(tick)));
  }
  return [...marks, draw('text', { class: 'axis', x: 4, y: y + 15 }, 'tick')];
}

function keyOfTimeline() {
  const parts = ['filled: passed; open: failed or lost', 'framed: of this auction; pale: others', 'dashed line: a clearing of this auction'];
  return make('p', { class: 'legend' }, parts.map((part) => make('span', {}, part)));
}
