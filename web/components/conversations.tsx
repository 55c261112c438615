import { useState } from 'preact/hooks'
import type { ConversationHead, PageState } from '../state.ts'
import { chatWords } from '../words/chat.ts'

interface ConversationsProps {
  state: PageState
  busy: boolean
  onNewChat: () => void
  onOpen: (conversation: string) => void
  onDelete: (conversation: string) => void
  onExportAll: () => void
}

/** Beside the chat on a desk, a popover over it on a phone. */
export function Conversations({ state, busy, onNewChat, onOpen, onDelete, onExportAll }: ConversationsProps) {
  const { conversations, conversation } = state
  const closing = (act: () => void) => () => {
    document.getElementById('conversations')?.hidePopover()
    act()
  }
  return (
    <nav id="conversations" class="conversations" popover="auto" aria-label={chatWords.conversations}>
      <div class="heading">
        <h3>{chatWords.conversations}</h3>
        <button type="button" class="quiet" disabled={busy} onClick={closing(onNewChat)}>
          {chatWords.newChat}
        </button>
      </div>
      {conversations.length === 0 ? (
        <p class="quiet-text">{chatWords.noConversations}</p>
      ) : (
        <ol>
          {conversations.map(head => (
            <Entry
              key={head.id}
              head={head}
              shown={head.id === conversation}
              busy={busy}
              onOpen={closing(() => onOpen(head.id))}
              onDelete={() => onDelete(head.id)}
            />
          ))}
        </ol>
      )}
      {conversations.length > 0 && (
        <p class="quiet-text">
          {chatWords.keptHere}{' '}
          <button type="button" class="link" onClick={onExportAll}>
            {chatWords.exportAll}
          </button>
        </p>
      )}
    </nav>
  )
}

interface EntryProps {
  head: ConversationHead
  shown: boolean
  busy: boolean
  onOpen: () => void
  onDelete: () => void
}

function Entry({ head, shown, busy, onOpen, onDelete }: EntryProps) {
  const [asking, setAsking] = useState(false)
  return (
    <li class={shown ? 'shown' : ''}>
      <button type="button" class="open" disabled={busy} aria-current={shown ? 'true' : undefined} onClick={onOpen}>
        {head.title}
      </button>
      {asking ? (
        <>
          <button type="button" class="link alarm" onClick={onDelete}>
            {chatWords.reallyDelete}
          </button>
          <button type="button" class="link" onClick={() => setAsking(false)}>
            {chatWords.keep}
          </button>
        </>
      ) : (
        <button
          type="button"
          class="link"
          disabled={busy && shown}
          aria-label={`${chatWords.delete}: ${head.title}`}
          onClick={() => setAsking(true)}
        >
          {chatWords.delete}
        </button>
      )}
    </li>
  )
}
