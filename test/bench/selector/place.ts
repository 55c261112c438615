/** What every policy meets: a chain of two peers as the edge, a second swarm's gateway with the whole model as the cloud, behind a proxy. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServiceProcess, startService } from '../../../peer/cli/service-process.ts'
import { type FlakyProxy, startFlakyProxy } from './flaky-proxy.ts'
import { type SlowProcesses, slowProcesses } from './slow-process.ts'

export interface Place {
  edgeUrl: string
  proxy: FlakyProxy
  slow: SlowProcesses
  close: () => Promise<void>
}

export async function openPlace(signal: AbortSignal): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-selector-'))
  const services: ServiceProcess[] = []
  let proxy: FlakyProxy | undefined
  let slow: SlowProcesses | undefined
  const close = async () => {
    slow?.end()
    await proxy?.close()
    await Promise.all(services.map(each => each.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  const start = async (name: string, ...args: string[]) => {
    const service = await startService([...args, '--log-level', 'warn', '--identity', join(folder, `${name}.key`)], { signal })
    services.push(service)
    return service
  }
  try {
    const [near, far] = await Promise.all(['edge', 'cloud'].map(name => start(name, 'bootstrap', '--port', '0')))
    const [edgeUrl, farUrl] = [near!, far!].map(({ ready }) => String(ready.url))
    // All settled, so that none is started after the others were stopped.
    const started = await Promise.allSettled([
      start('far', 'serve', '--join', farUrl!, '--port', '0', '--donate'),
      ...['0-3', '4-7'].map(layers => start(`edge-${layers}`, 'edge', '--join', edgeUrl!, '--layers', layers, '--watts', '20'))
    ])
    const [cloud, ...edges] = started.map(each => {
      if (each.status === 'rejected') throw each.reason
      return each.value
    })
    proxy = await startFlakyProxy(String(cloud!.ready.url))
    slow = slowProcesses(edges)
    return { edgeUrl: edgeUrl!, proxy, slow, close }
  } catch (error) {
    await close()
    throw error
  }
}
