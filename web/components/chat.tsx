import { useEffect, useRef, useState } from 'preact/hooks'
import { missingLayers } from '../layers.ts'
import { type ChatSettings, isAnswering, type PageState } from '../state.ts'
import { chatWords, privacyText } from '../words/chat.ts'
import { Answer } from './answer.tsx'
import { Composer } from './composer.tsx'
import { Conversations } from './conversations.tsx'
import { Drawer } from './drawer.tsx'
import { ModelPicker } from './model-picker.tsx'
import { Question } from './question.tsx'
import { Settings } from './settings.tsx'

export interface ChatActions {
  onSend: (text: string) => void
  onStopAnswer: () => void
  /** Answers the last question anew. */
  onRegenerate: () => void
  /** Asks another question in place of the turn at `index`, and forgets what came after it. */
  onEdit: (index: number, text: string) => void
  onNewChat: () => void
  onSettings: (change: Partial<ChatSettings>) => void
  onOpen: (conversation: string) => void
  onDelete: (conversation: string) => void
  onExport: () => void
  onExportAll: () => void
}

/** As far from its end the conversation is still followed: an answer's first line and the chain under it. */
const NEAR_END_PX = 240

/** Of the model that comes with Shoal, which goes on where a verse leaves off; others need no such help. */
const examples = {
  name: /psalter/i,
  texts: ['And he said unto me, Son of man', 'The LORD is my shepherd', 'Blessed are they that']
}

export interface ChatProps extends ChatActions {
  state: PageState
  onModel: (digest: string) => void
}

export function Chat({ state, onModel, ...actions }: ChatProps) {
  const { turns, settings, contextLength, gateway } = state
  const asked = settings.askedBy === 'gateway' ? gateway?.host : undefined
  const [adjusting, setAdjusting] = useState(false)
  const answering = isAnswering(state)
  return (
    <section class="chat" aria-labelledby="chat-title">
      <Conversations state={state} busy={answering} {...actions} />
      <div class="talk">
        <div class="chat-head">
          <h2 id="chat-title" class="unseen">
            {chatWords.title}
          </h2>
          <button type="button" class="quiet narrow-only" popovertarget="conversations">
            {chatWords.conversations}
          </button>
          <ModelPicker state={state} disabled={answering} onModel={onModel} />
          <div class="chat-tools">
            <button type="button" class="quiet" onClick={() => setAdjusting(true)} aria-haspopup="dialog">
              {chatWords.settings}
            </button>
            {turns.length > 0 && (
              <>
                <button type="button" class="quiet" onClick={actions.onExport} disabled={answering}>
                  {chatWords.export}
                </button>
                <button type="button" class="quiet narrow-only" onClick={actions.onNewChat} disabled={answering}>
                  {chatWords.newChat}
                </button>
              </>
            )}
          </div>
        </div>
        <Log state={state} answering={answering} {...actions} />
        <Composer
          answering={answering}
          turns={turns}
          system={settings.system}
          contextLength={contextLength}
          onSend={actions.onSend}
          onStopAnswer={actions.onStopAnswer}
        />
        <p class="privacy">{privacyText(asked)}</p>
      </div>
      <Drawer title={chatWords.settings} open={adjusting} onClose={() => setAdjusting(false)}>
        <Settings settings={settings} gateway={gateway?.host} onSettings={actions.onSettings} />
      </Drawer>
    </section>
  )
}

function Log({ state, answering, ...actions }: { state: PageState; answering: boolean } & ChatActions) {
  const { turns, self, conversation, gateway } = state
  const log = useRef<HTMLDivElement>(null)
  const last = turns.at(-1)
  const written = last?.role === 'assistant' ? last.text.length : 0
  useEffect(() => {
    const box = log.current
    // Whoever has scrolled back to read is left there.
    if (box !== null && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX) box.scrollTop = box.scrollHeight
  }, [turns.length, written])
  useEffect(() => {
    log.current?.scrollTo(0, log.current.scrollHeight)
  }, [conversation])
  const missing = missingLayers(state)
  return (
    <>
      {/* Not live: an answer grows by syllables. What is read out is below. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="log" role="log" aria-live="off" aria-label={chatWords.log} ref={log} tabIndex={0}>
        <div class="turns">
          {turns.length === 0 && <Empty state={state} onSend={actions.onSend} />}
          {turns.map((turn, index) =>
            turn.role === 'user' ? (
              <Question key={index} text={turn.text} busy={answering} onEdit={text => actions.onEdit(index, text)} />
            ) : (
              <Answer
                key={index}
                turn={turn}
                self={self}
                missing={missing}
                cloudKnown={gateway !== undefined}
                {...(index === turns.length - 1 && !answering ? { onRegenerate: actions.onRegenerate } : {})}
                last={index === turns.length - 1}
              />
            )
          )}
        </div>
      </div>
      <p class="unseen" role="status">
        {answering ? chatWords.answering : last?.role === 'assistant' ? last.text : ''}
      </p>
    </>
  )
}

function Empty({ state: { model, gateway, settings }, onSend }: { state: PageState; onSend: (text: string) => void }) {
  return (
    <div class="empty">
      <p class="invitation">{chatWords.invitation}</p>
      <p>
        {chatWords.lede} {(gateway === undefined || settings.askedBy === 'tab') && chatWords.ledeTab}
      </p>
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
  )
}
