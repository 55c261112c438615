import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidFrameError } from '../../../peer/errors.ts'
import { BlockParser, encodeVarint, MAX_BLOCK_BYTES } from '../../../peer/wire/block-stream.ts'

type Event = ['data', number[]] | ['credit', number] | ['end']

function parse(bytes: Uint8Array, cuts: number[]): Event[] {
  const events: Event[] = []
  const parser = new BlockParser({
    data: data => {
      const last = events.at(-1)
      if (last?.[0] === 'data') last[1].push(...data)
      else events.push(['data', [...data]])
    },
    credit: credit => void events.push(['credit', credit]),
    end: () => void events.push(['end'])
  })
  let at = 0
  for (const cut of cuts) {
    parser.push(bytes.subarray(at, at + cut))
    at += cut
  }
  parser.push(bytes.subarray(at))
  return events
}

test('blocks mean the same however the transport cuts them', () => {
  const block = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 300 })
      .map(data => ({ bytes: [...encodeVarint(data.length), ...data], data: [...data] })),
    fc.integer({ min: 1, max: 2 ** 31 }).map(credit => ({ bytes: [0, ...encodeVarint(credit)], credit }))
  )
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), fc.array(fc.nat({ max: 40 })), (blocks, cuts) => {
      const bytes = Uint8Array.from([...blocks.flatMap(b => b.bytes), 0, 0])
      const expected: Event[] = []
      for (const b of blocks)
        if ('credit' in b) expected.push(['credit', b.credit])
        else {
          const last = expected.at(-1)
          if (last?.[0] === 'data') last[1].push(...b.data)
          else expected.push(['data', [...b.data]])
        }
      assert.deepEqual(parse(bytes, cuts), [...expected, ['end']])
    })
  )
})

test('a block of 4 GiB, an endless length, data or another end after the end: refused', () => {
  const hostile = [
    encodeVarint(2 ** 32 - 1),
    encodeVarint(MAX_BLOCK_BYTES + 1),
    Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80),
    Uint8Array.of(0, 0, 1, 7),
    Uint8Array.of(0, 0, 0, 0)
  ]
  for (const bytes of hostile) assert.throws(() => parse(bytes, []), InvalidFrameError)
})
