/**
 * What the chat does: asks, stops, asks again, edits, and keeps conversations in this browser.
 */
import type { ChatActions } from './components/chat.tsx'
import { type ConversationStore, openConversationStore } from './conversation-store.ts'
import { type Conversation, fileNameOf, isKeepable, keptTurns, titleOf, toJson, toMarkdown } from './conversations.ts'
import { type Answerer, converse, messagesOf } from './converse.ts'
import { askGateway } from './gateway.ts'
import { keep, readKept } from './kept-settings.ts'
import { missingLayers } from './layers.ts'
import { type ChatSettings, initialSettings, isAnswering, type PageState, type Turn, withAnswer } from './state.ts'
import type { Store } from './store.ts'
import type { TabPeer } from './tab-peer.ts'
import { answerNotice, notJoinedNotice } from './words/chat.ts'

const SETTINGS_KEY = 'shoal/chat'

export class ChatControl {
  readonly #store: Store<PageState>
  readonly #peer: () => TabPeer | undefined
  readonly #kept: Promise<ConversationStore | undefined>
  #answering: AbortController | undefined

  readonly actions: ChatActions = {
    onSend: text => void this.#ask(this.#store.get().turns, text),
    onStopAnswer: () => this.stop(),
    onRegenerate: () => this.#regenerate(),
    onEdit: (index, text) => void this.#ask(this.#store.get().turns.slice(0, index), text),
    onNewChat: () => this.#show(undefined, []),
    onSettings: change => this.#choose({ ...this.#store.get().settings, ...change }),
    onOpen: id => void this.#open(id),
    onDelete: id => void this.#delete(id),
    onExport: () => void this.#export(),
    onExportAll: () => void this.#exportAll()
  }

  constructor(store: Store<PageState>, peer: () => TabPeer | undefined) {
    this.#store = store
    this.#peer = peer
    const settings = readKept(SETTINGS_KEY, initialSettings, isSettings)
    store.update(state => ({ ...state, settings }))
    this.#kept = openConversationStore().catch(() => undefined)
    void this.#list()
  }

  /** Ends the answer under way; what is written of it stays. */
  stop(): void {
    this.#answering?.abort()
  }

  async #ask(before: readonly Turn[], text: string): Promise<void> {
    if (this.#answering !== undefined) return
    const answering = new AbortController()
    this.#answering = answering
    const asked = [...before, { role: 'user' as const, text }]
    const waiting = { state: 'waiting', cut: false, forgotten: 0, notice: undefined, trace: undefined } as const
    this.#store.update(state => ({
      ...state,
      conversation: state.conversation ?? newId(),
      turns: [...asked, { role: 'assistant', text: '', ...waiting }]
    }))
    void this.#save()
    try {
      const { settings } = this.#store.get()
      const answerer = await this.#answerer()
      if (answerer === undefined) {
        const state = 'failed'
        this.#store.update(page => withAnswer(page, answer => ({ ...answer, state, notice: notJoinedNotice })))
        return
      }
      await converse(answerer, messagesOf(asked), settings, change => this.#store.update(change), answering.signal)
    } catch (error) {
      const stopped = answering.signal.aborted
      this.#store.update(state =>
        withAnswer(state, answer =>
          stopped
            ? { ...answer, state: 'stopped' }
            : { ...answer, state: 'failed', notice: answerNotice(error, missingLayers(state)) }
        )
      )
    } finally {
      this.#answering = undefined
      await this.#save()
    }
  }

  /** Whom the settings ask; undefined before the swarm is joined. */
  async #answerer(): Promise<Answerer | undefined> {
    const { model, settings, gateway, contextLength } = this.#store.get()
    const peer = this.#peer()
    if (model === undefined) return undefined
    if (gateway !== undefined && settings.askedBy === 'gateway') {
      const { url, host } = gateway
      if (contextLength === undefined) return undefined
      return { contextLength, gateway: host, complete: (request, signal) => askGateway(url, model.digest, request, signal) }
    }
    if (peer === undefined) return undefined
    const service = await peer.service(model.digest)
    return { contextLength: service.model.contextLength, gateway: undefined, complete: service.complete }
  }

  #regenerate(): void {
    const { turns } = this.#store.get()
    const last = turns.findLastIndex(turn => turn.role === 'user')
    const question = turns[last]
    if (question !== undefined) void this.#ask(turns.slice(0, last), question.text)
  }

  #choose(settings: ChatSettings): void {
    this.#store.update(state => ({ ...state, settings }))
    keep(SETTINGS_KEY, settings)
  }

  #show(conversation: string | undefined, turns: readonly Turn[]): void {
    if (this.#answering !== undefined) return
    this.#store.update(state => ({ ...state, conversation, turns }))
  }

  async #open(id: string): Promise<void> {
    const conversation = await (await this.#kept)?.load(id).catch(() => undefined)
    if (conversation === undefined) return void this.#list()
    this.#show(id, conversation.turns)
    if (this.#store.get().conversation === id) this.#choose({ ...this.#store.get().settings, system: conversation.system })
  }

  async #delete(id: string): Promise<void> {
    if (this.#store.get().conversation === id) {
      if (this.#answering !== undefined) return
      this.#show(undefined, [])
    }
    await (await this.#kept)?.delete(id).catch(() => {})
    await this.#list()
  }

  async #save(): Promise<void> {
    const conversation = this.#current()
    if (conversation === undefined || !isKeepable(conversation.turns)) return
    await (await this.#kept)?.save(conversation).catch(() => {})
    await this.#list()
  }

  async #list(): Promise<void> {
    const conversations = (await (await this.#kept)?.list().catch(() => [])) ?? []
    this.#store.update(state => ({ ...state, conversations }))
  }

  #current(): Conversation | undefined {
    const { conversation: id, turns, settings, model } = this.#store.get()
    if (id === undefined || turns.length === 0) return undefined
    const named = model === undefined ? undefined : { digest: model.digest, name: model.name }
    const { system } = settings
    return { version: 1, id, title: titleOf(turns), changed: Date.now(), model: named, system, turns: keptTurns(turns) }
  }

  async #export(): Promise<void> {
    const conversation = this.#current()
    if (conversation !== undefined && !isAnswering(this.#store.get()))
      save(toMarkdown(conversation), fileNameOf(conversation.title, 'md'), 'text/markdown')
  }

  async #exportAll(): Promise<void> {
    const all = (await (await this.#kept)?.all().catch(() => [])) ?? []
    save(toJson(all), 'shoal-conversations.json', 'application/json')
  }
}

/** As kept by this or another version of the page. */
function isSettings(value: ChatSettings): boolean {
  const { system, temperature, topP, topK, minP, repetitionPenalty, seed, maxTokens, askedBy } = value
  const within = (number: number, least: number, most: number) => Number.isFinite(number) && number >= least && number <= most
  return (
    typeof system === 'string' &&
    within(temperature, 0, 2) &&
    within(topP, 0.01, 1) &&
    within(topK, 0, 1_000) &&
    Number.isInteger(topK) &&
    within(minP, 0, 1) &&
    within(repetitionPenalty, 0.5, 2) &&
    (seed === undefined || (within(seed, 0, 2 ** 32 - 1) && Number.isInteger(seed))) &&
    within(maxTokens, 1, 1_000_000) &&
    Number.isInteger(maxTokens) &&
    (askedBy === 'tab' || askedBy === 'gateway')
  )
}

/** `crypto.randomUUID` is missing over plain HTTP. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')
}

function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The download has begun by the next turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(address))
}
