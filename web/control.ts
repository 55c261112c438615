/**
 * What the page does: joins the swarm and stays in it, keeps the picture fresh, donates and chats on request. The only
 * place where state meets the network.
 */
import type { Donation, DonationEvent } from '../peer/host/donate.ts'
import { warningsOf } from '../peer/model/model-text.ts'
import type { DirectoryEntry } from '../peer/swarm/types.ts'
import { ChatControl } from './chat-control.ts'
import type { PageActions } from './components/page.tsx'
import { lookForGpu } from './gpu.ts'
import { coverageOf, holdersOf } from './layers.ts'
import { memoryChoice } from './memory-choice.ts'
import { type PageAddress, readPageAddress } from './page-address.ts'
import { isAnswering, type ModelChoice, type PageState } from './state.ts'
import type { Store } from './store.ts'
import type { TabPeer } from './tab-peer.ts'
import { viewOf } from './view-name.ts'
import { comingBackNotice, donationNotice, joinNotice, unreachableNotice } from './words.ts'

/** The picture of the swarm is at most this old. */
const DIRECTORY_MS = 2_000
/** Models that are not chosen are asked about this much less often, and no more of them than fit a list. */
const OTHER_MODELS_ROUNDS = 8
const MAX_MODELS_WATCHED = 32
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000
/** Running answers get this long to end when a donor stops. */
const DRAIN_MS = 5_000

export interface Control {
  actions: PageActions
  /** Resolves once the swarm is joined. */
  joined: Promise<TabPeer>
}

export function startControl(store: Store<PageState>): Control {
  const address = readPageAddress(location.href)
  const control = new PageControl(store, address)
  return { actions: control.actions, joined: control.start() }
}

class PageControl {
  readonly #store: Store<PageState>
  readonly #address: PageAddress
  readonly #closing = new AbortController()
  #peer: TabPeer | undefined
  #donation: Donation | undefined
  readonly #chat: ChatControl

  readonly actions: PageActions

  constructor(store: Store<PageState>, address: PageAddress) {
    this.#store = store
    this.#address = address
    this.#chat = new ChatControl(store, () => this.#peer)
    this.actions = {
      ...this.#chat.actions,
      onModel: digest => this.#chooseModel(digest),
      onBudget: bytes => void this.#showMemory(bytes),
      onStart: () => void this.#donate(),
      onStop: () => void this.#stopDonating()
    }
  }

  async start(): Promise<TabPeer> {
    const { bootstrap, invite } = this.#address
    const headlessCommand = `npx shoal edge --join ${bootstrap.replace(/\/$/, '')}${invite === undefined ? '' : ` --invite ${invite}`}`
    this.#store.update(state => ({ ...state, headlessCommand }))
    this.#followAddress()
    addEventListener('hashchange', () => this.#followAddress())
    void lookForGpu().then(gpu => this.#store.update(state => ({ ...state, gpu })))
    addEventListener('pagehide', () => this.#goodbye())
    // A page that comes back from the browser's cache has said goodbye already.
    addEventListener('pageshow', event => event.persisted && location.reload())
    const peer = await this.#join()
    this.#peer = peer
    const countLinks = () => {
      const connections = peer.connections()
      const total = new Set(connections.map(link => link.peer)).size
      const direct = new Set(connections.filter(link => !link.relayed).map(link => link.peer)).size
      this.#store.update(state => ({ ...state, links: { total, relayed: total - direct } }))
    }
    peer.onConnectionsChanged(countLinks)
    const models = peer.models.map(({ digest, name, layers }) => ({ digest, name, layers }))
    this.#store.update(state => ({
      ...state,
      connection: { phase: 'connected' },
      self: peer.self,
      models,
      model: models[0]
    }))
    countLinks()
    void this.#showMemory()
    void this.#watchDirectory(peer)
    return peer
  }

  #followAddress(): void {
    const { invite } = readPageAddress(location.href)
    const view = viewOf(location.hash)
    if (invite === undefined && this.#address.invite !== undefined) {
      // A link to a view names no invite; the page must still open after a reload.
      history.replaceState(undefined, '', `#${view}&invite=${this.#address.invite}`)
    } else if (invite !== this.#address.invite) {
      location.reload()
      return
    }
    this.#store.update(state => ({ ...state, view }))
  }

  async #join(): Promise<TabPeer> {
    const { bootstrap, webrtc, invite } = this.#address
    // The page is there before the network code is.
    const { joinSwarm } = await import('./tab-peer.ts')
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)) {
      try {
        return await joinSwarm({ bootstrap, webrtc, invite, signal: this.#closing.signal })
      } catch (error) {
        this.#closing.signal.throwIfAborted()
        console.warn('Shoal: not joined', error)
        this.#store.update(state => ({
          ...state,
          connection: { phase: 'unreachable', notice: joinNotice(error, bootstrap, invite !== undefined) }
        }))
        await pause(retryMs)
      }
    }
  }

  async #watchDirectory(peer: TabPeer): Promise<void> {
    const { signal } = this.#closing
    for (let round = 0; !signal.aborted; round++) {
      const { model } = this.#store.get()
      if (model !== undefined && !document.hidden) {
        try {
          const { entries } = await peer.directory(model.digest, signal)
          this.#store.update(state => withDirectory(state, model, entries))
          if (round % OTHER_MODELS_ROUNDS === 0) await this.#askAboutOthers(peer, model)
        } catch {
          signal.throwIfAborted()
          const notice = unreachableNotice(this.#address.bootstrap)
          this.#store.update(state => ({ ...state, connection: { phase: 'unreachable', notice } }))
        }
      }
      await pause(DIRECTORY_MS)
    }
  }

  /** The model picker tells of each model whether it can be had. */
  async #askAboutOthers(peer: TabPeer, chosen: ModelChoice): Promise<void> {
    for (const model of this.#store.get().models.slice(0, MAX_MODELS_WATCHED)) {
      if (model.digest === chosen.digest) continue
      const { entries } = await peer.directory(model.digest, this.#closing.signal)
      this.#store.update(state => withCoverage(state, model, entries))
    }
  }

  #chooseModel(digest: string): void {
    if (this.#donation !== undefined || isAnswering(this.#store.get())) return
    this.#store.update(state => ({
      ...state,
      model: state.models.find(model => model.digest === digest) ?? state.model,
      warnings: [],
      directory: undefined,
      memory: undefined,
      contextLength: undefined
    }))
    void this.#showMemory()
  }

  async #showMemory(chosen?: number): Promise<void> {
    const { model } = this.#store.get()
    if (this.#peer === undefined || model === undefined) return
    try {
      const { manifest } = await this.#peer.manifest(model.digest)
      const memory = memoryChoice(manifest, chosen)
      const warnings = warningsOf(manifest.tokenizer)
      const { span } = this.#address
      if (span !== undefined) memory.layers = span.end - span.first
      const { contextLength } = manifest.hyperparameters
      this.#store.update(state => (state.model === model ? { ...state, memory, warnings, contextLength } : state))
    } catch (error) {
      const notice = donationNotice(error)
      this.#store.update(state => ({ ...state, donation: { phase: 'off', notice } }))
    }
  }

  async #donate(): Promise<void> {
    const { gpu, memory, model, donation } = this.#store.get()
    const peer = this.#peer
    if (peer === undefined || gpu.phase !== 'ready' || memory === undefined || model === undefined || donation.phase !== 'off')
      return
    const { span } = this.#address
    this.#store.update(state => ({
      ...state,
      donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, again: undefined }
    }))
    this.#donation = await peer.donate({
      digest: model.digest,
      adapter: gpu.name,
      memoryBytes: memory.chosen,
      ...(span === undefined ? {} : { span }),
      onEvent: event => this.#store.update(state => withDonation(state, event))
    })
    await this.#donation.ended
    this.#donation = undefined
  }

  async #stopDonating(): Promise<void> {
    this.#store.update(state => ({ ...state, donation: { phase: 'stopping' } }))
    await this.#donation?.stop(DRAIN_MS)
  }

  /**
   * The page is going: as much of a farewell as still fits, which is what can be sent without waiting. Sessions are told
   * that this hop leaves and the streams end; connections close after that, or with the page.
   */
  #goodbye(): void {
    this.#chat.stop()
    const told = this.#donation?.stop(0) ?? Promise.resolve()
    this.#closing.abort(new Error('the page was closed'))
    void told.finally(() => this.#peer?.leave())
  }
}

function withDirectory(state: PageState, model: ModelChoice, entries: readonly DirectoryEntry[]): PageState {
  const seen = withCoverage(state, model, entries)
  return { ...seen, connection: { phase: 'connected' }, ...(seen.model === model ? { directory: entries } : {}) }
}

function withCoverage(state: PageState, model: ModelChoice, entries: readonly DirectoryEntry[]): PageState {
  const coverage = coverageOf(holdersOf(entries, model.digest), model.layers)
  return { ...state, coverages: { ...state.coverages, [model.digest]: coverage } }
}

function withDonation(state: PageState, event: DonationEvent): PageState {
  const { donation } = state
  switch (event.state) {
    case 'placing':
      return state
    case 'loading': {
      if (donation.phase !== 'starting') return state
      const { bytesDone: done, bytesTotal: total } = event.progress
      // No byte is asked for before the GPU has passed its self-test; speed is measured once all are there.
      const step = total === 0 ? 'testing' : done < total ? 'loading' : 'measuring'
      const loaded = total === 0 ? undefined : { done, total }
      return { ...state, donation: { ...donation, step, span: event.span, loaded } }
    }
    case 'serving': {
      if (donation.phase === 'stopping') return state
      const { tokensServed, sessions } = event.stats
      return { ...state, donation: { phase: 'serving', span: event.span, tokensServed, sessions } }
    }
    case 'leaving':
      return { ...state, donation: { phase: 'stopping' } }
    case 'moving':
      return {
        ...state,
        donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, again: undefined }
      }
    case 'retrying': {
      const again = comingBackNotice(event.error, event.span)
      return { ...state, donation: { phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, again } }
    }
    case 'ended':
      return {
        ...state,
        donation: { phase: 'off', notice: event.error === undefined ? undefined : donationNotice(event.error, event.retried) }
      }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
