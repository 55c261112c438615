import { countText, msText, peerHue, shortPeer, spanText } from '../format.ts'
import { coverage, type Holder, holdersOf, lanesOf, missingSpans } from '../layers.ts'
import type { PageState } from '../state.ts'
import { missingLayersNotice, nothingHeldNotice } from '../words.ts'
import { NoticeBox } from './notice.tsx'

export function Swarm({ state, onModel }: { state: PageState; onModel: (digest: string) => void }) {
  const { model, models, directory, connection } = state
  return (
    <section class="swarm" aria-labelledby="swarm-title">
      <div class="heading">
        <h2 id="swarm-title">The swarm now</h2>
        {model !== undefined && (
          <p class="quiet-text">
            {models.length > 1 ? (
              <select aria-label="Model" value={model.digest} onChange={event => onModel(event.currentTarget.value)}>
                {models.map(({ digest, name }) => (
                  <option key={digest} value={digest}>
                    {name}
                  </option>
                ))}
              </select>
            ) : (
              <span>{model.name}</span>
            )}{' '}
            <span title={`Digest of the manifest: ${model.digest}`}>{model.digest.slice(0, 8)}</span>
          </p>
        )}
      </div>
      {model !== undefined && directory !== undefined && (
        <Picture holders={holdersOf(directory, model.digest)} layers={model.layers} self={state.self} />
      )}
      {(model === undefined || directory === undefined) && connection.phase !== 'unreachable' && (
        <p class="quiet-text">Asking who is here…</p>
      )}
    </section>
  )
}

function Picture({ holders, layers, self }: { holders: readonly Holder[]; layers: number; self: string | undefined }) {
  const covered = coverage(holders, layers)
  const missing = missingSpans(covered)
  const serving = new Set(holders.filter(({ offer }) => offer.state === 'serving').map(({ entry }) => entry.announcement.peer))
  return (
    <>
      <div class="picture" style={{ '--layers': layers }}>
        <ol class="layers" aria-label="Layers of the model and how many peers serve each">
          {covered.map((count, layer) => (
            <li key={layer} class={count === 0 ? 'missing' : ''} title={`Layer ${layer + 1}: ${countText(count, 'peer')}`}>
              <span class="number" aria-hidden="true">
                {layer + 1}
              </span>
              <span class="unseen">
                layer {layer + 1}: {count === 0 ? 'nobody' : countText(count, 'peer')}
              </span>
            </li>
          ))}
        </ol>
        {lanesOf(holders).map(lane => (
          <ul class="lane" key={lane[0]!.entry.announcement.peer} aria-label="Peers and the layers they hold">
            {lane.map(holder => (
              <Brick key={holder.entry.announcement.peer} holder={holder} self={self} />
            ))}
          </ul>
        ))}
      </div>
      {holders.length === 0 ? (
        <NoticeBox notice={nothingHeldNotice} />
      ) : missing.length > 0 ? (
        <NoticeBox notice={missingLayersNotice(missing)} />
      ) : (
        <p class="quiet-text">
          Every layer is held. {countText(serving.size, 'peer serves', 'peers serve')} the {layers} layers.
        </p>
      )}
      {holders.length > 0 && <Details holders={holders} self={self} />}
    </>
  )
}

function Brick({ holder, self }: { holder: Holder; self: string | undefined }) {
  const { announcement } = holder.entry
  const { span, state } = holder.offer
  const mine = announcement.peer === self
  return (
    <li
      class={`brick peer ${state} ${mine ? 'mine' : ''}`}
      style={{ 'grid-column': `${span.first + 1} / ${span.end + 1}`, '--hue': peerHue(announcement.peer, self) }}
      title={`${announcement.peer}\n${announcement.adapter}`}
    >
      <b>{mine ? 'this tab' : shortPeer(announcement.peer)}</b>
      <span class="what">
        {state === 'loading' ? 'loading ' : ''}
        {spanText(span)}
        <span class="unseen">, {announcement.agent === 'tab' ? 'a browser tab' : 'a headless peer'}</span>
      </span>
    </li>
  )
}

function Details({ holders, self }: { holders: readonly Holder[]; self: string | undefined }) {
  return (
    <details>
      <summary>Peers in detail</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Peer</th>
              <th scope="col">Kind</th>
              <th scope="col">Holds</th>
              <th scope="col">Adapter</th>
              <th scope="col" class="right">
                Time a token
              </th>
              <th scope="col" class="right">
                Free KV
              </th>
            </tr>
          </thead>
          <tbody>
            {holders.map(({ entry: { announcement }, offer }) => (
              <tr key={announcement.peer}>
                <th scope="row" class="peer" style={{ '--hue': peerHue(announcement.peer, self) }}>
                  <i class="dot" /> {shortPeer(announcement.peer)}
                  {announcement.peer === self && ' (this tab)'}
                </th>
                <td>{announcement.agent === 'tab' ? 'tab' : 'headless'}</td>
                <td>{spanText(offer.span)}</td>
                <td>{announcement.adapter}</td>
                <td class="right">
                  {offer.state === 'loading' || offer.decodeRate <= 0
                    ? 'loading'
                    : msText(((offer.span.end - offer.span.first) * 1000) / offer.decodeRate)}
                </td>
                <td class="right">{offer.state === 'loading' ? '' : countText(offer.freeKvTokens, 'token')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
