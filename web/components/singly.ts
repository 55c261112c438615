/**
 * For buttons that turn into their opposite: the second click of a double click would undo what the first one did.
 */
export function singly(act: () => void): (event: MouseEvent) => void {
  return event => {
    if (event.detail < 2) act()
  }
}
