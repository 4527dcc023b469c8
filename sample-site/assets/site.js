// Progressive enhancement only: every page works without this file.
document.documentElement.classList.add('js');

for (const field of document.querySelectorAll('[data-filter-list]')) {
  const list = document.getElementById(field.dataset.filterList);
  const count = document.querySelector(`[data-filter-count="${field.dataset.filterList}"]`);
  field.addEventListener('input', () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const entry of list.children) {
      entry.hidden = wanted !== '' && !entry.textContent.toLowerCase().includes(wanted);
      if (!entry.hidden) shown += 1;
    }
    count.textContent = `${shown} ${shown === 1 ? 'member' : 'members'}`;
  });
}

for (const field of document.querySelectorAll('[data-count]')) {
  const note = document.getElementById(field.dataset.count);
  field.addEventListener('input', () => {
    note.textContent = `${field.maxLength - field.value.length} characters left`;
  });
}
