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

export class Donor {
  readonly server: HopServer
  readonly #options: DonorOptions
  /** By whose they are, in the order they came. */
  readonly #offers = new Map<object, () => SpanOffer[]>()
  #announcer: Announcer | undefined

  constructor(options: DonorOptions) {
    this.#options = options
    this.server = new HopServer(options.links, options.clock ?? systemClock)
  }

  /** Announces what `offers` returns beside all others' until the announcer is stopped. `whose` has one set of offers. */
  announce(whose: object, offers: () => SpanOffer[]): Announcer {
    this.#offers.set(whose, offers)
    this.#announcer?.changed()
    this.#announcer ??= startAnnouncer({
      ...this.#options,
      current: () => ({ ...this.#options.about(), offers: [...this.#offers.values()].flatMap(current => current()) })
    })
    const isCurrent = () => this.#offers.get(whose) === offers
    return {
      changed: () => {
        if (isCurrent()) this.#announcer?.changed()
      },
      fallSilent: async () => {
        const last = offers()
        if (isCurrent()) this.#offers.set(whose, () => last)
      },
      stop: async () => {
        if (!isCurrent()) return
        this.#offers.delete(whose)
        const announcer = this.#announcer
        if (this.#offers.size > 0) return announcer?.changed()
        this.#announcer = undefined
        await announcer?.stop()
      }
    }
  }
}
