import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeReferences, GrowingMarkdown, safeAddress } from '../../../web/markdown.ts'

const pieces = [
  '# A\n',
  'text ',
  '*em* ',
  '\n\n',
  '- one\n',
  '- two\n',
  '1. x\n',
  '```js\n',
  'let a\n',
  '```\n',
  '> q\n',
  '| a |\n',
  '|--|\n',
  '[l](http://a.b) ',
  '    code\n',
  '---\n'
]

test('a text read as it grows has the same blocks as the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 24 }), parts => {
      const growing = new GrowingMarkdown()
      let text = ''
      for (const part of parts) {
        text += part
        growing.blocksOf(text)
      }
      const whole = new GrowingMarkdown().blocksOf(text)
      assert.deepEqual(
        growing.blocksOf(text).map(({ token, start }) => [token.type, token.raw, start]),
        whole.map(({ token, start }) => [token.type, token.raw, start])
      )
    }),
    { numRuns: 500 }
  )
})

test('links lead to the web or to a mailbox, nowhere else', () => {
  assert.equal(safeAddress('https://a.b/c?d#e'), 'https://a.b/c?d#e')
  assert.equal(safeAddress('mailto:a@b.c'), 'mailto:a@b.c')
  for (const href of [
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc',
    '/relative',
    'blob:https://a/b'
  ])
    assert.equal(safeAddress(href), undefined, href)
})

test('character references become characters, others stay', () => {
  assert.equal(
    decodeReferences('&lt;b&gt; &amp;amp; &#233; &#x1F41F; &nbsp;|&unknown; &#0; &#xD800;'),
    '<b> &amp; é 🐟 \u00a0|&unknown; &#0; &#xD800;'
  )
})
