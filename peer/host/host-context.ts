/**
 * What all hops of one host share.
 */
import type { SpanEngine } from '../engine/engine.ts'
import type { ShoalError } from '../errors.ts'
import type { Links } from '../wire/channel.ts'
import type { Clock } from '../wire/clock.ts'
import type { WireLogger } from '../wire/log.ts'
import type { ActivationLogs } from './activation-logs.ts'
import type { ModelFacts } from './check-open.ts'
import type { KvRoom } from './kv-room.ts'
import type { Scheduler } from './scheduler.ts'
import type { SessionTable } from './session-table.ts'
import type { Standbys } from './standbys.ts'

export interface HostContext<Hop> {
  links: Links
  engine: SpanEngine
  model: ModelFacts
  scheduler: Scheduler
  room: KvRoom
  table: SessionTable<Hop>
  logs: ActivationLogs
  standbys: Standbys
  clock: Clock
  logger: WireLogger
  /** Set while the host takes no new work; opens are refused with it. `known`: of a session that is here already. */
  refusing: (known: boolean) => ShoalError | undefined
  counters: HostCounters
}

export interface HostCounters {
  tokensServed: number
  bytesReceived: number
  bytesSent: number
}
