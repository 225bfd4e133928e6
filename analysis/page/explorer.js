// The explorer: which arm, which auction; a list that arrow keys walk through, and jumps to notable auctions.
const KINDS = ['tie', 'bond', 'repost', 'regret'];
const ABSENT = {
  tie: 'none was decided by a tie',
  bond: 'no bond binds',
  repost: 'none was posted again',
  regret: 'no regret is known, or there is none',
};

function explorer(data, root) {
  const state = { arm: 0, shown: [], at: 0, words: '' };
  const arms = make('select', { id: 'arm' }, data.arms.map((arm, place) => make('option', { value: place }, arm.name)));
  const search = make('input', { id: 'task', type: 'search', placeholder: 'name of a task', autocomplete: 'off' });
  const list = make('ul', { class: 'list', id: 'list', role: 'listbox', tabindex: 0, 'aria-label': 'Auctions of this arm' });
  const detail = make('div', { class: 'auction', id: 'auction', 'aria-live': 'off' });
  const jumps = make('div', { class: 'jumps', role: 'group', 'aria-label': 'Jump to a notable auction' });
  const count = make('span', { class: 'count', 'aria-live': 'polite' });
  const label = (text, field) => make('label', {}, text, field);
  root.replaceChildren(
    make('div', { class: 'picker' }, label('Arm', arms), label('Find a task', search), count),
    jumps,
    make('div', { class: 'pane' }, list, detail),
  );

  const own = () => data.arms[state.arm].auctions;

  function listed() {
    const words = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    const several = new Set(own().map((auction) => auction.r)).size > 1;
    state.shown = own().filter((auction) => {
      const text = `${data.tasks[auction.t]} replication ${auction.r} ${outcomeOf(auction)} ${winnersOf(data, auction).join(' ')}`;
      return words.every((word) => text.toLowerCase().includes(word));
    });
    const options = state.shown.map((auction, place) => {
      const winners = winnersOf(data, auction);
      const who = winners.length > 2 ? `${winners.length} hired` : winners.join(', ') || 'nobody';
      const name = several ? `${data.tasks[auction.t]} · replication ${auction.r}` : data.tasks[auction.t];
      const badges = auction.marks.map((mark) => make('span', { class: 'badge' }, MARKS[mark]));
      const text = make('small', {}, `${who}: ${outcomeOf(auction)}`);
      return make('li', { role: 'option', id: `option-${place}`, 'aria-selected': 'false' }, name, text, badges);
    });
    list.replaceChildren(...options);
    count.textContent = `${state.shown.length.toLocaleString('en-US')} of ${own().length.toLocaleString('en-US')} auctions of this arm`;
  }

  function choose(place, scroll = true) {
    const old = list.querySelector('[aria-selected="true"]');
    if (old) old.setAttribute('aria-selected', 'false');
    const auction = state.shown[place];
    if (!auction) {
      list.removeAttribute('aria-activedescendant');
      detail.replaceChildren(make('p', {}, 'No auction of this arm has these words.'));
      return;
    }
    state.at = place;
    const option = list.children[place];
    option.setAttribute('aria-selected', 'true');
    list.setAttribute('aria-activedescendant', option.id);
    if (scroll) {
      const [top, bottom] = [option.offsetTop - list.offsetTop, option.offsetTop - list.offsetTop + option.offsetHeight];
      if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
    }
    showAuction(data, data.arms[state.arm], auction, detail);
    const time = detail.querySelector('.time');
    showTimeline(data, state.arm, auction, time);
  }

  const at = (auction) => state.shown.findIndex((one) => one.r === auction.r && one.t === auction.t);

  // The same auction in another arm, so that arms are compared on the same luck.
  function goTo(arm, auction) {
    state.arm = arm;
    arms.value = String(arm);
    state.words = search.value = '';
    listed();
    choose(auction ? Math.max(at(auction), 0) : 0);
  }

  function jump(kind) {
    const all = data.arms.flatMap((arm, place) =>
      arm.auctions.filter((auction) => auction.marks.includes(kind)).map((auction) => [place, auction]),
    );
    const now = state.shown[state.at];
    const here = all.findIndex(([place, auction]) => place === state.arm && auction === now);
    const inArm = all.findIndex(([place]) => place === state.arm);
    const next = here >= 0 ? (here + 1) % all.length : Math.max(inArm, 0);
    goTo(...all[next]);
    announce(`${MARKS[kind]}: ${byId('auction-title').textContent}`);
  }

  for (const kind of KINDS) {
    const found = data.arms.reduce((sum, arm) => sum + arm.auctions.filter((auction) => auction.marks.includes(kind)).length, 0);
    if (!found) {
      const where = kind === 'bond' && !data.whole ? ' in the replications that are here' : '';
      jumps.append(make('span', {}, ABSENT[kind] + where));
      continue;
    }
    const button = make('button', { type: 'button', 'data-kind': kind }, `${MARKS[kind]} (${found.toLocaleString('en-US')})`);
    button.addEventListener('click', () => jump(kind));
    jumps.append(button);
  }
  jumps.prepend('Jump to one: ');
  arms.addEventListener('change', () => goTo(Number(arms.value), state.shown[state.at]));
  search.addEventListener('input', () => {
    state.words = search.value;
    listed();
    choose(0);
  });
  list.addEventListener('click', (event) => {
    const option = event.target.closest('[role="option"]');
    if (option) choose([...list.children].indexOf(option), false);
  });
  list.addEventListener('keydown', (event) => {
    const last = state.shown.length - 1;
    const page = 10;
    const steps = { ArrowDown: state.at + 1, ArrowUp: state.at - 1, Home: 0, End: last, PageDown: state.at + page, PageUp: state.at - page };
    if (!(event.key in steps) || last < 0) return;
    event.preventDefault();
    choose(Math.min(Math.max(steps[event.key], 0), last));
    announce(byId('auction-title').textContent);
  });
  let width = 0;
  new ResizeObserver(() => {
    const time = detail.querySelector('.time');
    if (!time || detail.clientWidth === width) return;
    width = detail.clientWidth;
    showTimeline(data, state.arm, state.shown[state.at], time);
  }).observe(detail);
  const first = data.arms.findIndex((arm) => arm.auctions.length);
  goTo(Math.max(first, 0), null);
}

const given = byId('data');
if (given && byId('explorer')) explorer(JSON.parse(given.textContent), byId('explorer'));
