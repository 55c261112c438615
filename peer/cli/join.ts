/**
 * A process's place in a swarm: the libp2p node, its directory nodes, and the models the bootstrap publishes.
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import type { Logger } from 'pino'
import { InvalidRequestError, toShoalError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import { openCompletionService } from '../session/completion.ts'
import { directoryOf } from '../session/directory-query.ts'
import type { DriverLimits } from '../session/driver-limits.ts'
import type { MeasuringService } from '../session/types.ts'
import { mergeDirectories } from '../swarm/directory.ts'
import { mostWanted, type PublishedModelFacts } from '../swarm/model-choice.ts'
import { Reputation } from '../swarm/reputation.ts'
import type { Directory } from '../swarm/types.ts'
import { fetchManifest } from '../weights/fetch-manifest.ts'
import type { Links } from '../wire/channel.ts'
import { DirectoryClient } from '../wire/directory-client.ts'
import { join, type RendezvousModel } from '../wire/join.ts'
import { withLoopback } from '../wire/loopback.ts'
import type { Membership } from '../wire/membership.ts'
import { createNode } from '../wire/node.ts'
import type { DraftModel } from './draft-model.ts'

/** Models that a newcomer compares: each is a question to the directory nodes, which answer eight a second. */
const MAX_COMPARED = 8

export interface JoinOptions {
  membership: Membership
  /** Default: a new one, for peers that need no lasting id. */
  privateKey?: PrivateKey
  /** Multiaddrs to accept connections on. Default: none, others come over the relay. */
  listen?: string[]
  /** Drafts for answers of the models that have its vocabulary. */
  draft?: DraftModel
  /** How its answers are driven, where not as usual. */
  limits?: Partial<DriverLimits>
  logger: Logger
  signal: AbortSignal
}

export interface PublishedModel extends NamedManifest {
  /** As the bootstrap publishes it. */
  name: string
  /** URLs of the weights. */
  sources: string[]
}

export interface ServedCompletions extends MeasuringService {
  readonly layers: number
  /** Values of one position's hidden state. */
  readonly width: number
}

export interface Swarm {
  readonly self: string
  readonly privateKey: PrivateKey
  readonly links: Links
  readonly client: DirectoryClient
  /** What this process has seen of other peers. */
  readonly reputation: Reputation
  /** Live announcements of every model. */
  directory: (signal?: AbortSignal) => Promise<Directory>
  /** Published models that a donor compares; each is a question to the directory nodes. */
  readonly models: readonly PublishedModelFacts[]
  /** Digest of the model that donors are wanted for most. */
  wantedModel: () => Promise<string>
  /** The model of this name or digest, or the first; its manifest is fetched and held against its digest. */
  model: (name?: string) => Promise<PublishedModel>
  openService: (name?: string) => Promise<ServedCompletions>
  /** One for every published model whose manifest can be had. */
  openServices: () => Promise<ServedCompletions[]>
  /** Peers of any kind that have a connection to this one. */
  connectedPeers: () => number
  leave: () => Promise<void>
}

/** @throws InvalidRequestError, SourceError, DeadlineError when none of the bootstraps answers as one; InviteError */
export async function joinSwarm(places: readonly string[], options: JoinOptions): Promise<Swarm> {
  const { membership, draft, limits = {}, logger, signal, listen } = options
  const { directoryNodes, models, failures } = await join(places, signal, membership)
  for (const { code, message } of failures) logger.warn({ code }, `joined without one of the bootstraps: ${message}`)
  const place = places.join(' and ')
  const privateKey = options.privateKey ?? (await generateKeyPair('Ed25519'))
  const node = await createNode({ privateKey, membership, directoryNodes, logger, ...(listen === undefined ? {} : { listen }) })
  const links = withLoopback(node)
  const client = new DirectoryClient({ links, directoryNodes, logger })
  const directory = directoryOf(client, logger)
  const reputation = new Reputation()
  const compared = models.slice(0, MAX_COMPARED)
  const model = async (name?: string): Promise<PublishedModel> => {
    const chosen = chooseModel(models, name, place)
    return { ...(await fetchManifest(chosen, signal)), name: chosen.name, sources: chosen.sources }
  }
  const openService = async (name?: string): Promise<ServedCompletions> => {
    const manifest = await model(name)
    const drafts = draft?.drafts(manifest.manifest) ?? false
    if (draft !== undefined && !drafts)
      logger.warn({ model: manifest.name }, `${draft.name} has another vocabulary: no drafts by it`)
    const drafter = drafts ? { drafter: draft!.drafter } : {}
    const service = openCompletionService({
      links,
      privateKey,
      directory: client,
      manifest,
      reputation,
      logger,
      limits,
      ...drafter
    })
    const { layers, width } = manifest.manifest.hyperparameters
    return { ...service, model: { ...service.model, name: manifest.name }, layers, width }
  }
  return {
    self: node.self,
    privateKey,
    links,
    client,
    reputation,
    directory: asking => directory.query('', asking),
    models: compared,
    wantedModel: async () => {
      const { digest } = chooseModel(models, undefined, place)
      if (models.length === 1) return digest
      const found = await Promise.all(compared.map(model => directory.query(model.digest, signal)))
      return mostWanted(mergeDirectories(found), compared)
    },
    model,
    openService,
    openServices: async () => {
      chooseModel(models, undefined, place)
      const opened = await Promise.allSettled(models.map(({ digest }) => openService(digest)))
      signal.throwIfAborted()
      const services = opened.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
      const failed = opened.flatMap(result => (result.status === 'rejected' ? [toShoalError(result.reason)] : []))
      if (services.length === 0) throw failed[0]
      // What fellow directory nodes publish may not be there any more; it must not take the rest with it.
      for (const { code, message } of failed) logger.warn({ code }, `a published model is left out: ${message}`)
      return services
    },
    connectedPeers: () => new Set(node.connections().map(({ peer }) => peer)).size,
    leave: async () => {
      client.stop()
      await node.stop()
    }
  }
}

function chooseModel(models: readonly RendezvousModel[], name: string | undefined, place: string): RendezvousModel {
  const found = name === undefined ? models[0] : models.find(model => model.name === name || model.digest === name)
  if (found !== undefined) return found
  if (name === undefined) throw new InvalidRequestError(`no model is published at ${place}`)
  const known = models.map(model => model.name).join(', ')
  throw new InvalidRequestError(`no model called ${name} is published at ${place}, but ${known || 'none'}`, { param: 'model' })
}
