/**
 * What a swarm decodes at most: chains are made of whole spans, so it is the largest flow from layer 0 to the last over
 * spans that meet. Two spans that overlap without meeting serve nobody, however fast they are. A function of values.
 */
import type { Span } from '../model/types.ts'

/** Tokens a second that one peer's span lets through. */
export interface SpanRate {
  span: Span
  rate: number
}

interface Link {
  to: number
  capacity: number
  /** The same link the other way, along which flow is taken back. */
  back: Link
}

/** A flow below this share of the largest capacity is what adding floats in another order leaves. */
const NEGLIGIBLE = 1e-9

export class ChainFlow {
  readonly #layers: number
  readonly #negligible: number
  /** By the layer where they begin. */
  readonly #links: Link[][]
  #throughput = 0
  #fromStart: ReadonlySet<number>
  #toEnd: ReadonlySet<number>

  constructor(layers: number, spans: readonly SpanRate[]) {
    this.#layers = layers
    this.#links = Array.from({ length: layers + 1 }, () => [])
    const merged = new Map<string, SpanRate>()
    // Sums depend on their order; values shall not depend on that of the spans.
    for (const { span, rate } of spans.toSorted((a, b) => a.rate - b.rate)) {
      const key = `${span.first}-${span.end}`
      merged.set(key, { span, rate: rate + (merged.get(key)?.rate ?? 0) })
    }
    const sorted = [...merged.values()].sort((a, b) => a.span.first - b.span.first || a.span.end - b.span.end)
    this.#negligible = NEGLIGIBLE * Math.max(0, ...sorted.map(({ rate }) => rate))
    for (const { span, rate } of sorted) link(this.#links, span, rate)
    this.#throughput = this.#fill(this.#links)
    this.#fromStart = this.#reached(this.#links, 0, ({ capacity }) => capacity)
    this.#toEnd = this.#reached(this.#links, layers, ({ back }) => back.capacity)
  }

  /** Tokens a second through all chains together; 0 where no chain is whole. */
  get throughput(): number {
    return this.#throughput
  }

  /** The throughput with one span more. */
  with({ span, rate }: SpanRate): number {
    // Only a span between what the start still reaches and what still reaches the end lets more through.
    if (!this.#fromStart.has(span.first) || !this.#toEnd.has(span.end)) return this.#throughput
    const links = copyOf(this.#links)
    link(links, span, rate)
    return this.#throughput + this.#fill(links)
  }

  /** Shortest ways first, until there is none: Edmonds and Karp's. */
  #fill(links: readonly Link[][]): number {
    let added = 0
    for (;;) {
      const way = this.#way(links)
      if (way === undefined) return added
      const through = Math.min(...way.map(({ capacity }) => capacity))
      for (const taken of way) {
        taken.capacity -= through
        taken.back.capacity += through
      }
      added += through
    }
  }

  #way(links: readonly Link[][]): Link[] | undefined {
    const cameBy = new Map<number, Link>()
    const line = [0]
    for (const at of line) {
      for (const next of links[at]!) {
        if (next.capacity <= this.#negligible || next.to === 0 || cameBy.has(next.to)) continue
        cameBy.set(next.to, next)
        line.push(next.to)
      }
      if (cameBy.has(this.#layers)) break
    }
    const way: Link[] = []
    for (let by = cameBy.get(this.#layers); by !== undefined; by = cameBy.get(by.back.to)) way.unshift(by)
    return way.length === 0 ? undefined : way
  }

  #reached(links: readonly Link[][], from: number, capacity: (link: Link) => number): ReadonlySet<number> {
    const reached = new Set([from])
    for (const at of reached) for (const next of links[at]!) if (capacity(next) > this.#negligible) reached.add(next.to)
    return reached
  }
}

function link(links: readonly Link[][], { first, end }: Span, capacity: number): void {
  const there = { to: end, capacity } as Link
  const back: Link = { to: first, capacity: 0, back: there }
  there.back = back
  links[first]!.push(there)
  links[end]!.push(back)
}

function copyOf(links: readonly Link[][]): Link[][] {
  const copies = new Map<Link, Link>()
  const copied = links.map(from =>
    from.map(original => {
      const copy = { ...original }
      copies.set(original, copy)
      return copy
    })
  )
  for (const copy of copies.values()) copy.back = copies.get(copy.back)!
  return copied
}
