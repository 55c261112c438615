/**
 * Prometheus' usual figures of a Node process (CPU, memory, open files, event loop), taken once however many services run
 * in it, and the text in which a service tells them with its own.
 */
import { collectDefaultMetrics, Registry } from 'prom-client'

let ofProcess: Registry | undefined

/** In Prometheus' text format, of type `contentType`. */
export async function metricsText(...own: (Registry | undefined)[]): Promise<string> {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return await Registry.merge([ofProcess, ...own.filter(registry => registry !== undefined)]).metrics()
}

export const contentType = Registry.PROMETHEUS_CONTENT_TYPE
