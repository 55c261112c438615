import { peerHue, shortPeer, spanText } from '../format.ts'
import { coverage, holdersOf, lanesOf, missingSpans } from '../layers.ts'
import { type Holder, isAnswering, type PageState } from '../state.ts'
import { rowsOf } from '../swarm-table.ts'
import { coverageText, thisTab } from '../words/page.ts'
import { layerText, missingLayersNotice, nothingHeldNotice, swarmWords as words } from '../words/swarm.ts'
import { Choices } from './choices.tsx'
import { ModelPicker } from './model-picker.tsx'
import { NoticeBox } from './notice.tsx'
import { SwarmMap } from './swarm-map.tsx'
import { SwarmTable } from './swarm-table.tsx'

export function Swarm({ state, onModel }: { state: PageState; onModel: (digest: string) => void }) {
  const { model, directory, connection, self, roundTrips } = state
  if (model === undefined || directory === undefined)
    return (
      <section class="swarm" aria-labelledby="swarm-title">
        <h2 id="swarm-title">{words.title}</h2>
        {connection.phase !== 'unreachable' && <p class="quiet-text">{coverageText(undefined)}</p>}
      </section>
    )
  const holders = holdersOf(directory, model.digest)
  return (
    <section class="swarm" aria-labelledby="swarm-title">
      <div class="heading">
        <h2 id="swarm-title">{words.title}</h2>
        <span class="quiet-text" title={`${words.digest}: ${model.digest}`}>
          {model.digest.slice(0, 8)}
        </span>
        <ModelPicker state={state} disabled={isAnswering(state)} onModel={onModel} />
      </div>
      <div class="swarm-parts">
        <div class="card">
          <SwarmMap state={state} holders={holders} layers={model.layers} />
        </div>
        <div class="aside">
          <div class="card">
            <Picture holders={holders} layers={model.layers} self={self} />
          </div>
          <Choices gateway={state.gateway} />
        </div>
      </div>
      {holders.length > 0 && <SwarmTable rows={rowsOf(holders, roundTrips)} self={self} />}
    </section>
  )
}

function Picture({ holders, layers, self }: { holders: readonly Holder[]; layers: number; self: string | undefined }) {
  const covered = coverage(holders, layers)
  const missing = missingSpans(covered)
  return (
    <>
      <h3>{words.coverage}</h3>
      <div class="picture" style={{ '--layers': layers }}>
        <ol class="layers" aria-label={words.layers}>
          {covered.map((count, layer) => (
            <li key={layer} class={count === 0 ? 'missing' : count === 1 ? 'thin' : ''} title={layerText(layer, count)}>
              <span class="number" aria-hidden="true">
                {layer + 1}
              </span>
              <span class="unseen">{layerText(layer, count)}</span>
            </li>
          ))}
        </ol>
        {lanesOf(holders).map(lane => (
          <ul class="lane" key={lane[0]!.entry.announcement.peer} aria-label={words.lane}>
            {lane.map(holder => (
              <Brick key={holder.entry.announcement.peer} holder={holder} self={self} />
            ))}
          </ul>
        ))}
      </div>
      {holders.length === 0 ? (
        <NoticeBox notice={nothingHeldNotice} />
      ) : (
        missing.length > 0 && <NoticeBox notice={missingLayersNotice(missing)} />
      )}
      <ul class="legend" aria-hidden="true">
        <li>
          <i /> {words.legend.well}
        </li>
        <li>
          <i class="thin" /> {words.legend.thin}
        </li>
        <li>
          <i class="missing" /> {words.legend.missing}
        </li>
      </ul>
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
      <b>{mine ? thisTab : shortPeer(announcement.peer)}</b>
      <span class="what">
        {state === 'loading' ? `${words.loading} ` : ''}
        {spanText(span)}
        <span class="unseen">, {words.agents[announcement.agent]}</span>
      </span>
    </li>
  )
}
