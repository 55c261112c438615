/**
 * Conversations in this browser's IndexedDB: they never leave the machine. Where storage is refused (a private window, a
 * full disk) the page goes on and keeps nothing.
 */
import { type Conversation, newestFirst, readConversation, surplus } from './conversations.ts'
import type { ConversationHead } from './state.ts'

const DATABASE = 'shoal-conversations'
const STORE = 'conversations'

export interface ConversationStore {
  /** Newest first. */
  list: () => Promise<ConversationHead[]>
  /** Undefined where it is gone or not readable. */
  load: (id: string) => Promise<Conversation | undefined>
  /** Also drops the oldest beyond what is kept. */
  save: (conversation: Conversation) => Promise<void>
  delete: (id: string) => Promise<void>
  all: () => Promise<Conversation[]>
}

/** @throws DOMException where the browser refuses storage */
export async function openConversationStore(): Promise<ConversationStore> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' })
  const database = await settled(opening)
  // Another tab with a newer page wants to change it: this one keeps nothing from now on rather than stand in its way.
  database.onversionchange = () => database.close()
  const store = (mode: IDBTransactionMode) => database.transaction(STORE, mode).objectStore(STORE)
  const all = async () =>
    (await settled(store('readonly').getAll())).map(readConversation).filter(conversation => conversation !== undefined)
  const list = async () => newestFirst((await all()).map(({ id, title, changed }) => ({ id, title, changed })))
  return {
    list,
    all,
    load: async id => readConversation(await settled(store('readonly').get(id))),
    save: async conversation => {
      await settled(store('readwrite').put(conversation))
      for (const id of surplus(await list())) await settled(store('readwrite').delete(id))
    },
    delete: async id => {
      await settled(store('readwrite').delete(id))
    }
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'))
  })
}
