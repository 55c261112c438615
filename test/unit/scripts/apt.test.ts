/**
 * Where set-up takes Debian's backports from: the machine's own mirror and key, in both forms of sources.list(5).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

// Plain JavaScript without types, for a Node that knows nothing else yet.
const { deriveSource } = await import(new URL('../../../scripts/set-up/apt.mjs', import.meta.url).href)

test('a deb822 stanza keeps mirror and key', () => {
  const text =
    'Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /k.gpg'
  assert.deepEqual(deriveSource({ text, deb822: true }, 'bookworm'), {
    text: 'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm-backports\nComponents: main\nSigned-By: /k.gpg\n',
    deb822: true
  })
})

test('a one-line source keeps mirror and options', () => {
  assert.deepEqual(
    deriveSource(
      { text: 'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main', deb822: false },
      'bookworm'
    ),
    {
      text: 'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm-backports main\n',
      deb822: false
    }
  )
})

for (const source of [
  { text: 'deb http://mirror.example/debian-security bookworm-security main', deb822: false },
  { text: 'Types: deb-src\nURIs: http://m.example\nSuites: bookworm\nComponents: main', deb822: true },
  { text: 'Enabled: no\nTypes: deb\nURIs: http://m.example\nSuites: bookworm\nComponents: main', deb822: true }
])
  test(`nothing is derived from '${source.text.split('\n')[0]}'`, () => assert.equal(deriveSource(source, 'bookworm'), undefined))
