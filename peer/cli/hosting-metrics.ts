/**
 * Figures of a peer that hosts a span, for Prometheus: what it holds, what it has served, and for how many.
 */
import { Counter, Gauge, Registry } from 'prom-client'
import type { HostStats } from '../host/span-host.ts'

export interface HostingState {
  /** Undefined while no span is served. */
  stats: HostStats | undefined
  /** Connected peers of any kind. */
  peers: number
}

export function hostingMetrics(state: () => HostingState): Registry {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: (stats: HostStats) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const { stats } = state()
        this.set(stats === undefined ? 0 : value(stats))
      }
    })
  // The host counts since it serves; one that starts again on another GPU begins anew, as a counter may.
  const counter = (name: string, help: string, value: (stats: HostStats) => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        const { stats } = state()
        this.reset()
        if (stats !== undefined) this.inc(value(stats))
      }
    })
  new Gauge({
    name: 'shoal_host_serving',
    help: '1 while a span is served',
    registers,
    collect() {
      this.set(state().stats === undefined ? 0 : 1)
    }
  })
  new Gauge({
    name: 'shoal_peers_connected',
    help: 'Peers of any kind with a connection to this one',
    registers,
    collect() {
      this.set(state().peers)
    }
  })
  gauge('shoal_host_sessions', 'Sessions that hold KV here', stats => stats.sessions)
  gauge('shoal_host_standing_by', 'Sessions among them that it stands by for', stats => stats.standingBy)
  gauge('shoal_host_kv_tokens', 'Positions of KV there are', stats => stats.kvTokens)
  gauge('shoal_host_free_kv_tokens', 'Positions of KV that nobody has reserved', stats => stats.freeKvTokens)
  gauge('shoal_host_log_bytes', 'Outputs logged for recovery', stats => stats.logBytes)
  gauge('shoal_host_standby_lag_tokens', 'Positions that standbys have yet to get', stats => stats.standbyLag)
  counter('shoal_host_tokens_total', 'Positions computed for sessions', stats => stats.tokensServed)
  counter('shoal_host_prompts_total', 'Prompts that have begun to run', stats => stats.waits.prompts)
  counter('shoal_host_waited_ms_total', 'Milliseconds that they waited for it', stats => stats.waits.waitedMs)
  counter('shoal_host_expected_wait_ms_total', 'The same, as expected when they came', stats => stats.waits.expectedMs)
  counter('shoal_host_missed_wait_ms_total', 'How far the two were apart, prompt by prompt', stats => stats.waits.missedMs)
  counter('shoal_host_received_bytes_total', 'Bytes of steps and replays received', stats => stats.bytesReceived)
  counter('shoal_host_sent_bytes_total', 'Bytes of outputs and replays sent', stats => stats.bytesSent)
  return registry
}
