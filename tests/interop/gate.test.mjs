// An unmodified PDS with a login of its own, which knows nothing of ours, behind the gate; and stock clients.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { AtpAgent } from '@atproto/api'
import { TokenRefreshError } from '@atproto/oauth-client-node'
import { startApp } from './lib/app-server.mjs'
import { rememberingFetch } from './lib/artefacts.mjs'
import { launchChromium, newPerson as newBrowser, skip } from './lib/chromium.mjs'
import { call, loopbackClient, refreshWith, writeAndRead } from './lib/client.mjs'
import { button, signInAndAuthorize, status } from './lib/clicks.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { newPerson, startGatedPds } from './lib/gate.mjs'
import { HeldToken } from './lib/held-token.mjs'
import { subscribe } from './lib/subscription.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const collection = 'com.example.note'
const blobBytes = 50 * 1024 * 1024
const revokedWithinMs = 1_000

let entryway, gate, pds, carol, dan

before(async () => {
  entryway = await startEntryway()
  ;({ gate, pds } = await startGatedPds(entryway, { settings: { PDS_BLOB_UPLOAD_LIMIT: String(blobBytes) } }))
  carol = await newPerson(pds, 'carol.test')
  dan = await newPerson(pds, 'dan.test')
})
after(async () => {
  await gate?.stop()
  await pds?.stop()
  await entryway?.stop()
})

test('the gate names our server as the only login of the PDS, and hides the one it has', async () => {
  const metadata = await (await fetch(`${gate.url}/.well-known/oauth-protected-resource`)).json()
  assert.equal(metadata.resource, gate.url)
  assert.deepEqual(metadata.authorization_servers, [entryway.issuer])
  for (const [method, path] of [
    ['GET', '/.well-known/oauth-authorization-server'],
    ['GET', '/oauth/authorize'],
    ['GET', '/oauth/jwks'],
    ['POST', '/oauth/par'],
    ['POST', '/oauth/token'],
    ['GET', '/account'],
    ['POST', '/@atproto/oauth-provider/~api/sign-in'],
  ]) {
    const atPds = await fetch(pds.origin + path, { method })
    assert.notEqual(atPds.status, 404, `${path} is nothing that could be hidden`)
    const hidden = await fetch(gate.url + path, { method })
    assert.equal(hidden.status, 404, path)
    assert.equal((await hidden.json()).error, 'NotFound')
  }
})

test('what the PDS says to everybody it says through the gate', async () => {
  for (const path of ['/xrpc/com.atproto.server.describeServer', `/xrpc/com.atproto.identity.resolveHandle?handle=${carol.handle}`]) {
    const [through, direct] = await Promise.all([gate.url, pds.origin].map(async (origin) => (await fetch(origin + path)).json()))
    assert.deepEqual(through, direct)
  }
})

test('a stock client finds the login from a handle, and writes, lists and deletes as the person', async () => {
  const session = await logIn(carol)
  assert.equal(session.did, carol.did)
  assert.equal(session.serverMetadata.issuer, entryway.issuer)
  const { aud, iss } = await session.getTokenInfo(false)
  assert.deepEqual([aud, iss], [`${gate.url}/`, entryway.issuer])

  await writeAndRead(session, 'through the gate')
  const [{ uri }] = await records(session, carol)
  const rkey = uri.split('/').at(-1)
  const deleted = await call(session, 'com.atproto.repo.deleteRecord', { repo: carol.did, collection, rkey })
  assert.equal(deleted.status, 200)
  assert.ok((await records(session, carol)).every((left) => left.uri !== uri))
})

test('a session goes on after a refresh', async () => {
  const session = await logIn(carol)
  await session.getTokenInfo(true)
  await writeAndRead(session, 'after a refresh')
})

test('nobody writes for another person', async () => {
  const session = await logIn(carol)
  const record = { $type: collection, text: 'not mine' }
  const before = await records(session, dan)
  const refused = await call(session, 'com.atproto.repo.createRecord', { repo: dan.did, collection, record })
  assert.ok([400, 401, 403].includes(refused.status), JSON.stringify(refused))
  assert.deepEqual(await records(session, dan), before)
})

test('a blob of 50 MB goes up and comes down as it was', async () => {
  const session = await logIn(carol)
  const blob = randomBytes(blobBytes)
  const uploaded = await session.fetchHandler('/xrpc/com.atproto.repo.uploadBlob', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: blob,
  })
  assert.equal(uploaded.status, 200, await uploaded.clone().text())
  const { blob: reference } = await uploaded.json()
  assert.equal(reference.size, blobBytes)
  const record = { $type: collection, text: 'with a blob', blob: reference }
  const created = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
  assert.equal(created.status, 200)
  const cid = reference.ref.$link
  const fetched = await fetch(`${gate.url}/xrpc/com.atproto.sync.getBlob?did=${carol.did}&cid=${cid}`)
  assert.equal(fetched.status, 200)
  assert.equal(digest(Buffer.from(await fetched.arrayBuffer())), digest(blob))
})

test('a missing scope is refused with 403, and nothing reaches the PDS', async () => {
  const session = await logIn(dan, { scope: `atproto repo:${collection}?action=create` })
  const record = { $type: collection, text: 'stays' }
  const { status, body } = await call(session, 'com.atproto.repo.createRecord', { repo: dan.did, collection, record })
  assert.equal(status, 200)
  const rkey = body.uri.split('/').at(-1)
  const other = 'com.example.other'
  for (const [method, input] of [
    ['com.atproto.repo.deleteRecord', { repo: dan.did, collection, rkey }],
    ['com.atproto.repo.putRecord', { repo: dan.did, collection, rkey, record: { ...record, text: 'changed' } }],
    ['com.atproto.repo.createRecord', { repo: dan.did, collection: other, record: { $type: other } }],
    ['com.atproto.repo.applyWrites', { repo: dan.did, writes: [{ $type: 'com.atproto.repo.applyWrites#delete', collection, rkey }] }],
    ['com.atproto.identity.updateHandle', { handle: 'dave.test' }],
    // whoever has a session of the PDS may speak for the account elsewhere
    ['com.atproto.server.getServiceAuth?aud=did:web:service.test%23other&lxm=com.example.read'],
    ['app.bsky.actor.getPreferences'],
  ]) {
    const refused = await call(session, method, input)
    assert.equal(refused.status, 403, method)
    assert.equal(refused.body.error, 'ScopeMissingError', method)
  }
  const kept = await records(session, dan)
  assert.deepEqual(kept.find(({ uri }) => uri === body.uri)?.value, record)
})

test('what no app may do is refused, whatever its scope', async () => {
  const session = await logIn(carol, { scope: 'atproto transition:generic account:email?action=manage identity:*' })
  for (const [method, input] of [
    ['com.atproto.server.createAppPassword', { name: 'from an app' }],
    ['com.atproto.server.listAppPasswords'],
    ['com.atproto.server.requestAccountDelete', {}],
  ]) {
    const refused = await call(session, method, input)
    assert.equal(refused.status, 403, `${method} ${JSON.stringify(refused.body)}`)
  }
})

test('the e-mail address is shown to those who may see it', async () => {
  for (const [scope, email] of [
    ['atproto', undefined],
    ['atproto transition:generic', undefined],
    ['atproto account:email', carol.email],
    ['atproto transition:email', carol.email],
  ]) {
    const session = await logIn(carol, { scope })
    const { status, body } = await call(session, 'com.atproto.server.getSession')
    assert.deepEqual([status, body.did, body.handle, body.email], [200, carol.did, carol.handle, email], scope)
    assert.equal('emailConfirmed' in body, email !== undefined, scope)
  }
})

test('a token of a person who lives elsewhere is refused', async () => {
  const alice = await logIn(entryway.alice, { handleResolver: entryway.pds })
  const refused = await alice.fetchHandler(`${gate.url}/xrpc/com.atproto.server.getSession`)
  assert.equal(refused.status, 401)
  assert.match(refused.headers.get('www-authenticate'), /error="invalid_token"/)
})

for (const [what, end] of [
  ['a session that its app ended', (session) => session.signOut()],
  ['a session whose spent refresh token was presented again', replayRefresh],
]) {
  test(`${what} is refused within a second`, async (t) => {
    const client = newClient()
    const session = await logInWith(client, carol)
    // used once already, so that the gate knows the token
    const held = new HeldToken(client.saved(session.did))
    assert.equal(await held.status(), 200)
    await end(session, client)
    const ms = await held.until((status) => status !== 200)
    t.diagnostic(`refused ${ms} ms after the revocation was answered`)
    assert.equal(await held.status(), 401)
    assert.ok(ms < revokedWithinMs, `refused after ${ms} ms`)
  })
}

test("a session of the PDS's own login works through the gate", async () => {
  const agent = new AtpAgent({ service: gate.url, fetch: rememberingFetch })
  await agent.login({ identifier: carol.handle, password: carol.pdsPassword })
  assert.equal(agent.did, carol.did)
  const record = { $type: collection, text: 'by a session' }
  const created = await agent.com.atproto.repo.createRecord({ repo: agent.did, collection, record })
  const got = await agent.com.atproto.repo.getRecord({ repo: agent.did, collection, rkey: created.data.uri.split('/').at(-1) })
  assert.deepEqual(got.data.value, record)
  await agent.sessionManager.refreshSession()
  assert.equal((await agent.com.atproto.server.getSession()).data.email, carol.email)
  await agent.logout()
})

test('a subscriber to the repositories hears of a commit through the gate', async () => {
  const session = await logIn(carol)
  const events = await subscribe(gate.url)
  try {
    const record = { $type: collection, text: 'told to the world' }
    const created = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
    assert.equal(created.status, 200)
    await events.heard([carol.did, created.body.commit.rev])
  } finally {
    events.close()
  }
})

describe('in a browser', { skip }, () => {
  let app, chromium, person
  before(async () => {
    app = await startApp({ pds: gate.url, plc: entryway.plc })
    chromium = await launchChromium()
    person = await newBrowser(chromium, { origin: entryway.issuer })
  })
  after(async () => {
    await person?.close()
    await chromium?.close()
    app?.stop()
  })

  test('the app of another origin logs in, writes and reads through the gate', async () => {
    const page = await person.newPage()
    await page.goto(`${app.origin}/fragment`)
    await page.getByLabel('Handle').fill(carol.handle)
    await button(page, 'Log in').click()
    await page.waitForURL(`${entryway.issuer}/**`)
    await signInAndAuthorize(page, carol)
    await status(page, 'logged in')
    assert.equal(await page.locator('#did').textContent(), carol.did)
    await button(page, 'Write a record').click()
    await status(page, /^wrote at:/)
    await button(page, 'Refresh').click()
    await status(page, /^refreshed until/)
    await button(page, 'Sign out').click()
    await status(page, 'signed out')
    assert.deepEqual(person.faults, [])
  })
})

const newClient = (options) => loopbackClient(entryway, { handleResolver: gate.url, ...options })

const logIn = (account, options) => logInWith(newClient(options), account)

async function logInWith(client, account) {
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(account.handle))
  const { answer } = await walkToAnswer(browser, page, account)
  return (await client.callback(answer)).session
}

async function replayRefresh(session, client) {
  const spent = client.saved(session.did)
  await session.getTokenInfo(true)
  await session.getTokenInfo(true)
  await assert.rejects(refreshWith(client, spent), TokenRefreshError)
}

async function records(session, { did }) {
  const { status, body } = await call(session, `com.atproto.repo.listRecords?repo=${did}&collection=${collection}`)
  assert.equal(status, 200)
  return body.records
}

function digest(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
