// Whether the list of shortcuts is open: a key opens it, or a line of a menu.
class Shortcuts {
  open = $state(false);
}
export const shortcuts = new Shortcuts();
