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

  it('hides markers in names, tools and calls, and in JSON that a template writes in ASCII', () => {
    const source =
      '{{ tools | tojson(ensure_ascii=true) }}{{ messages[0].name }}{{ messages[0].tool_calls[0].function | tojson }}'
    const call = { type: 'function' as const, function: { name: '<|a|>', arguments: { '<|a|>': ['<s>'] } } }
    const written = { role: 'assistant', content: '', name: '[X]', tool_calls: [call] }
    const tools = [{ '<|a|>': '\\ue000 <|a|> \ue001' }]
    const { text, reveal } = new ChatTemplate(source).render([written], { controlTexts, tools })
    assert.ok(controlTexts.every(marker => !text.includes(marker)))
    assert.equal(reveal(text), '[{"<|a|>": "\\\\ue000 <|a|> \\ue001"}][X]{"name": "<|a|>", "arguments": {"<|a|>": ["<s>"]}}')
  })

  it('refuses tools that the template would lose', () => {
    const messages = [{ role: 'user', content: '' }]
    assert.throws(
      () => new ChatTemplate('{{ messages[0].content }}').render(messages, { controlTexts, tools: [{}] }),
      thrown => thrown instanceof InvalidRequestError && thrown.details.param === 'tools'
    )
    assert.equal(new ChatTemplate('{{ tools is none }}').render(messages, { controlTexts }).text, 'true')
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
    ['empty loops', `${'{% for i in range(1000) %}'.repeat(6)}${'{% endfor %}'.repeat(6)}`],
    [
      'replacing',
      "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(8) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}"
    ],
    [
      'joining',
      "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(8) %}{% set ns.s = range(9999) | join(ns.s) %}{% endfor %}"
    ],
    ['indenting', "{{ 'a\\nb' | indent(1000000000) }}"],
    ['JSON', '{{ range(9999) | list | tojson(indent=1000000) }}'],
    ['calling itself', '{% macro again(n) %}{{ again(n + 1) }}{% endmacro %}{{ again(0) }}'],
    ['nesting', `{{ ${'['.repeat(9000)}${']'.repeat(9000)} }}`],
    ['lists', '{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}']
  ]
  for (const [what, source] of endless) {
    it(`bounds ${what} without end`, () => {
      const start = performance.now()
      assert.throws(
        () => render(source),
        thrown => thrown instanceof InvalidRequestError || thrown instanceof UnsupportedModelError
      )
      assert.ok(performance.now() - start < 10_000)
    })
  }
})
