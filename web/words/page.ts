/**
 * Words of the page around its views, ready for translation: what views are called, whether the swarm is joined,
 * how well a model is held.
 */
import { InviteError } from '../../peer/errors.ts'
import { countText, listText, spanText } from '../format.ts'
import { missingSpans, thinSpans } from '../layers.ts'
import type { ModelCoverage, Notice, PageState } from '../state.ts'
import type { ViewName } from '../view-name.ts'

export const viewWords: Record<ViewName, string> = { chat: 'Chat', donate: 'Donate', swarm: 'Swarm' }

export const pageWords = {
  views: 'Views',
  skip: 'Skip to the content',
  donating: '(this tab is donating)'
}

export const closeWord = 'Close'

export const thisTab = 'this tab'

export const copyWords = { copy: 'Copy', copied: 'Copied', code: 'Copy the code' }

export const modelWords = { model: 'Model', about: 'About this model' }

export const markdownWords = { table: 'Table', picture: 'picture' }

export const connectionWords: Record<PageState['connection']['phase'], string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  unreachable: 'Not connected'
}

/** How well a model is held, in a sentence or two. */
export function coverageText(coverage: ModelCoverage | undefined): string {
  if (coverage === undefined) return 'Asking who is here…'
  if (coverage.peers === 0) return 'Nobody is donating yet.'
  const missing = missingSpans(coverage.counts)
  if (missing.length > 0) return `Nobody holds ${listText(missing.map(spanText))}.`
  const thin = thinSpans(coverage.counts)
  const serve = countText(coverage.peers, 'peer serves', 'peers serve')
  return `Every layer is held. ${serve}${thin.length === 0 ? '' : `; ${listText(thin.map(spanText))} by one only`}.`
}

/** The same for a list of models. */
export function coverageShort(coverage: ModelCoverage | undefined): string {
  if (coverage === undefined) return 'not asked yet'
  if (coverage.peers === 0) return 'nobody holds it'
  return missingSpans(coverage.counts).length > 0 ? 'layers missing' : `ready, ${countText(coverage.peers, 'peer')}`
}

export function unreachableNotice(bootstrap: string): Notice {
  return {
    title: 'The swarm cannot be reached',
    detail: `${bootstrap} does not answer. It may be down, or your network may block WebSockets. This page keeps trying.`
  }
}

/** Why the tab has not joined. */
export function joinNotice(thrown: unknown, bootstrap: string, invited: boolean): Notice {
  if (!(thrown instanceof InviteError)) return unreachableNotice(bootstrap)
  return invited
    ? {
        title: 'This invite does not open this swarm',
        detail: `The link may have been cut when it was copied, or belong to another swarm. Ask for it again. ${thrown.message}`
      }
    : {
        title: 'This swarm is private',
        detail:
          'It is open to those who have its invite link alone. Ask whoever runs it, and open the whole link, with all that stands behind its #.'
      }
}
