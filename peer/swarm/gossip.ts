/**
 * What a directory node believes of its like. Announcements carry their peer's own signature, so nobody can make one up;
 * what a stranger can do is repeat old ones, vouch for peers that are gone, and talk too much. Each is bounded here.
 */
import { type Allowance, freshAllowance, type Pace, spend } from './allowance.ts'
import { Reputation } from './reputation.ts'

/**
 * Others' word keeps one announcement alive this long at most; peers sign anew well within it. So a peer that is gone
 * can't be kept in directories by repeating what it once said.
 */
export const MAX_VOUCHED_MS = 15 * 60_000

/** An announcement just replaced may still be on its way; repeated later than this it is somebody's doing. */
export const LATE_MS = 10_000

/** Work a neighbour may cause: 1 verifies a signature. A full directory node's 4,096 leaves that change every 5 s make 820 a second. */
export const GOSSIP_PACE: Pace = { burst: 4_096, perSecond: 1_000 }

/** Stale or surplus messages taken for accidents, such as those of a link that was down. */
export const PATIENCE: Pace = { burst: 64, perSecond: 1 }

/** Neighbours remembered; directory nodes have a few. */
export const MAX_SOURCES = 1_024

/** What is remembered of a peer's newest announcement. */
export interface Past {
  sequence: number
  /** When this sequence was heard of first, on the reader's clock. */
  firstHeardAt: number
  withdrawn: boolean
}

/** `late` is what honest neighbours bring as well; `stale` is not. */
export type Verdict = 'enter' | 'withdraw' | 'known' | 'late' | 'stale'

/** What to do with a verified announcement that came by way of others, given what is remembered of its peer. */
export function judge(
  { sequence, offers }: { sequence: number; offers: readonly unknown[] },
  past: Past | undefined,
  now: number
): Verdict {
  if (past === undefined || sequence > past.sequence) return offers.length === 0 ? 'withdraw' : 'enter'
  const replacedLongAgo = now - past.firstHeardAt >= LATE_MS
  if (sequence < past.sequence) return replacedLongAgo ? 'stale' : 'late'
  if (past.withdrawn) return 'known'
  return now - past.firstHeardAt < MAX_VOUCHED_MS ? 'known' : 'stale'
}

interface Source {
  work: Allowance
  patience: Allowance
}

/** Keeps count of what each neighbour in the gossip brings, and bans those that bring what no honest one would. */
export class GossipSources {
  readonly #sources = new Map<string, Source>()
  readonly #reputation = new Reputation()
  #charges = 0

  /** Faults so far, of all neighbours. */
  get charges(): number {
    return this.#charges
  }

  isBanned(source: string, now: number): boolean {
    return this.#reputation.isBanned(source, now)
  }

  /** Whether there is time for a message of this cost from this neighbour. */
  admit(source: string, cost: number, now: number): boolean {
    if (this.isBanned(source, now)) return false
    const kept = this.#sources.get(source) ?? fresh(now)
    const work = spend(kept.work, cost, now, GOSSIP_PACE)
    this.#keep(source, { ...kept, work: work ?? kept.work })
    if (work === undefined) this.charge(source, 'surplus', now)
    return work !== undefined
  }

  /** A forged or malformed message bans at once, others once they are too many for accidents. */
  charge(source: string, fault: 'forged' | 'stale' | 'surplus', now: number): void {
    const kept = this.#sources.get(source) ?? fresh(now)
    this.#charges++
    const patience = fault === 'forged' ? undefined : spend(kept.patience, 1, now, PATIENCE)
    if (patience === undefined) this.#reputation.failed(source, now)
    this.#keep(source, { ...kept, patience: patience ?? kept.patience })
  }

  #keep(source: string, record: Source): void {
    this.#sources.delete(source)
    this.#sources.set(source, record)
    const oldest = this.#sources.keys().next().value
    if (this.#sources.size > MAX_SOURCES && oldest !== undefined) this.#sources.delete(oldest)
  }
}

function fresh(now: number): Source {
  return { work: freshAllowance(GOSSIP_PACE, now), patience: freshAllowance(PATIENCE, now) }
}
