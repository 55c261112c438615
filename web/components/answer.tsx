import type { Span } from '../../peer/model/types.ts'
import type { ChainHop, HopTime } from '../../peer/session/types.ts'
import { countText, msText, peerHue, rateText, shortPeer, spanText } from '../format.ts'
import type { AnswerTrace, Turn } from '../state.ts'
import { chatWords, forgottenText, lostText, readsText, waitingText } from '../words/chat.ts'
import { placeText, placeWord } from '../words/choices.ts'
import { thisTab } from '../words/page.ts'
import { CopyButton } from './copyable.tsx'
import { Markdown } from './markdown.tsx'
import { NoticeBox } from './notice.tsx'

interface AnswerProps {
  turn: Turn & { role: 'assistant' }
  self: string | undefined
  /** Layers that nobody serves now. */
  missing: readonly Span[]
  /** There is a gateway that may ask one. */
  cloudKnown: boolean
  /** The conversation's end: its chain is shown whole. */
  last: boolean
  onRegenerate?: () => void
}

export function Answer({ turn, self, missing, cloudKnown, last, onRegenerate }: AnswerProps) {
  const { state, text, trace } = turn
  const over = state !== 'waiting' && state !== 'streaming'
  return (
    <article class="turn assistant" data-state={state} aria-label={chatWords.answer}>
      {turn.forgotten > 0 && <p class="quiet-text">{forgottenText(turn.forgotten)}</p>}
      <div class="text">
        {state === 'waiting' ? (
          <p class="quiet-text">{waitingText(missing)}</p>
        ) : (
          <Markdown text={text} recoveries={trace?.recoveries ?? []} caret={state === 'streaming'} />
        )}
      </div>
      {state === 'stopped' && <p class="quiet-text">{chatWords.stopped}</p>}
      {turn.cut && <p class="quiet-text">{chatWords.cut}</p>}
      {turn.notice !== undefined && <NoticeBox notice={turn.notice} urgent />}
      {trace !== undefined && <Trace trace={trace} self={self} cloudKnown={cloudKnown} open={last} />}
      {over && (
        <div class="turn-tools">
          {text !== '' && <CopyButton class="link" text={text} label={chatWords.copyAnswer} />}
          {onRegenerate !== undefined && (
            <button type="button" class="link" onClick={onRegenerate}>
              {chatWords.regenerate}
            </button>
          )}
        </div>
      )}
    </article>
  )
}

interface TraceProps {
  trace: AnswerTrace
  self: string | undefined
  cloudKnown: boolean
  open: boolean
}

function Trace({ trace, self, cloudKnown, open }: TraceProps) {
  const { chain, hops, lost, ttftMs, tpotMs } = trace
  const tokens = trace.answerTokens ?? trace.tokens.length
  const place = placeWord(trace)
  return (
    <details class="trace" open={open}>
      <summary>
        {lost.length > 0 && <span class="healed-mark">{lostText(lost.length)}</span>}
        <span class={`place ${place}`}>{place}</span>
        <span class="timing">
          {countText(tokens, 'token')}
          {ttftMs !== undefined && ` · first after ${msText(ttftMs)}`}
          {tpotMs !== undefined && tokens > 1 && ` · ${rateText(1000 / tpotMs)}`}
          {chain.length > 0 && ` · ${countText(chain.length, 'hop')}`}
        </span>
      </summary>
      <p class="quiet-text">{placeText(trace, cloudKnown)}</p>
      <ol class="chain" aria-label={chatWords.chain}>
        {chain.map((hop, index) => (
          <Hop
            key={`${hop.peer} ${hop.span.first}`}
            hop={hop}
            time={hops?.[index]}
            reads={readsText(index, chain.length)}
            self={self}
          />
        ))}
      </ol>
      {trace.numericsChanged && <p class="quiet-text">{chatWords.numericsChanged}</p>}
    </details>
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
      <b>{hop.peer === self ? thisTab : shortPeer(hop.peer)}</b>
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
