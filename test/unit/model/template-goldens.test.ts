import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { type ChatMessage, ChatTemplate, type Tool } from '../../../peer/model/chat-template.ts'

interface Goldens {
  /** Local time, without a zone. */
  now: string
  /** By template, then by conversation. */
  goldens: Record<string, Record<string, { text: string } | { raised: string }>>
}

const oracle = join(import.meta.dirname, '..', '..', 'oracle')
const { now, goldens } = JSON.parse(gunzipSync(readFileSync(join(oracle, 'golden', 'templates.json.gz'))).toString()) as Goldens
const conversations = JSON.parse(readFileSync(join(oracle, 'templates', 'conversations.json'), 'utf8')) as Record<
  string,
  { messages: ChatMessage[]; tools?: Tool[] }
>

describe('chat templates', () => {
  it('have goldens each', () => {
    const files = readdirSync(join(oracle, 'templates')).filter(file => file.endsWith('.jinja'))
    assert.deepEqual(files.map(file => file.slice(0, -'.jinja'.length)).sort(), Object.keys(goldens).sort())
  })

  for (const [name, cases] of Object.entries(goldens)) {
    const source = readFileSync(join(oracle, 'templates', `${name}.jinja`), 'utf8').replace(/\n$/, '')
    const template = new ChatTemplate(source)
    for (const [what, golden] of Object.entries(cases)) {
      it(`${name} renders ${what} as Jinja does`, () => {
        const [conversation, end] = what.split(', ') as [string, string]
        const { messages, tools } = conversations[conversation]!
        const render = (controlTexts: string[]) =>
          template.render(messages, {
            controlTexts,
            bosText: '<s>',
            eosText: '</s>',
            addGenerationPrompt: end === 'prompt',
            // A template that reads no tools is compared without them: it would refuse them.
            tools: template.takesTools ? tools : undefined,
            now: () => new Date(now)
          })
        if ('raised' in golden) {
          assert.throws(
            () => render([]),
            thrown =>
              thrown instanceof InvalidRequestError && thrown.message === golden.raised && thrown.details.param === 'messages'
          )
          return
        }
        assert.equal(render([]).text, golden.text)
        // Hiding markers changes nothing in the end.
        const { text, reveal } = render(['<|im_end|>', '[INST]'])
        assert.equal(reveal(text), golden.text)
      })
    }
  }
})
