import { peerHue, shortPeer } from '../format.ts'
import { type Holder, isAnswering, type PageState } from '../state.ts'
import { chainPath, distanceOf, MAP_RADIUS, placePeers, RINGS_MS } from '../swarm-map.ts'
import { thisTab } from '../words/page.ts'
import { mapText, swarmWords as words } from '../words/swarm.ts'

/** Tokens seen on their way at once. */
const TOKENS_SHOWN = 4

/** A picture of what the table beside it says in words. */
export function SwarmMap({ state, holders, layers }: { state: PageState; holders: readonly Holder[]; layers: number }) {
  const { self, roundTrips, gone, turns } = state
  const last = turns.at(-1)
  const trace = last?.role === 'assistant' ? last.trace : undefined
  const answering = isAnswering(state)
  const lost = new Set(answering ? trace?.lost : [])
  const here = new Set(holders.map(({ entry }) => entry.announcement.peer))
  const ghosts = gone.filter(({ holder }) => !here.has(holder.entry.announcement.peer)).map(({ holder }) => holder)
  const peers = placePeers([...holders, ...ghosts], layers, self, roundTrips)
  const path = trace === undefined ? undefined : chainPath(trace.chain, peers, self)
  return (
    <figure class="map">
      <svg
        viewBox={`${-MAP_RADIUS} ${-MAP_RADIUS} ${2 * MAP_RADIUS} ${2 * MAP_RADIUS}`}
        role="img"
        aria-label={mapText(peers.length)}
      >
        {RINGS_MS.map(ms => (
          <g key={ms} class="ring">
            <circle r={distanceOf(ms)} />
            <text y={-distanceOf(ms) - 1.5}>{ms} ms</text>
          </g>
        ))}
        {path !== undefined && <path key={`drawn ${path}`} class={`way ${answering ? 'now' : ''}`} d={path} pathLength={1} />}
        {path !== undefined && answering && <Tokens path={path} count={trace!.tokens.length} />}
        {peers.map(({ peer, x, y, loading }) => (
          <g
            key={peer}
            class={`node peer ${loading ? 'loading' : ''} ${lost.has(peer) || !here.has(peer) ? 'gone' : ''}`}
            style={{ '--hue': peerHue(peer, self), transform: `translate(${x}px, ${y}px)` }}
          >
            <circle r={4.5} />
            <text y={11}>{shortPeer(peer)}</text>
          </g>
        ))}
        <g class="node peer self" style={{ '--hue': peerHue(self ?? '', self) }}>
          <circle r={6} />
          <text y={13}>{thisTab}</text>
        </g>
      </svg>
      <figcaption class="quiet-text">{words.mapCaption}</figcaption>
    </figure>
  )
}

/** Each token runs its way once; the next ones follow it. */
function Tokens({ path, count }: { path: string; count: number }) {
  return Array.from({ length: Math.min(TOKENS_SHOWN, count) }, (_, age) => count - age).map(token => (
    <circle key={token} class="token" r={2.2} style={{ 'offset-path': `path("${path}")` }} />
  ))
}
