// A table that is wider than its room: the room scrolls sideways, says so, keeps the first column in sight and can be reached by
// keyboard. What is not too wide is left as it is.

/** Attach to what holds the table (`{@attach wide}`). */
export function wide(room: HTMLElement): () => void {
  room.classList.add('wide');
  const reachable = room.hasAttribute('tabindex');
  const look = (): void => {
    const over = room.scrollWidth - room.clientWidth;
    // Less than a letter is no column.
    room.toggleAttribute('data-wide', over > 4);
    room.toggleAttribute('data-more', over > 4 && room.scrollLeft < over - 4);
    if (reachable) return;
    if (over > 4) room.tabIndex = 0;
    else room.removeAttribute('tabindex');
  };
  const sized = new ResizeObserver(look);
  sized.observe(room);
  const table = room.querySelector('table');
  if (table) sized.observe(table);
  room.addEventListener('scroll', look, { passive: true });
  look();
  return () => {
    sized.disconnect();
    room.removeEventListener('scroll', look);
  };
}
