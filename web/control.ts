/**
 * What the page does: joins the swarm and stays in it, keeps the picture fresh, donates and chats on request. The only
 * place where state meets the network.
 */
import { warningsOf } from '../peer/model/model-text.ts'
import type { DirectoryEntry } from '../peer/swarm/types.ts'
import { ChatControl } from './chat-control.ts'
import type { PageActions } from './components/page.tsx'
import { DonationControl } from './donation-control.ts'
import { watchGateway } from './gateway-watch.ts'
import { lookForGpu } from './gpu.ts'
import { coverageOf, holdersOf, withGone } from './layers.ts'
import { type PageAddress, readPageAddress } from './page-address.ts'
import { isAnswering, type ModelChoice, type PageState } from './state.ts'
import type { Store } from './store.ts'
import type { TabPeer } from './tab-peer.ts'
import { viewOf } from './view-name.ts'
import { joinNotice, unreachableNotice } from './words/page.ts'

/** The picture of the swarm is at most this old. */
const DIRECTORY_MS = 2_000
/** Models that are not chosen are asked about this much less often, and no more of them than fit a list. */
const OTHER_MODELS_ROUNDS = 8
const MAX_MODELS_WATCHED = 32
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 15_000

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
  readonly #chat: ChatControl
  readonly #donor: DonationControl

  readonly actions: PageActions

  constructor(store: Store<PageState>, address: PageAddress) {
    this.#store = store
    this.#address = address
    this.#chat = new ChatControl(store, () => this.#peer)
    this.#donor = new DonationControl(store, () => this.#peer, address)
    this.actions = {
      ...this.#chat.actions,
      ...this.#donor.actions,
      onModel: digest => this.#chooseModel(digest)
    }
  }

  async start(): Promise<TabPeer> {
    const { bootstrap, invite } = this.#address
    const headlessCommand = `npx shoal edge --join ${bootstrap.replace(/\/$/, '')}${invite === undefined ? '' : ` --invite ${invite}`}`
    this.#store.update(state => ({ ...state, headlessCommand }))
    this.#followAddress()
    addEventListener('hashchange', () => this.#followAddress())
    const looked = lookForGpu().then(gpu => this.#store.update(state => ({ ...state, gpu })))
    addEventListener('pagehide', () => this.#goodbye())
    // A page that comes back from the browser's cache has said goodbye already.
    addEventListener('pageshow', event => event.persisted && location.reload())
    if (this.#address.gateway !== undefined) void watchGateway(this.#store, this.#address.gateway, this.#closing.signal)
    const peer = await this.#join()
    this.#peer = peer
    const countLinks = () => {
      const connections = peer.connections()
      const total = new Set(connections.map(link => link.peer)).size
      const direct = new Set(connections.filter(link => !link.relayed).map(link => link.peer)).size
      const measured = connections.flatMap(({ peer, roundTripMs }) =>
        roundTripMs === undefined ? [] : [[peer, roundTripMs] as const]
      )
      // The quickest of several connections is the one used.
      const roundTrips = Object.fromEntries(measured.sort(([, a], [, b]) => b - a))
      this.#store.update(state => ({ ...state, roundTrips, links: { total, relayed: total - direct } }))
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
    void this.#showModel()
    void this.#watchDirectory(peer, countLinks)
    void looked.then(() => this.#donor.joined())
    return peer
  }

  #followAddress(): void {
    // Another invite was pasted over this one.
    if (readPageAddress(location.href).invite !== this.#address.invite) location.reload()
    else this.#store.update(state => ({ ...state, view: viewOf(location.hash) }))
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

  async #watchDirectory(peer: TabPeer, countLinks: () => void): Promise<void> {
    const { signal } = this.#closing
    for (let round = 0; !signal.aborted; round++) {
      const { model } = this.#store.get()
      if (model !== undefined && !document.hidden) {
        try {
          const { entries } = await peer.directory(model.digest, signal)
          this.#store.update(state => withDirectory(state, model, entries))
          countLinks()
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
    if (isAnswering(this.#store.get())) return
    this.#store.update(state => ({
      ...state,
      model: state.models.find(model => model.digest === digest) ?? state.model,
      warnings: [],
      directory: undefined,
      gone: [],
      contextLength: undefined
    }))
    void this.#showModel()
  }

  async #showModel(): Promise<void> {
    const { model } = this.#store.get()
    if (this.#peer === undefined || model === undefined) return
    try {
      const { manifest } = await this.#peer.manifest(model.digest)
      const warnings = warningsOf(manifest.tokenizer)
      const { contextLength } = manifest.hyperparameters
      this.#store.update(state => (state.model === model ? { ...state, warnings, contextLength } : state))
    } catch {
      // Asking it will say what is wrong with it.
    }
  }

  /**
   * The page is going: as much of a farewell as still fits, which is what can be sent without waiting. Sessions are told
   * that this hop leaves and the streams end; connections close after that, or with the page.
   */
  #goodbye(): void {
    this.#chat.stop()
    const told = this.#donor.goodbye()
    this.#closing.abort(new Error('the page was closed'))
    void told.finally(() => this.#peer?.leave())
  }
}

function withDirectory(state: PageState, model: ModelChoice, entries: readonly DirectoryEntry[]): PageState {
  const seen: PageState = { ...withCoverage(state, model, entries), connection: { phase: 'connected' } }
  if (seen.model !== model) return seen
  const before = holdersOf(state.directory ?? [], model.digest)
  const gone = withGone(state.gone, before, holdersOf(entries, model.digest), Date.now())
  return { ...seen, directory: entries, gone }
}

function withCoverage(state: PageState, model: ModelChoice, entries: readonly DirectoryEntry[]): PageState {
  const coverage = coverageOf(holdersOf(entries, model.digest), model.layers)
  return { ...state, coverages: { ...state.coverages, [model.digest]: coverage } }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
