/**
 * What a serving donor looks at to find whether the swarm needs it elsewhere: the peers of its model, and where it may host
 * others, theirs. Holes go before throughput, its own model before others.
 */
import type { NamedManifest } from '../model/manifest.ts'
import type { PublishedModelFacts } from '../swarm/model-choice.ts'
import { placeElsewhere, wantedElsewhere } from '../swarm/model-move.ts'
import { DirectoryReader } from '../swarm/read-directory.ts'
import type { SignedEntry } from '../swarm/read-entries.ts'
import { type Move, planMove } from '../swarm/rebalance.ts'
import type { Directory, SpanOffer } from '../swarm/types.ts'
import type { Clock } from '../wire/clock.ts'
import { type Assignment, type KvWish, kvTokensOf } from './assignment.ts'
import { untilMove } from './mover.ts'
import { spanBytes } from './span-bytes.ts'

/** The models that a donor may host beside the one it begins with. */
export interface OtherModels {
  /** All of them, its own too; each is one more question to the directory nodes at every look. */
  models: readonly PublishedModelFacts[]
  /** @throws what fetching throws */
  manifest: (digest: string) => Promise<NamedManifest>
}

export interface MovingOptions extends KvWish {
  self: string
  directory: { query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]> }
  /** Absent: it stays with its model. */
  others?: OtherModels | undefined
  memoryBytes: number
  maxLayers?: number | undefined
  random: () => number
  clock: Clock
}

export interface Served {
  assignment: Assignment
  /** Undefined once it takes no sessions. */
  offer: () => SpanOffer | undefined
}

/** Where a move leads. */
export interface Destination {
  reason: Move['reason']
  assignment: Assignment
}

/** Resolves when it is time to go. @throws the signal's reason */
export async function untilMoved(
  options: MovingOptions,
  served: Served,
  intend: (to: Assignment | undefined) => void,
  restMs: number,
  signal: AbortSignal
): Promise<Destination> {
  const { directory: source, others, clock, random } = options
  const { assignment, offer } = served
  const manifests = new Map([[assignment.manifest.digest, assignment.manifest]])
  const reader = new DirectoryReader()
  const asked = others?.models.map(({ digest }) => digest) ?? [assignment.manifest.digest]
  const destinationOf = ({ model, span }: Move): Assignment => {
    const manifest = model === undefined ? assignment.manifest : manifests.get(model)!
    return { manifest, span, kvTokens: kvTokensOf(options, manifest) }
  }
  const move = await untilMove(
    {
      look: async asking => reader.read((await Promise.all(asked.map(model => source.query(model, asking)))).flat()),
      plan: async (directory, how) => {
        const now = offer()
        if (now === undefined) return undefined
        const within = moveWithin(options, assignment, now, directory, how)
        if (within?.reason === 'hole' || others === undefined) return within
        const across = await moveAcross(options, others, manifests, assignment, now, directory, how)
        return across?.reason === 'hole' ? across : (within ?? across)
      },
      busy: () => (offer()?.sessions ?? 0) > 0,
      intend: wish => intend(wish && destinationOf(wish)),
      restMs,
      clock,
      random
    },
    signal
  )
  return { reason: move.reason, assignment: destinationOf(move) }
}

interface How {
  stuck: ReadonlySet<string>
  claiming: boolean
}

function moveWithin(
  { self, memoryBytes, maxLayers }: MovingOptions,
  { manifest: { digest, manifest }, span, kvTokens }: Assignment,
  { sessions = 0, decodeRate }: SpanOffer,
  directory: Directory,
  how: How
): Move | undefined {
  return planMove({
    ...how,
    directory,
    model: digest,
    layers: manifest.hyperparameters.layers,
    self,
    current: span,
    sessions,
    decodeRate,
    spanBytes: candidate => spanBytes(manifest, candidate, kvTokens),
    memoryBytes,
    ...(maxLayers === undefined ? {} : { maxLayers })
  })
}

/** Fetches the other model's manifest, once it is wanted. */
async function moveAcross(
  options: MovingOptions,
  others: OtherModels,
  manifests: Map<string, NamedManifest>,
  { manifest: own, span }: Assignment,
  { sessions = 0, demand = 0, decodeRate }: SpanOffer,
  directory: Directory,
  how: How
): Promise<Move | undefined> {
  const { self, memoryBytes, maxLayers } = options
  const current = { model: own.digest, span, sessions, demand, decodeRate }
  const wish = wantedElsewhere({ ...how, directory, models: others.models, self, current })
  if (wish === undefined) return undefined
  const named = manifests.get(wish.digest) ?? (await others.manifest(wish.digest))
  manifests.set(wish.digest, named)
  const { manifest } = named
  // A published fact that the manifest denies.
  if (manifest.hyperparameters.layers !== wish.layers) return undefined
  const kvTokens = kvTokensOf(options, named)
  const to = placeElsewhere(wish, {
    // Decoding takes as long as reading a layer's weights does.
    decodeRate: (decodeRate * bytesPerLayer(own)) / bytesPerLayer(named),
    spanBytes: candidate => spanBytes(manifest, candidate, kvTokens),
    memoryBytes,
    maxLayers
  })
  return to && { model: wish.digest, span: to, reason: wish.reason, rank: wish.rank }
}

function bytesPerLayer({ manifest: { fileSize, hyperparameters } }: NamedManifest): number {
  return fileSize / hyperparameters.layers
}
