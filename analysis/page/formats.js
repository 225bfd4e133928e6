// What all parts share: elements made of texts, never of markup, and numbers as they are shown.
const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

function announce(text) {
  byId('announced').textContent = text;
}

// Four decimals, or as many as the first two digits need.
function number(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value.replace('inf', '∞');
  const size = Math.abs(value);
  if (size >= 1000) return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  const places = size === 0 || size >= 0.001 ? 4 : 1 - Math.floor(Math.log10(size));
  return value.toFixed(Math.min(places, 20)).replace('-', '−');
}

function dollars(value) {
  if (value === null || value === undefined) return 'not stated';
  const text = number(value);
  return text.startsWith('−') ? `−$${text.slice(1)}` : `$${text}`;
}

// A stated amount, without needless zeros.
function amount(value) {
  const text = dollars(value);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

const finite = (value) => (typeof value === 'number' ? value : null);
