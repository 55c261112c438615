/**
 * What GET /health tells: whether each model can be answered now, and what the directory says of every peer that could
 * take part. A function of a directory value.
 */
import type { DraftCounts } from '../session/types.ts'
import type { Directory } from '../swarm/types.ts'

export interface ServedModel {
  name: string
  digest: string
  layers: number
}

/** What the gateway counts of its own answers. */
export interface AnswerCounts {
  /** Under way now. */
  answering: number
  /** Chains lost and replaced under answers since the gateway started, and how long these paused for it altogether. */
  recoveries: { count: number; pauseMs: number }
  /** Of answers that ended. */
  drafts: DraftCounts
}

export interface Health {
  /** `incomplete` while some layer of a served model is held by nobody. */
  status: 'ok' | 'incomplete'
  /** This gateway's peer id. */
  peer: string
  /** Answers under way here. */
  answering: number
  /** Of answers since the gateway started. */
  recoveries: { count: number; pause_ms: number }
  /** Tokens drafted for answers since then, and those of them that were right. */
  drafts: DraftCounts
  models: { name: string; digest: string; layers: number; missing_layers: number[] }[]
  hops: HopHealth[]
}

export interface HopHealth {
  peer: string
  agent: 'tab' | 'node'
  adapter: string
  /** Manifest digest. */
  model: string
  layers: [first: number, end: number]
  state: 'loading' | 'serving'
  /** KV positions nobody has reserved. */
  free_kv_tokens: number
  queue_ms: number
  /** Since the directory heard from the peer. */
  age_ms: number
}

export function describeHealth(
  self: string,
  { answering, recoveries, drafts }: AnswerCounts,
  models: readonly ServedModel[],
  directory: Directory
): Health {
  const hops = directory.entries.flatMap(({ announcement, ageMs }) =>
    announcement.offers.map(
      (offer): HopHealth => ({
        peer: announcement.peer,
        agent: announcement.agent,
        adapter: announcement.adapter,
        model: offer.model,
        layers: [offer.span.first, offer.span.end],
        state: offer.state,
        free_kv_tokens: offer.freeKvTokens,
        queue_ms: offer.queueMs,
        age_ms: ageMs
      })
    )
  )
  const covered = models.map(({ name, digest, layers }) => {
    const serving = hops.filter(hop => hop.model === digest && hop.state === 'serving')
    const held = (layer: number) => serving.some(hop => hop.layers[0] <= layer && layer < hop.layers[1])
    const missing = Array.from({ length: layers }, (_, layer) => layer).filter(layer => !held(layer))
    return { name, digest, layers, missing_layers: missing }
  })
  const complete = covered.length > 0 && covered.every(model => model.missing_layers.length === 0)
  const { count, pauseMs } = recoveries
  return {
    status: complete ? 'ok' : 'incomplete',
    peer: self,
    answering,
    recoveries: { count, pause_ms: pauseMs },
    drafts: { ...drafts },
    models: covered,
    hops
  }
}

/** Whether some model can be answered now. */
export function canAnswer({ models }: Health): boolean {
  return models.some(({ missing_layers }) => missing_layers.length === 0)
}
