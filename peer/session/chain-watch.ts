/**
 * Watches that a chain gets on: when what is awaited takes too long it probes the hops, and from who answers it tells a hop
 * that is slow, which gets time, from one that is lost, which it names. Frames that went missing are asked for again.
 */
import { DeadlineError, PeerLostError, type ShoalError } from '../errors.ts'
import type { Route, RouteHop } from '../swarm/types.ts'
import { afterAwake, type Clock } from '../wire/clock.ts'
import type { ProbeReply } from '../wire/frames.pb.js'
import type { Pace } from './pace.ts'
import { hungMs, silenceMs, stepDeadlineMs } from './step-deadline.ts'
import { judge } from './suspect.ts'

/** Between probes of hops that have not answered yet: one may be lost with a frame. */
const PROBE_AGAIN_MS = 500
/** Between two looks at a chain whose hops all answer. */
const LOOK_AGAIN_MS = 500
/** Hints that are taken: whoever gives them must not make the chain do nothing but probe. */
const HINT_MS = 1_000
/** Before what is lost is sent for again; doubled each time up to the second, since it may only be slow. */
const FIRST_RESEND_MS = 1_000
const LAST_RESEND_MS = 15_000

/** What the chain waits for. */
export interface Awaited {
  /** The oldest step without an answer; undefined while the chain opens. */
  step: number | undefined
  /** Of that step. */
  tokens: number
  /** Of activations in flight on each link. */
  bytes: number
}

export interface Watched {
  clock: Clock
  route: Route
  pace: Pace
  /** Without progress this long the chain is lost however alive its hops are. */
  stallMs: number
  /** How long a hop may be dialled by the one before it; Infinity: as long as that takes. */
  reachMs: (hop: RouteHop) => number
  /** Undefined when nothing is. */
  awaited: () => Awaited | undefined
  probe: (number: number) => void
  /** Has hops repeat what may be lost; `times` before without effect. */
  resend: (times: number) => void
  fail: (error: ShoalError) => void
}

export class ChainWatch {
  readonly #chain: Watched
  #phase: 'idle' | 'waiting' | 'probing' | 'over' = 'idle'
  #progressAt: number
  #probes = 0
  /** Of the probes of this round. */
  #replies: (ProbeReply | undefined)[] = []
  #hinted: number | undefined
  #hintedAt = Number.NEGATIVE_INFINITY
  #resends = 0
  #resendAt = 0
  #forget = () => {}
  #forgetAgain = () => {}

  constructor(chain: Watched) {
    this.#chain = chain
    this.#progressAt = chain.clock.now()
  }

  /** Something is awaited now. */
  sent(): void {
    if (this.#phase === 'idle') this.progress()
  }

  /** Something came that was awaited: whatever else is has its time from now. */
  progress(): void {
    if (this.#phase === 'over') return
    this.#progressAt = this.#chain.clock.now()
    this.#resends = 0
    this.#resendAt = 0
    this.#wait()
  }

  /** @throws nothing: a reply to an older round is late and says nothing */
  replied(reply: ProbeReply): void {
    if (this.#phase !== 'probing' || reply.hop >= this.#replies.length) return
    const farther = this.#replies.slice(reply.hop).every(known => known === undefined)
    this.#replies[reply.hop] = reply
    // Who has not passed the open on is the last that can answer.
    if (!reply.passedOn || this.#replies.every(known => known !== undefined)) this.#decide()
    // Each hop's silence counts from the reply of the one before: a long chain takes longer.
    else if (farther) this.#listen()
  }

  /** Somebody has seen the peer go: it is asked at once. */
  hint(peer: string): void {
    const hop = this.#chain.route.hops.findIndex(known => known.peer === peer)
    const now = this.#chain.clock.now()
    if (hop < 0 || this.#phase === 'over' || now - this.#hintedAt < HINT_MS) return
    this.#hintedAt = now
    this.#hinted = hop
    if (this.#phase === 'probing') this.#listen()
    else this.#probe()
  }

  stop(): void {
    this.#phase = 'over'
    this.#forget()
    this.#forgetAgain()
  }

  #wait(ms?: number): void {
    const { clock, route, pace, awaited } = this.#chain
    this.#forget()
    this.#forgetAgain()
    this.#hinted = undefined
    const work = awaited()
    this.#phase = work === undefined ? 'idle' : 'waiting'
    if (work === undefined) return
    this.#forget = afterAwake(clock, ms ?? stepDeadlineMs(route, work.tokens, pace), () => this.#probe())
  }

  #probe(): void {
    this.#phase = 'probing'
    this.#replies = this.#chain.route.hops.map(() => undefined)
    this.#listen()
    this.#sendProbe()
  }

  #sendProbe(): void {
    this.#forgetAgain()
    this.#forgetAgain = this.#chain.clock.after(PROBE_AGAIN_MS, () => this.#sendProbe())
    this.#chain.probe(++this.#probes)
  }

  #listen(): void {
    const { clock, pace, awaited } = this.#chain
    this.#forget()
    const next = this.#replies.findLastIndex(reply => reply !== undefined) + 1
    const limit = silenceMs(pace, awaited()?.bytes ?? 0, next === this.#hinted)
    this.#forget = afterAwake(clock, limit, () => this.#decide())
  }

  #decide(): void {
    const lost = this.#lost()
    if (lost !== undefined) this.#chain.fail(lost)
    else this.#wait(LOOK_AGAIN_MS)
  }

  #lost(): ShoalError | undefined {
    const { clock, route, pace, stallMs, reachMs, awaited } = this.#chain
    const step = awaited()?.step
    const isHung = (reply: ProbeReply) => reply.runMs > hungMs(route.hops[reply.hop]!, reply.runTokens, pace)
    const isUnreached = (reply: ProbeReply) => reply.dialMs > reachMs(route.hops[reply.hop + 1]!)
    const { kind, hop } = judge(this.#replies, step, { isHung, isUnreached })
    const { peer } = route.hops[hop]!
    if (kind === 'silent') {
      pace.silenced()
      return new PeerLostError(`${peer} does not answer`, { peer })
    }
    if (kind === 'unreached') {
      pace.unreached()
      return new PeerLostError(`${peer} can't be reached by the hop before it`, { peer })
    }
    if (kind === 'hung') return new PeerLostError(`${peer} answers, but its run does not end`, { peer })
    if (step === undefined) return undefined
    const now = clock.now()
    if (now - this.#progressAt > stallMs) return new DeadlineError(`no step has ended at ${peer} for ${stallMs} ms`, { peer })
    if (kind === 'starved') this.#resend(now)
    return undefined
  }

  #resend(now: number): void {
    if (now < this.#resendAt) return
    this.#chain.resend(this.#resends)
    this.#resendAt = now + Math.min(LAST_RESEND_MS, FIRST_RESEND_MS * 2 ** this.#resends++)
  }
}
