import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { describeHealth } from '../../../peer/gateway/health.ts'
import { startGateway } from '../../../peer/gateway/server.ts'
import { digest, finished, scriptedService } from './scripted-service.ts'

test('what to know of a model before trusting it stands beside its name', async () => {
  const scripted = scriptedService([finished])
  const service = { ...scripted, model: { ...scripted.model, warnings: ['text is cut by a general rule'] } }
  const gateway = await startGateway({
    services: () => [service],
    health: async counts => describeHealth('self', counts, [], { entries: [] }),
    host: '127.0.0.1',
    port: 0
  })
  try {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const listed = await Array.fromAsync(await client.models.list())
    const found = await client.models.retrieve('psalter')
    const shoal = { digest, context_length: 256, warnings: ['text is cut by a general rule'] }
    assert.deepEqual(
      [...listed, found].map(model => (model as unknown as { shoal: unknown }).shoal),
      [shoal, shoal]
    )
  } finally {
    await gateway.close()
  }
})
