/**
 * What the spans of one donor share, of whatever models: who answers which stream, and the one announcement in which all
 * of them are offered. A peer's later announcement replaces its earlier one, so none may speak for itself.
 */
import type { SpanOffer } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { systemClock } from '../wire/clock.ts'
import { type Announcer, type AnnouncerOptions, startAnnouncer } from './announcer.ts'
import { HopServer } from './hop-server.ts'

export interface DonorOptions extends Omit<AnnouncerOptions, 'current'> {
  links: Links
  /** What the peer says of itself now, but for its offers. */
  about: () => Omit<ReturnType<AnnouncerOptions['current']>, 'offers'>
}

/** One span's part of the announcement. */
export interface OfferPart {
  /** What is offered may have changed. */
  changed: () => void
  /** What is offered now stands until the same giver offers anew. */
  hold: () => void
  /** Takes the offers back; bounded in time, never rejects. */
  stop: () => Promise<void>
}

export class Donor {
  readonly server: HopServer
  readonly #options: DonorOptions
  /** By giver, in the order they came. */
  readonly #offers = new Map<object, () => SpanOffer[]>()
  #announcer: Announcer | undefined

  constructor(options: DonorOptions) {
    this.#options = options
    this.server = new HopServer(options.links, options.clock ?? systemClock)
  }

  /** Announces what `offers` returns beside all others'. A giver has one part: a new one takes the last one's place. */
  announce(giver: object, offers: () => SpanOffer[]): OfferPart {
    this.#offers.set(giver, offers)
    this.#announcer?.changed()
    this.#announcer ??= startAnnouncer({
      ...this.#options,
      current: () => ({ ...this.#options.about(), offers: [...this.#offers.values()].flatMap(current => current()) })
    })
    let held = offers
    const isCurrent = () => this.#offers.get(giver) === held
    return {
      changed: () => {
        if (isCurrent()) this.#announcer?.changed()
      },
      hold: () => {
        const last = offers()
        if (!isCurrent()) return
        held = () => last
        this.#offers.set(giver, held)
      },
      stop: async () => {
        if (!isCurrent()) return
        this.#offers.delete(giver)
        const announcer = this.#announcer
        if (this.#offers.size > 0) return announcer?.changed()
        this.#announcer = undefined
        await announcer?.stop()
      }
    }
  }
}
