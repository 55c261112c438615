/**
 * When a serving donor goes to other layers, of its model or another: it looks at the directory now and then, lets those before it go first, says
 * what it means to do, and looks again before it does. Everybody's word is public before anybody moves, so two peers that
 * see each other never take the same place.
 */
import type { Move } from '../swarm/rebalance.ts'
import type { Directory } from '../swarm/types.ts'
import { type Clock, sleep, within } from '../wire/clock.ts'

/** Between two looks at the directory, a quarter more or less: what it notices is a matter of seconds. */
const LOOK_MS = 4_000
const LOOK_SPREAD = 0.25
/** A directory node answers in a round trip; relays and slow links included. */
const QUERY_MS = 15_000
/** From the announcement of an intention until whoever looks sees it: announcers wait up to 1 s, and gossip takes a moment. */
const SETTLE_MS = 2_500
/** What everybody waits for those before: until their intention is seen, and a look. */
const TURN_MS = 5_000
/** After a hole was seen first. A peer that reloads is back by then, or its weights are not. */
const HOLE_PATIENCE_MS = 2_000
/** With sessions: they wait for the same hole, and an idle peer may be on its way. */
const BUSY_PATIENCE_MS = 15_000
/** A gain must last: peers come and go, and loads change. */
const GAIN_PATIENCE_MS = 60_000
/** Between two moves of one peer that fill no hole: what loading cost is won back by then. */
const STAY_MS = 5 * 60_000
/** Part of the patience that chance adds, for peers that don't see each other. */
const JITTER = 0.5
/** Whoever loads longer than this is not waited for: gigabytes over a slow link are done. */
const STUCK_MS = 10 * 60_000

export interface MoverOptions {
  /** What is known of the peers that matter. */
  look: (signal: AbortSignal) => Promise<Directory>
  /** `claiming`: this peer has announced that it moves. */
  plan: (directory: Directory, how: { stuck: ReadonlySet<string>; claiming: boolean }) => Promise<Move | undefined>
  /** Whether this peer keeps sessions. */
  busy: () => boolean
  /** Tells the swarm that this peer gives its span up for the move's; undefined: that it stays after all. */
  intend: (move: Move | undefined) => void
  /** Before the first look. */
  restMs: number
  clock: Clock
  random: () => number
}

/** Resolves with the move to make, once it is this peer's turn. @throws the signal's reason */
export async function untilMove(options: MoverOptions, signal: AbortSignal): Promise<Move> {
  const { look, plan, busy, intend, restMs, clock, random } = options
  const startedAt = clock.now()
  const loading = new LoadingWatch(clock)
  const planned = async (claiming: boolean): Promise<Move | undefined> => {
    try {
      const directory = await within(clock, QUERY_MS, 'asking the directory', signal, look)
      return await plan(directory, { stuck: loading.stuck(directory), claiming })
    } catch {
      // Who can't see the swarm has no business moving in it.
      signal.throwIfAborted()
      return undefined
    }
  }
  await sleep(clock, restMs, signal)
  let wish: { reason: Move['reason']; since: number; chance: number } | undefined
  let dueAt = 0
  for (;;) {
    const spread = LOOK_MS * (1 + LOOK_SPREAD * (2 * random() - 1))
    await sleep(clock, wish === undefined ? spread : Math.max(0, Math.min(spread, dueAt - clock.now())), signal)
    const move = await planned(false)
    if (move === undefined) {
      wish = undefined
      continue
    }
    if (wish?.reason !== move.reason) wish = { reason: move.reason, since: clock.now(), chance: random() }
    const patience = patienceOf(move, busy())
    dueAt = wish.since + patience * (1 + JITTER * wish.chance) + move.rank * TURN_MS
    if (move.reason !== 'hole') dueAt = Math.max(dueAt, startedAt + STAY_MS)
    if (clock.now() < dueAt) continue
    intend(move)
    wish = undefined
    await sleep(clock, SETTLE_MS, signal)
    const again = await planned(true)
    if (again !== undefined && again.reason === move.reason && isSame(again, move)) return move
    intend(undefined)
  }
}

function patienceOf({ reason }: Move, busy: boolean): number {
  if (reason !== 'hole') return GAIN_PATIENCE_MS
  return busy ? BUSY_PATIENCE_MS : HOLE_PATIENCE_MS
}

function isSame(a: Move, b: Move): boolean {
  return a.model === b.model && a.span.first === b.span.first && a.span.end === b.span.end
}

/** Remembers since when each peer loads; no more of them than the last directory had. */
class LoadingWatch {
  readonly #clock: Clock
  #since = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  stuck({ entries }: Directory): ReadonlySet<string> {
    const now = this.#clock.now()
    const since = new Map<string, number>()
    for (const { announcement } of entries)
      if (announcement.offers.some(({ state }) => state === 'loading'))
        since.set(announcement.peer, this.#since.get(announcement.peer) ?? now)
    this.#since = since
    return new Set([...since].flatMap(([peer, at]) => (now - at > STUCK_MS ? [peer] : [])))
  }
}
