// What a stock client holds outlives the server's sudden death.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { call, loopbackClient } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { ownPort } from './lib/ports.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const collection = 'com.example.note'

let entryway
after(() => entryway?.stop())

test('sessions, sign-ins and records survive kill -9 and a start with the same folder', async () => {
  // so that the second server has the address of the first
  const port = await ownPort()
  entryway = await startEntryway({ port })
  const client = loopbackClient(entryway)
  const browser = new FormBrowser()
  const { answer } = await walkToAnswer(browser, await browser.open(await client.authorize('alice.test')), entryway.alice)
  const { session } = await client.callback(answer)
  const created = await call(session, 'com.atproto.repo.createRecord', {
    repo: session.did,
    collection,
    record: { $type: collection, text: 'written before' },
  })
  assert.equal(created.status, 200)
  const opened = await browser.open(await client.authorize('alice.test'))

  const { pds, alice } = entryway
  await entryway.kill()
  entryway = await startEntryway({ port })
  assert.equal(entryway.pds, pds)
  assert.equal(entryway.alice.did, alice.did)

  // the access token, the refresh token and the record
  const list = `com.atproto.repo.listRecords?repo=${session.did}&collection=${collection}`
  assert.deepEqual((await call(session, list)).body.records.map(({ uri }) => uri), [created.body.uri])
  await session.getTokenInfo(true)
  assert.deepEqual((await call(session, list)).body.records.map(({ uri }) => uri), [created.body.uri])

  // the page that was open, in the browser that was signed in
  const decided = await browser.press(opened, 'Authorize')
  assert.equal((await client.callback(decided.answer)).session.did, alice.did)
})
