/**
 * The bootstrap's figures for Prometheus: what /health tells, and the HTTP requests it answered by route and status.
 */
import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Registry } from 'prom-client'
import { contentType, metricsText } from '../peer/process-metrics.ts'

/** The counts of `BootstrapHealth`, by name. */
export interface BootstrapFigures {
  peers: number
  announcements: number
  announcementBytes: number
  relayReservations: number
  directoryNodes: number
  gossipCharges: number
}

/** Serves GET /metrics. */
export function serveMetrics(app: FastifyInstance, figures: () => BootstrapFigures, tunnels: () => number): void {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      }
    })
  gauge('shoal_bootstrap_peers', 'Connected peers', () => figures().peers)
  gauge('shoal_bootstrap_announcements', 'Live announcements in the directory', () => figures().announcements)
  gauge('shoal_bootstrap_announcement_bytes', 'What they take', () => figures().announcementBytes)
  gauge('shoal_bootstrap_relay_reservations', 'Peers that can be reached over the relay', () => figures().relayReservations)
  gauge('shoal_bootstrap_directory_nodes', 'Fellow directory nodes that it gossips with', () => figures().directoryNodes)
  gauge('shoal_bootstrap_tunnels', 'WebSockets passed to libp2p', tunnels)
  new Counter({
    name: 'shoal_bootstrap_gossip_charges_total',
    help: 'Forged, stale and surplus messages of fellow directory nodes',
    registers,
    collect() {
      this.reset()
      this.inc(figures().gossipCharges)
    }
  })
  const requests = new Counter({
    name: 'shoal_bootstrap_requests_total',
    help: 'HTTP requests that were answered',
    labelNames: ['route', 'status'] as const,
    registers
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    // Models are as many as the operator published; their routes differ by digest.
    requests.inc({ route: route.replace(/^\/models\/[0-9a-f]{64}\//, '/models/:digest/'), status: String(reply.statusCode) })
  })
  app.get('/metrics', async (_request, reply) =>
    reply
      .header('Cache-Control', 'no-store')
      .type(contentType)
      .send(await metricsText(registry))
  )
}
