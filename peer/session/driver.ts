/**
 * Keeps one session going over whatever chains there are: opens the first, and when a hop is lost plans another route,
 * opens the next epoch over it and feeds what its hops lack from the logs of those that are left, at last from token ids.
 * What has been sampled is never touched.
 */
import type { PrivateKey } from '@libp2p/interface'
import { BusyError, PeerLostError, type ShoalError, toShoalError } from '../errors.ts'
import type { Reputation } from '../swarm/reputation.ts'
import { planRoute } from '../swarm/routing.ts'
import { peersOf, withStandbys } from '../swarm/standbys.ts'
import type { Directory, Route } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, within } from '../wire/clock.ts'
import type { Answer, HeadAsk } from '../wire/frames.pb.js'
import { toHex } from '../wire/hex.ts'
import { keepWarm } from '../wire/keep-warm.ts'
import type { WireLogger } from '../wire/log.ts'
import { PauseWatch } from '../wire/pause-watch.ts'
import { standbyProtocol } from '../wire/standby-frames.ts'
import { agreedEncoding } from './agreed-encoding.ts'
import type { Chain, ChainModel } from './chain.ts'
import { chunkTokens } from './chunk-size.ts'
import { closeHop } from './close-hop.ts'
import type { DirectoryQuery } from './directory-query.ts'
import { MAX_DRAFTED } from './draft-length.ts'
import type { Drafter } from './drafter.ts'
import type { DriverLimits } from './driver-limits.ts'
import { MoveAway } from './move-away.ts'
import { observeStep } from './observe-step.ts'
import { openChain } from './open-chain.ts'
import { Pace } from './pace.ts'
import { Patience, type Recovery } from './patience.ts'
import { partsAt, planStarts, replayFrom, replayUntil, type Starts, startsFromTokens } from './replay.ts'
import { avoidedMs } from './retry.ts'
import { reachMs } from './step-deadline.ts'

export interface DriverContext {
  links: Links
  privateKey: PrivateKey
  directory: DirectoryQuery
  model: ChainModel
  reputation: Reputation
  clock: Clock
  logger: WireLogger
  limits: DriverLimits
  /** Undefined: drafts come from the text alone. */
  drafter?: Drafter | undefined
}

/** What planning takes a link to a peer of the last chain and to any other to cost; nothing has measured them. */
const KNOWN_LINK_MS = 5
const UNKNOWN_LINK_MS = 10

/** So many chains in a row are fed from logs; the next one from token ids. */
const MAX_REPLAYS = 3

/** What breaks so soon after this process stood still broke for its own absence: neighbours gave it up. */
const OWN_PAUSE_MS = 5_000

/** What the driver wants of the last token, and of each drafted one after it. */
export interface DriverAsk<Read> {
  head: Omit<HeadAsk, 'rows'>
  /** What may come next; what turns out wrong of it is taken back. */
  drafted: readonly number[]
  /**
   * Makes of an answer what the session wants of it. `rows`: as many as are drafted and one; fewer, from the first, where the
   * chain could not take them all. `row`: every logit of one of them.
   */
  read: (answer: Answer, row: (row: number) => Promise<Float32Array>) => Promise<Read>
}

export interface DriverAnswer<Read> {
  answer: Answer
  read: Read
  route: Route
  /** Set when a chain was lost and replaced on the way to this answer. */
  recovery: Recovery | undefined
}

export interface DriverOptions {
  /** KV positions that the longest answer needs on every hop. */
  reserveTokens: number
  /** Other holders of the hops' spans keep their KV, where there are any. Default false. */
  standby?: boolean
  /** Nobody reads along: where others wait, this session waits longer. Default false. */
  background?: boolean | undefined
  /** What the first chain may run through; undefined: any. */
  onlyPeers?: ReadonlySet<string> | undefined
}

export class Driver {
  readonly #context: DriverContext
  readonly #reserveTokens: number
  readonly #standby: boolean
  readonly #background: boolean
  readonly #onlyPeers: ReadonlySet<string> | undefined
  readonly #session = crypto.getRandomValues(new Uint8Array(16))
  /** What hops call the session in their logs. */
  readonly name: string
  #epoch = 0
  /** KV positions that the chain has, or the next one is to have. */
  #reserved = 0
  /** The next chain is this one with more KV. */
  #growing = false
  #chain: Chain | undefined
  #route: Route | undefined
  /** From where each hop of the chain runs steps. */
  #starts: Starts = []
  #cool = () => {}
  /** What the directory said when it was asked last; undefined once a chain planned from it could not be opened. */
  #found: Directory | undefined
  /** Whether the next chain is to run through peers that hold KV of the session. */
  #prefersHolders = true
  /** Chains opened since the last answer. */
  #tries = 0
  readonly #pace = new Pace()
  #pauses: PauseWatch | undefined
  #forgetHints = () => {}
  readonly #moveAway: MoveAway
  readonly #ending = new AbortController()
  /** Peers that may still hold KV of an earlier epoch. */
  #freeing: Promise<unknown> = Promise.resolve()
  readonly #leftBehind = new Map<string, { peer: string; addresses: string[] }>()

  constructor(context: DriverContext, { reserveTokens, standby = false, background = false, onlyPeers }: DriverOptions) {
    this.#context = context
    this.name = `${context.links.self}/${toHex(this.#session)}`
    this.#reserveTokens = reserveTokens
    this.#standby = standby
    this.#background = background
    this.#onlyPeers = onlyPeers
    this.#moveAway = new MoveAway(context.clock, context.reputation, () => this.#plan([], this.#ending.signal))
  }

  /**
   * Feeds whatever of `tokens` the chain does not hold yet, then what is drafted, and returns what `ask` reads of the answer
   * to the last token and the drafted, recovering as often as `until` allows (ms of the clock, undefined: as long as there is
   * hope).
   */
  async next<Read>(
    tokens: readonly number[],
    ask: DriverAsk<Read>,
    until: number | undefined,
    signal: AbortSignal
  ): Promise<DriverAnswer<Read>> {
    const { clock, limits, model, logger } = this.#context
    this.#pauses ??= new PauseWatch(clock)
    const patience = new Patience({ clock, limits, model: model.digest, until })
    this.#leaveIfDue(tokens.length, patience)
    for (;;) {
      try {
        const first = this.#chain === undefined
        const chain = this.#chain ?? (await this.#open(tokens.length, signal))
        if (first && patience.tries > 0) logger.info({ session: this.name, epoch: chain.epoch }, 'the chain is open again')
        const answer = await this.#feed(chain, tokens, ask, signal)
        this.#tries = 0
        if (partsAt(this.#starts, tokens.length - 1).length === 0) this.#observe(chain.route, answer)
        const read = await ask.read(answer, row => chain.row(answer.number, row, signal))
        const replayed = tokens.length - replayFrom(this.#starts)
        return { answer, read, route: chain.route, recovery: patience.recovery(chain.epoch, chain.route, replayed) }
      } catch (thrown) {
        signal.throwIfAborted()
        const error = toShoalError(thrown)
        patience.assertHope(error, this.#found)
        logger.info({ session: this.name, code: error.code, peer: error.details.peer, epoch: this.#epoch }, error.message)
        patience.failed(error, this.#chain?.route)
        this.#drop(error)
        await patience.rest(error, signal)
      }
    }
  }

  /** Where the chain is far too slow, or its KV too short for `length` positions, the next one is another. */
  #leaveIfDue(length: number, patience: Patience): void {
    if (this.#chain !== undefined && this.#moveAway.take()) {
      this.#context.logger.info({ session: this.name, epoch: this.#epoch }, 'the chain is too slow and there is a better one')
      patience.moved(this.#chain.route)
      // What is to be left holds the session's KV.
      this.#prefersHolders = false
      this.#leave()
    }
    if (length <= this.#reserved) return
    this.#reserved = this.#roomFor(length)
    if (this.#chain === undefined) return
    patience.grown(this.#chain.route)
    this.#growing = true
    this.#leave()
  }

  /** Frees the session on every hop that ever held it. Never rejects. */
  async close(): Promise<void> {
    const chain = this.#chain
    this.#chain = undefined
    this.#pauses?.stop()
    this.#ending.abort(new PeerLostError('the session has ended'))
    this.#forgetHints()
    this.#cool()
    if (chain !== undefined) this.#takeAlong(chain.route)
    this.#freeLeftBehind()
    await Promise.all([chain?.close(), this.#freeing])
  }

  async #open(committed: number, signal: AbortSignal): Promise<Chain> {
    const { links, clock, model, limits, directory, privateKey } = this.#context
    const keeps = (this.#standby || this.#growing) && this.#prefersHolders
    const holders = keeps && this.#route !== undefined ? peersOf(this.#route) : []
    const route = await this.#plan(holders, signal)
    this.#epoch++
    this.#leaveBehind(route)
    const before = new Set(this.#route?.hops.map(({ peer }) => peer))
    const chain = await openChain(
      {
        links,
        privateKey,
        clock,
        model,
        route,
        session: this.#session,
        epoch: this.#epoch,
        reserveTokens: this.#reserved,
        committed,
        background: this.#background,
        leaseMs: limits.leaseMs,
        waitMs: limits.waitMs,
        encoding: agreedEncoding(limits.encoding, route, model.width),
        window: limits.window,
        stallMs: limits.stallMs,
        reachMs: hop => (before.has(hop.peer) && this.#canDoWithout(hop.peer) ? reachMs(hop, this.#pace) : Infinity),
        pace: this.#pace,
        stoodStill: () => this.#stoodStill()
      },
      signal
    )
    this.#chain = chain
    this.#route = route
    const others = route.hops.map(hop => hop.peer).filter(peer => peer !== links.self)
    this.#moveAway.restart()
    this.#forgetHints = directory.watch?.(others, peer => chain.suspect(peer)) ?? (() => {})
    // Logs that fail again and again, whatever the reason, must not keep the answer from going on.
    this.#starts = this.#tries++ < MAX_REPLAYS ? planStarts(chain.hopStates, committed) : startsFromTokens(route.hops.length)
    chain.fed = replayFrom(this.#starts)
    this.#prefersHolders = true
    this.#growing = false
    this.#cool()
    this.#cool = keepWarm(links, clock, standbyProtocol, [route.hops[0]!.standby])
    this.#takeAlong(route)
    this.#freeLeftBehind()
    return chain
  }

  /** The best route now, with standbys where the session has them; `holders` hold its KV. */
  async #plan(holders: readonly { peer: string }[], signal: AbortSignal): Promise<Route> {
    const { clock, model, limits, directory } = this.#context
    const question = this.#question()
    const holding = new Set(holders.map(({ peer }) => peer))
    const plan = (found: Directory) => {
      const route = planRoute(found, {
        ...question,
        previous: this.#route,
        holding,
        linkMs: linksOf(this.#route),
        ...(this.#epoch === 0 && this.#onlyPeers !== undefined ? { onlyPeers: this.#onlyPeers } : {})
      })
      return this.#standby ? withStandbys(found, route, { ...question, holding }) : route
    }
    if (holding.size > 0 && this.#found !== undefined) {
      // Where standbys make up for what is lost nobody else is needed, and nobody waits for the directory.
      const route = plan(this.#found)
      if (route.hops.every(({ peer }) => holding.has(peer))) return route
    }
    this.#found = await within(clock, limits.openMs, 'asking the directory', signal, asking =>
      directory.query(model.digest, asking)
    )
    return plan(this.#found)
  }

  #question() {
    const { clock, model, reputation } = this.#context
    return { model: model.digest, layers: model.layers, reserveTokens: this.#reserved, reputation, now: clock.now() }
  }

  /** Whether there is a chain of peers in good standing without this one. */
  #canDoWithout(peer: string): boolean {
    if (this.#found === undefined) return false
    const question = this.#question()
    try {
      const { hops } = planRoute(this.#found, { ...question, exclude: new Set([peer]) })
      return hops.every(hop => !question.reputation.isBanned(hop.peer, question.now))
    } catch {
      return false
    }
  }

  #leaveBehind(route: Route): void {
    for (const peer of peersOf(route)) this.#leftBehind.set(peer.peer, peer)
  }

  #takeAlong(route: Route): void {
    for (const { peer } of peersOf(route)) this.#leftBehind.delete(peer)
  }

  /** In the background: nobody waits for peers that are no longer in the chain, except whoever ends the session. */
  #freeLeftBehind(): void {
    const { links, clock } = this.#context
    const ids = { links, clock, session: this.#session, epoch: this.#epoch }
    const freed = [...this.#leftBehind.values()].map(hop => closeHop(ids, hop))
    this.#leftBehind.clear()
    this.#freeing = Promise.all([this.#freeing, ...freed])
  }

  async #feed(chain: Chain, tokens: readonly number[], ask: DriverAsk<unknown>, signal: AbortSignal): Promise<Answer> {
    const { model, limits } = this.#context
    const most = Math.floor(limits.chunkBytes / (2 * model.width))
    const all = [...tokens, ...ask.drafted.slice(0, this.#draftRoom(tokens.length))]
    const rows = all.length - tokens.length + 1
    // What is beyond was a draft's, right or wrong.
    chain.fed = Math.min(chain.fed, tokens.length - 1)
    let number = 0
    while (chain.fed < all.length) {
      const position = chain.fed
      // Anew for each: what hops take is measured while they run.
      const costs = chain.route.hops.map(hop => this.#pace.cost(hop))
      const chunk = limits.chunkTokens ?? chunkTokens(all.length - position, costs, most)
      const end = stepEnd(position, chunk, all.length, rows, this.#starts)
      const parts = partsAt(this.#starts, position)
      const head = end === all.length ? { ...ask.head, rows } : undefined
      number = await chain.step({ position, tokens: all.slice(position, end), promptLeft: all.length - end, head, parts }, signal)
    }
    return chain.answer(number, signal)
  }

  /** How many drafted tokens the step after `length` tokens can take. */
  #draftRoom(length: number): number {
    // A hop that has its part in the last token as a replay can't answer for that token and a drafted one in one step.
    if (this.#starts.some(start => start >= length)) return 0
    return Math.min(MAX_DRAFTED, this.#reserved - length)
  }

  #observe(route: Route, answer: Answer): void {
    const { reputation, clock } = this.#context
    for (const { peer, promisedMs, observedMs } of observeStep(route, answer))
      reputation.observed(peer, promisedMs, observedMs, clock.now())
    if (answer.rows.length === answer.count) this.#moveAway.decoded(route)
  }

  /** Some KV beyond what is there; all the longest answer needs where that is little more. */
  #roomFor(length: number): number {
    const { reserveAhead } = this.#context.limits
    return length + 1.5 * reserveAhead >= this.#reserveTokens ? this.#reserveTokens : length + reserveAhead
  }

  #stoodStill(): boolean {
    return this.#pauses?.within(OWN_PAUSE_MS) ?? false
  }

  #drop(error: ShoalError): void {
    const { reputation, clock } = this.#context
    const { peer } = error.details
    if (peer !== undefined && !this.#stoodStill()) {
      const avoidMs = avoidedMs(error)
      if (avoidMs === undefined) reputation.failed(peer, clock.now())
      else reputation.avoid(peer, avoidMs, clock.now())
    }
    this.#growing = false
    if (this.#chain === undefined) {
      // A peer that holds no KV after all, and has none free, would refuse again and again.
      this.#prefersHolders &&= peer !== undefined && !(error instanceof BusyError)
      this.#found = undefined
    }
    this.#leave()
  }

  /** Ends the epoch; the next one's chain takes the session over. */
  #leave(): void {
    const chain = this.#chain
    this.#chain = undefined
    this.#forgetHints()
    if (chain === undefined) return
    this.#leaveBehind(chain.route)
    chain.abandon()
  }
}

/** Surviving hops are preferred: streams to them stand, and they may hold KV. */
function linksOf(previous: Route | undefined): (from: string | undefined, to: string | undefined) => number {
  const known = new Set(previous?.hops.map(hop => hop.peer))
  return (_, to) => (to !== undefined && known.has(to) ? KNOWN_LINK_MS : UNKNOWN_LINK_MS)
}

/** How far the step from `position` goes: at most `chunk` tokens, and the last `rows` of `length` together in one. */
function stepEnd(position: number, chunk: number, length: number, rows: number, starts: Starts): number {
  if (position >= length - rows) return length
  const end = replayUntil(starts, position, Math.min(position + chunk, length))
  return end < length ? Math.min(end, length - rows) : end
}
