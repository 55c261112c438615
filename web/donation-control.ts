/**
 * What donating does on this page: takes the one donor's place on this machine, loads and serves a span, pauses it by the
 * donor's own limits, and leaves politely.
 */
import type { Donation, DonationEvent } from '../peer/host/donate.ts'
import type { DonateActions } from './components/donate.tsx'
import { type DonorSettings, initialDonorSettings, isDonorSettings, limitsNow, type PauseReason } from './donor-limits.ts'
import { type DonorLock, takeDonorLock } from './donor-lock.ts'
import { keep, readKept } from './kept-settings.ts'
import { neediest } from './layers.ts'
import { memoryChoice } from './memory-choice.ts'
import type { PageAddress } from './page-address.ts'
import { watchPower } from './power.ts'
import type { PageState } from './state.ts'
import type { Store } from './store.ts'
import { type TabCare, watchTab } from './tab-care.ts'
import type { TabPeer } from './tab-peer.ts'
import { keepAwake, type WakeLock } from './wake-lock.ts'
import { withDonation } from './with-donation.ts'
import { donationNotice, nothingAllowedNotice, takenOverNotice } from './words/donate.ts'
import { startWorkerClock, type WorkerClock } from './worker-clock.ts'

/** Running answers get this long to end when a donor stops; most are over by then. */
const DRAIN_MS = 30_000
/** When another tab takes over, the GPU is wanted sooner. */
const HANDOVER_MS = 2_000
const SETTINGS_KEY = 'shoal/donor'
/** In sessionStorage: this tab was donating when it was reloaded. */
const RESUME_KEY = 'shoal/donating'

export class DonationControl {
  readonly #store: Store<PageState>
  readonly #peer: () => TabPeer | undefined
  readonly #address: PageAddress
  #donation: Donation | undefined
  #lock: DonorLock | undefined
  #clock: WorkerClock | undefined
  #care: TabCare | undefined
  #awake: WakeLock | undefined
  /** Stopped before there was a donation to stop. */
  #cancelled = false
  #asked = false
  #frozen = false
  #closing = false

  readonly actions: DonateActions = {
    onBudget: bytes => void this.#showMemory(bytes),
    onDonor: donor => this.#choose(donor),
    onStart: () => void this.#start(false),
    onTakeOver: () => void this.#start(true),
    onPause: paused => {
      this.#asked = paused
      this.#applyLimits()
    },
    onStop: () => void this.#stop(DRAIN_MS),
    onStopNow: () => void this.#stop(0)
  }

  constructor(store: Store<PageState>, peer: () => TabPeer | undefined, address: PageAddress) {
    this.#store = store
    this.#peer = peer
    this.#address = address
    const donor = readKept(SETTINGS_KEY, initialDonorSettings, isDonorSettings)
    store.update(state => ({ ...state, donor }))
    watchPower(power => {
      store.update(state => ({ ...state, care: { ...state.care, power } }))
      this.#applyLimits()
    })
  }

  /** The swarm is joined and the GPU looked for: whoever was donating before a reload goes on. */
  async joined(): Promise<void> {
    await this.#showMemory()
    if (sessionStorage.getItem(RESUME_KEY) !== null) await this.#start(false)
  }

  /** The page is going. Resolves when sessions have been told. */
  async goodbye(): Promise<void> {
    this.#closing = true
    await this.#donation?.stop(0)
  }

  #choose(donor: DonorSettings): void {
    const refusedBefore = this.#store.get().donor.refused
    this.#store.update(state => ({ ...state, donor }))
    keep(SETTINGS_KEY, donor)
    if (donor.refused !== refusedBefore) void this.#showMemory()
    if (this.#donation !== undefined) this.#keepAwake()
    this.#applyLimits()
  }

  /** What `chosen` bytes would buy of the model that needs this donor most. */
  async #showMemory(chosen?: number): Promise<void> {
    const { models, coverages, donor, memory: before } = this.#store.get()
    // Exactly these layers are of the model that is shown first.
    const { span } = this.#address
    const hosted = span === undefined ? neediest(models, coverages, donor.refused) : models[0]
    this.#store.update(state => ({ ...state, hosted }))
    const peer = this.#peer()
    if (peer === undefined || hosted === undefined) return
    try {
      const { manifest } = await peer.manifest(hosted.digest)
      const memory = memoryChoice(manifest, chosen ?? before?.chosen)
      if (span !== undefined) memory.layers = span.end - span.first
      this.#store.update(state => (state.hosted === hosted ? { ...state, memory } : state))
    } catch (error) {
      this.#off(error)
    }
  }

  async #start(takeOver: boolean): Promise<void> {
    const { phase } = this.#store.get().donation
    if (phase !== 'off' && phase !== 'elsewhere') return
    await this.#showMemory()
    const { gpu, memory, hosted, donation } = this.#store.get()
    const peer = this.#peer()
    if (peer === undefined || gpu.phase !== 'ready' || donation.phase !== phase) return
    if (hosted === undefined) return this.#set({ phase: 'off', notice: nothingAllowedNotice })
    if (memory === undefined) return
    this.#set({ phase: 'starting', step: 'choosing', span: undefined, loaded: undefined, fetched: [], again: undefined })
    try {
      this.#lock = await takeDonorLock(() => void this.#handOver(), takeOver)
      if (this.#lock === undefined) return this.#set({ phase: 'elsewhere' })
      await this.#donate(peer, hosted.digest, gpu.name, memory.chosen)
    } catch (error) {
      this.#off(error)
    } finally {
      this.#lock?.release()
      this.#lock = undefined
    }
  }

  /** Resolves when the donation has ended. */
  async #donate(peer: TabPeer, digest: string, adapter: string, memoryBytes: number): Promise<void> {
    const { span } = this.#address
    sessionStorage.setItem(RESUME_KEY, '1')
    this.#cancelled = false
    this.#asked = false
    this.#frozen = false
    const clock = startWorkerClock()
    this.#clock = clock
    this.#care = watchTab(clock, {
      onThrottled: throttled => this.#store.update(state => ({ ...state, care: { ...state.care, throttled } })),
      onFrozen: frozen => {
        this.#frozen = frozen
        this.#applyLimits()
      },
      onTick: () => this.#applyLimits()
    })
    this.#keepAwake()
    try {
      const sources = peer.sourcesOf(digest)
      const onEvent = (event: DonationEvent) => {
        this.#store.update(state => withDonation(state, event, { now: Date.now(), sources }))
        // A host that has just begun was paused before the page could say so.
        if (event.state === 'serving') this.#applyLimits()
      }
      const options = { digest, adapter, memoryBytes, clock, onEvent, ...(span === undefined ? {} : { span }) }
      this.#donation = await peer.donate(options)
      if (this.#cancelled) void this.#donation.stop(0)
      this.#applyLimits()
      await this.#donation.ended
    } finally {
      this.#donation = undefined
      this.#care?.close()
      this.#awake?.release()
      this.#clock?.close()
      // A page that is closed with its donation may be a reload.
      if (!this.#closing) sessionStorage.removeItem(RESUME_KEY)
      this.#store.update(state => ({ ...state, care: { ...state.care, awake: false, throttled: false } }))
    }
  }

  async #stop(drainMs: number): Promise<void> {
    const { donation } = this.#store.get()
    if (donation.phase !== 'serving' && donation.phase !== 'starting' && donation.phase !== 'stopping') return
    this.#set({ phase: 'stopping', answers: donation.phase === 'serving' ? donation.sessions : 0 })
    this.#cancelled = true
    await this.#donation?.stop(drainMs)
  }

  async #handOver(): Promise<void> {
    await this.#stop(HANDOVER_MS)
    this.#set({ phase: 'off', notice: takenOverNotice })
  }

  #keepAwake(): void {
    this.#awake?.release()
    this.#awake = undefined
    if (!this.#store.get().donor.keepAwake) return
    this.#awake = keepAwake(awake => this.#store.update(state => ({ ...state, care: { ...state.care, awake } })))
  }

  #applyLimits(): void {
    if (this.#donation === undefined) return
    const { donor, care, donation } = this.#store.get()
    const paused: PauseReason[] = limitsNow(donor, new Date(), care.power)
    if (this.#asked) paused.unshift('asked')
    if (this.#frozen) paused.push('frozen')
    this.#donation.pause(paused.length > 0)
    if (donation.phase === 'serving' && donation.paused.join() !== paused.join()) this.#set({ ...donation, paused })
  }

  #off(error: unknown): void {
    this.#set({ phase: 'off', notice: donationNotice(error) })
  }

  #set(donation: PageState['donation']): void {
    this.#store.update(state => ({ ...state, donation }))
  }
}
