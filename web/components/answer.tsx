import type { Span } from '../../peer/model/types.ts'
import type { ChainHop, HopTime } from '../../peer/session/types.ts'
import { countText, msText, peerHue, shortPeer, spanText } from '../format.ts'
import type { AnswerTrace, Turn } from '../state.ts'
import { waitingText } from '../words.ts'
import { NoticeBox } from './notice.tsx'

interface AnswerProps {
  turn: Turn & { role: 'assistant' }
  self: string | undefined
  /** Layers that nobody serves now. */
  missing: readonly Span[]
}

export function Answer({ turn, self, missing }: AnswerProps) {
  return (
    <article class="turn assistant" data-state={turn.state}>
      {turn.forgotten > 0 && (
        <p class="quiet-text">
          The model reads only so much at once: {countText(turn.forgotten, 'earlier message was', 'earlier messages were')} left
          out.
        </p>
      )}
      <p class="text">
        <span class="unseen">Answer: </span>
        {turn.text}
        {turn.state === 'waiting' && <span class="quiet-text">{waitingText(missing)}</span>}
        {turn.state === 'streaming' && <span class="caret" />}
      </p>
      {turn.state === 'stopped' && <p class="quiet-text">Stopped.</p>}
      {turn.cut && <p class="quiet-text">Cut at the token limit; settings raise it.</p>}
      {turn.notice !== undefined && <NoticeBox notice={turn.notice} urgent />}
      {turn.trace !== undefined && <Trace trace={turn.trace} self={self} />}
    </article>
  )
}

function Trace({ trace, self }: { trace: AnswerTrace; self: string | undefined }) {
  const { chain, hops, lost } = trace
  return (
    <div class="trace">
      <ol class="chain" aria-label="The chain of peers that computed this answer">
        {chain.map((hop, index) => (
          <Hop
            key={`${hop.peer} ${hop.span.first}`}
            hop={hop}
            time={hops?.[index]}
            reads={readsOf(index, chain.length)}
            self={self}
          />
        ))}
      </ol>
      {lost.length > 0 && (
        <p class="quiet-text">
          {countText(lost.length, 'peer', 'peers')} left on the way; others took over and nothing was lost.
          {trace.numericsChanged && ' They round a little differently, so the words after that may too.'}
        </p>
      )}
      {trace.ttftMs !== undefined && trace.tpotMs !== undefined && (
        <p class="quiet-text timing">
          {countText(trace.tokens.length, 'token')}; the first after {msText(trace.ttftMs)}
          {trace.tokens.length > 1 && <>, then {msText(trace.tpotMs)} each</>}
        </p>
      )}
    </div>
  )
}

interface HopProps {
  hop: ChainHop
  time: HopTime | undefined
  reads: string
  self: string | undefined
}

function Hop({ hop, time, reads, self }: HopProps) {
  return (
    <li
      class="hop peer"
      style={{ '--hue': peerHue(hop.peer, self), 'flex-grow': hop.span.end - hop.span.first }}
      title={hop.peer}
    >
      <b>{hop.peer === self ? 'this tab' : shortPeer(hop.peer)}</b>
      <span>{spanText(hop.span)}</span>
      {time !== undefined && (
        <span class="time">
          {msText(time.computeMs)}
          {time.queueMs >= 0.5 && ` + ${msText(time.queueMs)} waiting`}
        </span>
      )}
      {reads !== '' && <span class="reads">{reads}</span>}
    </li>
  )
}

function readsOf(index: number, hops: number): string {
  const read = [index === 0 && 'the prompt', index === hops - 1 && 'the answer'].filter(Boolean)
  return read.length === 0 ? '' : `can read ${read.join(' and ')}`
}
