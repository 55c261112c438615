/**
 * Shoal as a library, the same in a browser and in Node: join a swarm, drive answers over it, donate a span to it. What
 * differs between the two is chosen by package.json's conditions; what only Node has is in `shoal/gateway` and
 * `shoal/bootstrap`.
 */

export { requestGpu } from '#engine/adapter'
export { openChunkCache } from '#weights/cache'
export { loadKey } from '#wire/keys'
export { type AdapterDescription, describeAdapter } from './engine/adapter-description.ts'
export { type DeviceOptions, type EngineDevice, openDevice } from './engine/device.ts'
export type { EngineShape, KvState, SpanEngine } from './engine/engine.ts'
export * from './errors.ts'
export type { Assignment } from './host/assignment.ts'
export {
  type DonatedEngine,
  type Donation,
  type DonationEvent,
  type DonationOptions,
  donorOf,
  startDonation
} from './host/donate.ts'
export { type LoadSpanOptions, loadSpan } from './host/load-span.ts'
export type { HostStats, SpanHost } from './host/span-host.ts'
export { manifestOf, type NamedManifest, parseManifest } from './model/manifest.ts'
export type { Hyperparameters, Span } from './model/types.ts'
export { type CompletionServiceOptions, openCompletionService } from './session/completion.ts'
export { directoryOf } from './session/directory-query.ts'
export { neutralSampling } from './session/neutral-sampling.ts'
export type {
  ChainHop,
  ChatMessage,
  CompletionEvent,
  CompletionRequest,
  CompletionService,
  HopTime,
  Sampling,
  ShownLogprob,
  TextLogprob
} from './session/types.ts'
export { Reputation } from './swarm/reputation.ts'
export type { Announcement, Directory, SpanOffer } from './swarm/types.ts'
export { blobSource } from './weights/blob-source.ts'
export type { ChunkCache } from './weights/chunk-cache.ts'
export { fetchManifest } from './weights/fetch-manifest.ts'
export { openHttpSource } from './weights/http-source.ts'
export type { ByteSource } from './weights/source.ts'
export type { Links } from './wire/channel.ts'
export { DirectoryClient } from './wire/directory-client.ts'
export { type JoinPoint, join, type RendezvousModel } from './wire/join.ts'
export { withLoopback } from './wire/loopback.ts'
export { inviteOf, type Membership, makePrivate, readInvite } from './wire/membership.ts'
export { createNode, type NodeOptions, type PeerNode } from './wire/node.ts'
