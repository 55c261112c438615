import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fragmentOf, viewOf } from '../../../web/view-name.ts'

test('a view has its place in the fragment, beside what else is said there', () => {
  assert.equal(viewOf(''), 'chat')
  assert.equal(viewOf('#view=swarm'), 'swarm')
  assert.equal(viewOf('#view=nothing'), 'chat')
  assert.equal(fragmentOf('', 'donate'), '#view=donate')
  assert.equal(fragmentOf('#invite=net.secret&view=chat', 'swarm'), '#invite=net.secret&view=swarm')
  assert.equal(viewOf(fragmentOf('#invite=net.secret', 'donate')), 'donate')
})
