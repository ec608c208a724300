// A double click on the button of a form is one submit: the second would be told that what it asks is done already.

/** Milliseconds within which the same form, filled alike, is not sent again. */
const AGAIN = 1_000;

/** What the fields of a form hold, in order. */
const held = (form: HTMLFormElement): string =>
  [...form.elements].map((e) => ('value' in e ? `${String(e.value)} ${'checked' in e ? String(e.checked) : ''}` : '')).join('\n');

/** Stops submits that repeat the one before, wherever they are on the page. */
export function onceSubmitted(page: Document): void {
  const last = new WeakMap<EventTarget, { at: number; what: string }>();
  page.addEventListener(
    'submit',
    (event) => {
      if (!(event.target instanceof HTMLFormElement)) return;
      // Two buttons of one form (try, then keep) ask for two things.
      const button = event.submitter?.textContent ?? '';
      const [before, what] = [last.get(event.target), `${button}\n${held(event.target)}`];
      if (before && before.what === what && event.timeStamp - before.at < AGAIN) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      last.set(event.target, { at: event.timeStamp, what });
    },
    { capture: true },
  );
}
