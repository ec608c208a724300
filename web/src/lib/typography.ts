// French sets « : ; ! ? % » and the inside of « » off by a space that never breaks. Sentences of the server have ordinary ones, and
// files, searches and answers keep them: only what is shown is set, where it is shown.

const OPEN = /« /g;
const CLOSE = / (?=»)/g;
const THIN = / (?=[;!?](?:[\s\u00a0)»]|$))/g;
const WIDE = / (?=:(?:[\s\u00a0]|$))/g;
const UNIT = /(\d) (?=[%€°])/g;
const ANY = /« | [»;!?:]|\d [%€°]/;

/** A text with the spaces that French does not break. */
export const unbroken = (text: string): string =>
  ANY.test(text) ? text.replace(OPEN, '«\u00a0').replace(CLOSE, '\u00a0').replace(THIN, '\u202f').replace(WIDE, '\u00a0').replace(UNIT, '$1\u00a0') : text;

/** What is typed, compared or copied letter by letter keeps its spaces. */
const AS_IT_IS = 'script, style, textarea, option, pre, code, [contenteditable]';

function set(node: Node): void {
  if (!(node instanceof Text)) return;
  const [text, at] = [node.data, node.parentElement];
  const shown = unbroken(text);
  if (shown !== text && at && !at.closest(AS_IT_IS)) node.data = shown;
}

/** Sets every text of the page, and those that come. One place, so that no sentence is forgotten: they come from a hundred answers. */
export function setSpaces(root: HTMLElement): void {
  const walk = (from: Node): void => {
    set(from);
    const texts = document.createTreeWalker(from, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) set(texts.currentNode);
  };
  walk(root);
  const seen = new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'characterData') set(target);
      else addedNodes.forEach(walk);
    }
    // What was just set is not looked at again.
    seen.takeRecords();
  });
  seen.observe(root, { childList: true, characterData: true, subtree: true });
}
