/**
 * The page's three views and their place in its address: `#view=donate`, beside whatever else the fragment says, so that
 * links and the back button work.
 */
export const viewNames = ['chat', 'donate', 'swarm'] as const
export type ViewName = (typeof viewNames)[number]

/** Of an address's fragment; Chat where it names none. */
export function viewOf(hash: string): ViewName {
  const named = new URLSearchParams(hash.slice(1)).get('view')
  return viewNames.find(name => name === named) ?? 'chat'
}

/** The fragment that shows another view and keeps the rest. */
export function fragmentOf(hash: string, view: ViewName): string {
  const said = new URLSearchParams(hash.slice(1))
  said.set('view', view)
  return `#${said}`
}
