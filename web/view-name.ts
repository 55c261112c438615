/**
 * The page's three views and their place in its address: `#donate` opens Donate, so that links and the back button work.
 * More may follow behind an `&`.
 */
export const viewNames = ['chat', 'donate', 'swarm'] as const
export type ViewName = (typeof viewNames)[number]

/** Of an address's fragment; Chat where it names none. */
export function viewOf(hash: string): ViewName {
  const [first] = hash.slice(1).split('&')
  return viewNames.find(name => name === first) ?? 'chat'
}
