/**
 * Words of the swarm’s view, ready for translation: its map, its table, what nobody holds.
 */
import type { Span } from '../../peer/model/types.ts'
import { countText, listText, spanText } from '../format.ts'
import type { Notice } from '../state.ts'

export const swarmWords = {
  title: 'The swarm now',
  digest: 'Digest of the manifest',
  mapCaption:
    'Distance from the middle is the time a message takes there and back; the hour is the layers’ place in the model. On the rim: not measured from here.',
  coverage: 'Who holds which layers',
  layers: 'Layers of the model and how many peers serve each',
  lane: 'Peers and the layers they hold',
  legend: { well: 'several peers', thin: 'one peer', missing: 'nobody' },
  table: 'Peers in detail',
  columns: {
    peer: 'Peer',
    agent: 'Kind',
    span: 'Holds',
    adapter: 'Adapter',
    roundTripMs: 'Round trip',
    tokenMs: 'Time a token',
    queueMs: 'Queue',
    freeKvTokens: 'Free KV tokens'
  },
  agents: { tab: 'browser tab', node: 'headless peer' },
  unmeasured: '–',
  loading: 'loading'
}

export function layerText(layer: number, holders: number): string {
  return `layer ${layer + 1}: ${holders === 0 ? 'nobody' : countText(holders, 'peer')}`
}

export function mapText(peers: number): string {
  return `Map of this tab and ${countText(peers, 'peer')} by round-trip time; the table below says the same.`
}

export const nothingHeldNotice: Notice = {
  title: 'Nobody is donating yet',
  detail: 'The model runs once peers hold all its layers. Donate this tab, or start a peer with the command beside it.'
}

export function missingLayersNotice(missing: readonly Span[]): Notice {
  return {
    title: `Nobody holds ${listText(missing.map(spanText))} now`,
    detail: 'An answer needs every layer. Donate this tab to fill the gap, or wait for a peer to join.'
  }
}
