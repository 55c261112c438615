/** A real gateway over a scripted service, for as long as a test uses it. */
import OpenAI from 'openai'
import { describeHealth } from '../../../peer/gateway/health.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../../peer/gateway/server.ts'
import { digest, finished, type ScriptedService, type Step, scriptedService, started, text } from './scripted-service.ts'

export const script: Step[] = [started, text('In the '), text(''), text('beginning'), finished]
export const messages = [{ role: 'user' as const, content: 'Who made the heaven?' }]

export async function withGateway(
  steps: readonly Step[],
  use: (url: string, client: OpenAI, service: ScriptedService, gateway: Gateway) => Promise<void>,
  options: Partial<GatewayOptions> & { apiKey?: string } = {}
) {
  const { apiKey = 'none', ...given } = options
  const service = scriptedService(steps)
  const gateway = await startGateway({
    services: () => [service],
    health: async counts => describeHealth('self', counts, [{ name: 'psalter', digest, layers: 8 }], { entries: [] }),
    host: '127.0.0.1',
    port: 0,
    ...given
  })
  try {
    await use(gateway.url, new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 }), service, gateway)
  } finally {
    await gateway.close()
  }
}
