// Tables: sorted by the buttons of their heads, filtered by the field above them.
const keyOf = (cell) => {
  if (!cell) return '';
  const given = cell.getAttribute('data-v');
  if (given === null) return cell.textContent.toLowerCase();
  return given === '' ? null : Number(given);
};

function inOrder(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null); // undefined last, either way
  if (typeof one === 'number' && typeof other === 'number') return sign * (one - other);
  return sign * String(one).localeCompare(String(other), 'en', { numeric: true });
}

function sortBy(head) {
  const table = head.closest('table');
  const body = table.tBodies[0];
  const place = [...head.parentNode.children].indexOf(head);
  const way = head.getAttribute('aria-sort') === 'descending' ? 'ascending' : 'descending';
  const first = head.classList.contains('number') ? way : head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
  for (const other of head.parentNode.children) other.setAttribute('aria-sort', 'none');
  head.setAttribute('aria-sort', first);
  const sign = first === 'ascending' ? 1 : -1;
  const rows = [...body.rows].map((row) => [keyOf(row.cells[place]), row]);
  rows.sort((one, other) => inOrder(one[0], other[0], sign));
  body.append(...rows.map((pair) => pair[1]));
  announce(`sorted by ${head.textContent}, ${first}`);
}

function filterRows(field) {
  const table = field.closest('.table');
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = [...table.querySelectorAll('tbody tr')];
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  table.querySelector('.count').textContent = words.length ? `${shown} of ${rows.length} rows` : '';
}

for (const button of document.querySelectorAll('button.sort')) {
  button.addEventListener('click', () => sortBy(button.closest('th')));
}
for (const field of document.querySelectorAll('.filter input')) {
  field.addEventListener('input', () => filterRows(field));
}
