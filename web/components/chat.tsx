import { useEffect, useRef } from 'preact/hooks'
import { missingLayers } from '../layers.ts'
import type { ChatSettings, PageState } from '../state.ts'
import { Answer } from './answer.tsx'
import { Composer } from './composer.tsx'

export interface ChatActions {
  onSend: (text: string) => void
  onStopAnswer: () => void
  onNewChat: () => void
  onSettings: (settings: ChatSettings) => void
}

/** As far from its end the conversation is still followed: an answer's first line and the chain under it. */
const NEAR_END_PX = 240

/** Of the model that comes with Shoal, which goes on where a verse leaves off; others need no such help. */
const examples = {
  name: /psalter/i,
  texts: ['And he said unto me, Son of man', 'The LORD is my shepherd', 'Blessed are they that']
}

export function Chat({ state, onSend, onStopAnswer, onNewChat, onSettings }: { state: PageState } & ChatActions) {
  const { turns, self, settings, model } = state
  const last = turns.at(-1)
  const answering = last?.role === 'assistant' && (last.state === 'waiting' || last.state === 'streaming')
  const log = useRef<HTMLDivElement>(null)
  const written = last?.role === 'assistant' ? last.text.length : 0
  useEffect(() => {
    const box = log.current
    // Whoever has scrolled back to read is left there.
    if (box !== null && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX) box.scrollTop = box.scrollHeight
  }, [turns.length, written])
  return (
    <section class="chat" aria-labelledby="chat-title">
      <div class="heading">
        <h2 id="chat-title">Chat</h2>
        {turns.length > 0 && (
          <button type="button" class="quiet" onClick={onNewChat} disabled={answering}>
            New chat
          </button>
        )}
      </div>
      <div class="log" role="log" aria-label="Conversation" ref={log} aria-busy={answering}>
        {turns.length === 0 && (
          <div class="empty">
            <p>Ask something. This tab drives the answer itself: it sends your words into the swarm and picks each next one.</p>
            <ul class="examples">
              {(examples.name.test(model?.name ?? '') ? examples.texts : []).map(text => (
                <li key={text}>
                  <button type="button" class="chip" onClick={() => onSend(text)}>
                    {text}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        )}
        {turns.map((turn, index) =>
          turn.role === 'user' ? (
            <p key={index} class="turn user">
              <span class="unseen">You: </span>
              {turn.text}
            </p>
          ) : (
            <Answer key={index} turn={turn} self={self} missing={missingLayers(state)} />
          )
        )}
      </div>
      <Composer answering={answering} settings={settings} onSend={onSend} onStopAnswer={onStopAnswer} onSettings={onSettings} />
      <p class="privacy">
        Peers are strangers: the first of a chain can read your prompt, the last can read the answer. Send nothing secret.
      </p>
    </section>
  )
}
