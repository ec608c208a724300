// Light or dark, as the computer has it or as the person chose; remembered on this computer.
export type Choice = 'auto' | 'clair' | 'sombre';
export const THEMES: { id: Choice; name: string }[] = [
  { id: 'auto', name: 'Système' },
  { id: 'clair', name: 'Clair' },
  { id: 'sombre', name: 'Sombre' },
];
const STORE = 'mosaique.theme';

function remembered(): Choice {
  try {
    const kept = localStorage.getItem(STORE);
    return kept === 'clair' || kept === 'sombre' ? kept : 'auto';
  } catch {
    return 'auto';
  }
}

class Theme {
  choice = $state<Choice>('auto');

  /** Applies the choice now and whenever the computer's own changes. */
  start(): void {
    this.choice = remembered();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    // Paper is white, whatever the screen.
    const paper = matchMedia('print');
    const apply = (): void => {
      const asked = this.choice === 'auto' ? (dark.matches ? 'sombre' : 'clair') : this.choice;
      document.documentElement.dataset['theme'] = paper.matches ? 'clair' : asked;
    };
    this.#apply = apply;
    for (const query of [dark, paper]) query.addEventListener('change', apply);
    apply();
  }

  choose(choice: Choice): void {
    this.choice = choice;
    try {
      if (choice === 'auto') localStorage.removeItem(STORE);
      else localStorage.setItem(STORE, choice);
    } catch {
      // Storage refused: the choice lives as long as the page.
    }
    this.#apply();
  }

  #apply: () => void = () => undefined;
}

export const theme = new Theme();
