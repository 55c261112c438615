/**
 * The standbys of one host: those it is for others' hops, and those that stand by for its own. What it holds for others it
 * gives up as soon as an open wants the KV.
 */

/** KV held for a hop elsewhere. */
export interface HeldStandby {
  /** Positions reserved. */
  readonly tokens: number
  /** Frees it; its KV is back once this resolves. */
  yieldRoom: () => Promise<void>
}

/** A hop's stream of KV to its standby. */
export interface StandbyLag {
  /** Positions that the hop has and the standby has not. */
  readonly lag: number
}

export class Standbys {
  /** Oldest first. */
  readonly held = new Set<HeldStandby>()
  readonly feeds = new Set<StandbyLag>()

  /** KV positions in blocks that are held for others. */
  heldTokens(tokensPerBlock: number): number {
    let tokens = 0
    for (const standby of this.held) tokens += Math.ceil(standby.tokens / tokensPerBlock) * tokensPerBlock
    return tokens
  }

  get lag(): number {
    let lag = 0
    for (const feed of this.feeds) lag += feed.lag
    return lag
  }

  /** Gives up the one held longest. False when there is none. */
  async yieldOne(): Promise<boolean> {
    const [oldest] = this.held
    if (oldest === undefined) return false
    this.held.delete(oldest)
    await oldest.yieldRoom()
    return true
  }

  async yieldAll(): Promise<void> {
    while (await this.yieldOne());
  }
}
