// Unmodified PDS hosts that delegate their login to our server, and a stock client that is told nothing but a name.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, loopbackClient, writeAndRead } from './lib/client.mjs'
import { createDelegatedAccount, startDelegatingHosts } from './lib/delegation.mjs'
import { addAccount, startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { walkToAnswer } from './lib/walk.mjs'

let entryway, fleet, first, second, carol, dan

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['first', 'second'])
  ;[first, second] = fleet.hosts
  carol = await newAccount(first, 'carol.test')
  dan = await newAccount(second, 'dan.test')
})
after(async () => {
  await fleet?.stop()
  await entryway?.stop()
})

test('a delegating PDS names our server as the only one', async () => {
  for (const pds of fleet.hosts) {
    const metadata = await (await fetch(`${pds.publicUrl}/.well-known/oauth-protected-resource`)).json()
    assert.equal(metadata.resource, pds.publicUrl)
    assert.deepEqual(metadata.authorization_servers, [entryway.issuer])
    assert.equal((await fetch(`${pds.publicUrl}/.well-known/oauth-authorization-server`)).status, 404)
  }
})

test('a person logs in at our server and writes to the PDS they live on', async () => {
  for (const [account, pds] of [[carol, first], [dan, second]]) {
    const session = await logIn(account)
    assert.equal(session.did, account.did)
    assert.equal((await session.getTokenInfo(false)).aud, `${pds.publicUrl}/`)
    await writeAndRead(session, `written by ${account.handle}`)
  }
})

test('the PDS itself keeps a client within a granular scope', async () => {
  const collection = 'com.example.note'
  const session = await logIn(carol, { scope: `atproto repo:${collection}?action=create` })
  const record = { $type: collection, text: 'one' }
  const created = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
  assert.equal(created.status, 200)
  const rkey = created.body.uri.split('/').at(-1)
  const refused = await call(session, 'com.atproto.repo.deleteRecord', { repo: carol.did, collection, rkey })
  assert.equal(refused.status, 403)
  assert.equal(refused.body.error, 'ScopeMissingError')
})

test('a token for one host is refused by the other', async () => {
  const session = await logIn(carol)
  const refused = await session.fetchHandler(`${second.publicUrl}/xrpc/com.atproto.server.getSession`)
  assert.equal(refused.status, 401)
  assert.match(refused.headers.get('www-authenticate'), /error="invalid_token"/)
})

async function newAccount(pds, handle) {
  const did = await createDelegatedAccount(fleet, pds, handle)
  return addAccount({ handle, did, pdsDid: pds.did })
}

/** Nobody answers for handles of these hosts yet, so the client is given a DID. */
async function logIn(account, options) {
  const client = loopbackClient(entryway, options)
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(account.did))
  const { answer } = await walkToAnswer(browser, page, account)
  return (await client.callback(answer)).session
}
