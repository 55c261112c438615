import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidRequestError, UnsupportedModelError } from '../../../peer/errors.ts'
import { ChatTemplate } from '../../../peer/model/chat-template.ts'

const controlTexts = ['<|a|>', '<s>', '[X]']
const render = (source: string, content = 'hi', role = 'user') =>
  new ChatTemplate(source).render([{ role, content }], { controlTexts })

describe('chat template', () => {
  it('gets what transformers gives a template', () => {
    const template = new ChatTemplate(
      '{{ bos_token }}{{ messages[0].role }}{{ eos_token }}{% if add_generation_prompt %}>{% endif %}'
    )
    const messages = [{ role: 'user', content: '' }]
    assert.equal(template.render(messages, { controlTexts, bosText: '<s>', eosText: '</s>' }).text, '<s>user</s>>')
    assert.equal(template.render(messages, { controlTexts, addGenerationPrompt: false }).text, 'user')
  })

  it('lets the template see all of a message but its markers', () => {
    const source = "{{ messages[0].content.split('</think>')[-1] | trim }}"
    const asked = [{ role: 'user', content: 'why </think>  because ' }]
    assert.equal(new ChatTemplate(source).render(asked, { controlTexts: ['<|a|>'] }).text, 'because')
    const { text, reveal } = render('<|a|>{{ messages[0].content }}', '<|a|> [X] <s> \ue000')
    assert.equal(text.slice(5).includes('<|a|>') || text.includes('[X]') || text.includes('<s>'), false)
    assert.equal(reveal(text), '<|a|><|a|> [X] <s> \ue000')
  })

  it('passes on the template’s own refusal', () => {
    const source = "{% if messages[0].role != 'user' %}{{ raise_exception('roles must alternate') }}{% endif %}ok"
    assert.equal(render(source).text, 'ok')
    assert.throws(
      () => render(source, 'hi', 'tool'),
      thrown =>
        thrown instanceof InvalidRequestError && thrown.message === 'roles must alternate' && thrown.details.param === 'messages'
    )
  })

  it('refuses a template that does not parse', () => {
    assert.throws(() => new ChatTemplate('{% for %}'), UnsupportedModelError)
    assert.throws(() => new ChatTemplate(' '.repeat(300_000)), UnsupportedModelError)
  })

  const endless: [string, string][] = [
    [
      'output',
      "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}"
    ],
    ['output by pieces', '{% for i in range(9000) %}{% for j in range(9000) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}'],
    [
      'loops',
      '{% for i in range(9000) %}{% for j in range(9000) %}{% for k in range(9000) %}{% endfor %}{% endfor %}{% endfor %}'
    ],
    ['a range', '{% for i in range(1000000000) %}{% endfor %}'],
    ['lists', '{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}']
  ]
  for (const [what, source] of endless) {
    it(`bounds ${what} without end`, () => {
      const start = performance.now()
      assert.throws(() => render(source), InvalidRequestError)
      assert.ok(performance.now() - start < 10_000)
    })
  }
})
