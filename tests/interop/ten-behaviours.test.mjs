// The ten things about an unmodified PDS that break a naive entryway, each as a person would meet it.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { remember } from './lib/artefacts.mjs'
import { call } from './lib/client.mjs'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { applicant, authorize, identity, logIn, signUp } from './lib/people.mjs'
import { json, startPdsFront } from './lib/pds-front.mjs'
import { ownPort } from './lib/ports.mjs'
import { signUpAt, startReferencePds } from './lib/reference-pds.mjs'
import { decoded, refusal, succeed, xrpc } from './lib/xrpc.mjs'

const collection = 'com.example.note'

let entryway, fleet, front, pds, carol
const residents = []
const folder = mkdtempSync(join(tmpdir(), 'entryway-resident-'))

before(async () => {
  entryway = await startEntryway()
  // the PDS had accounts of its own before it delegated, of which we know nothing
  const publicUrl = `http://localhost:${await ownPort()}`
  const alone = await startReferencePds({ name: 'alone', plc: entryway.plc, publicUrl, did: 'did:web:alone.test', folder })
  try {
    for (const handle of ['resident.test', 'settler.test']) residents.push(await signUpAt(alone, handle))
  } finally {
    await alone.stop()
  }
  fleet = await startDelegatingHosts(entryway, ['only'], {
    folder,
    front: async ({ publicUrl, origin }) => {
      front = await startPdsFront(publicUrl)
      front.to(origin)
    },
  })
  ;[pds] = fleet.hosts
  carol = await signUp(entryway, fleet, 'carol')
})
after(async () => {
  await fleet?.stop()
  front?.stop()
  await entryway?.stop()
  rmSync(folder, { recursive: true })
})

// contract 0.1
test('an OAuth access token has no kid in its header, for the PDS knows its one key by none', async () => {
  const session = await authorize(entryway, carol)
  for (const token of [await accessToken(session), await accessToken(session, { refreshed: true })]) {
    assert.deepEqual(decoded(token).header, { alg: 'ES256K', typ: 'at+jwt' })
    await write(session)
  }
})

// contract 0.2
test('the jti of an OAuth access token is tok- and 32 digits, and no claim that the PDS wants is missing', async () => {
  const session = await authorize(entryway, carol)
  const tokens = [await accessToken(session), await accessToken(session, { refreshed: true })]
  for (const { claims } of tokens.map(decoded)) {
    assert.match(claims.jti, /^tok-[0-9a-f]{32}$/)
    assert.equal(claims.iss, entryway.issuer)
    assert.equal(claims.sub, carol.did)
    assert.ok(claims.scope.split(' ').includes('atproto'), claims.scope)
    assert.ok(Number.isInteger(claims.iat) && claims.iat < claims.exp && Number.isInteger(claims.exp))
    assert.match(claims.cnf.jkt, /^[\w-]{43}$/)
    assert.match(claims.client_id, /^http:\/\/localhost/)
    assert.equal('nbf' in claims, false)
  }
  assert.equal(new Set(tokens.map((token) => decoded(token).claims.jti)).size, 2)
})

// contract 0.3
test('an access token is for the DID of the PDS, a refresh token for ours, each of its own type', async () => {
  const session = await authorize(entryway, carol)
  const agent = await logIn(carol, entryway.issuer)
  const { did: ours } = await succeed(entryway.issuer, 'com.atproto.server.describeServer')
  const [oauth, access, refresh] = [await accessToken(session), agent.session.accessJwt, agent.session.refreshJwt].map(decoded)
  assert.deepEqual([oauth.header.typ, oauth.claims.aud], ['at+jwt', pds.did])
  assert.deepEqual([access.header.typ, access.claims.aud, access.claims.scope], ['at+jwt', pds.did, 'com.atproto.access'])
  assert.deepEqual([refresh.header.typ, refresh.claims.aud, refresh.claims.scope], ['refresh+jwt', ours, 'com.atproto.refresh'])
  assert.notEqual(ours, pds.did)
  assert.ok(refresh.claims.jti)
  for (const { claims } of [access, refresh]) {
    assert.ok(claims.exp > claims.iat)
    assert.deepEqual(['cnf', 'lxm', 'client_id'].filter((name) => name in claims), [])
  }
  // the PDS looks at a refresh token before it passes it on
  const bearer = agent.session.refreshJwt
  const refreshed = await succeed(pds.publicUrl, 'com.atproto.server.refreshSession', { input: null, bearer })
  await succeed(pds.publicUrl, 'com.atproto.server.getSession', { bearer: refreshed.accessJwt })
})

// contract 0.4
test('a permission set is expanded before the token is made, for the PDS takes include: for nothing', async () => {
  const set = await publish('test.jotter.small', ['test.jotter.note'])
  const session = await authorize(entryway, carol, { scope: `atproto include:${set}` })
  for (const token of [await accessToken(session), await accessToken(session, { refreshed: true })]) {
    const scope = decoded(token).claims.scope.split(' ')
    assert.ok(scope.includes('atproto') && scope.includes('repo:test.jotter.note'), scope)
    assert.ok(!scope.some((value) => value.startsWith('include:')), scope)
  }
  await write(session, 'test.jotter.note')
  const record = { $type: collection }
  const refused = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
  assert.deepEqual([refused.status, refused.body.error], [403, 'ScopeMissingError'])
})

// contract 0.5
test('a scope that would burst the header is a reference in the token, which the PDS has us resolve', async () => {
  const numbers = [...Array(200).keys()]
  const collections = numbers.map((number) => `test.jotter.aVeryLongNameForACollectionOfNotes.number${number}`)
  const set = await publish('test.jotter.large', collections)
  const session = await authorize(entryway, carol, { scope: `atproto include:${set}` })
  const token = await accessToken(session)
  const { scope } = decoded(token).claims
  assert.match(scope, /^ref:[a-z2-7]+$/)
  assert.ok(token.length < 4096, token.length)

  const resolved = await succeed(entryway.issuer, 'com.atproto.temp.dereferenceScope', { query: { scope } })
  assert.ok(resolved.scope.length > 4096 && resolved.scope.split(' ').includes('atproto'), resolved.scope)
  await write(session, collections.at(-1))
  const record = { $type: collection }
  const refused = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
  assert.deepEqual([refused.status, refused.body.error], [403, 'ScopeMissingError'])
})

// contract 0.6
test("the session tokens of the PDS's createAccount, which it does not take itself, reach nobody", async () => {
  front.forget()
  const dave = await signUp(entryway, fleet, 'dave')
  const [{ headers, answer }] = front.passed('com.atproto.server.createAccount')
  assert.equal(headers.authorization, undefined)
  const useless = JSON.parse(answer)
  for (const bearer of [useless.accessJwt, useless.refreshJwt]) assert.equal(decoded(bearer).header.alg, 'HS256')
  const refused = await xrpc(pds.publicUrl, 'com.atproto.server.getSession', { bearer: useless.accessJwt })
  assert.equal(refused.status, 400)

  const { accessJwt, refreshJwt } = dave.agent.session
  for (const token of [accessJwt, refreshJwt]) assert.equal(decoded(token).header.alg, 'ES256K')
  const session = await succeed(pds.publicUrl, 'com.atproto.server.getSession', { bearer: accessJwt })
  assert.equal(session.did, dave.did)
})

// contract 0.7
test('a handle that is taken on the PDS alone is refused before anybody hears of a DID', async () => {
  front.forget()
  const input = { ...applicant('late'), handle: residents[0].handle }
  const refused = await xrpc(entryway.issuer, 'com.atproto.server.createAccount', { input })
  assert.deepEqual([refused.status, refused.body.error], [400, 'HandleNotAvailable'])
  assert.deepEqual(front.passed('com.atproto.server.createAccount'), [])
  // nothing of it is left, the address included
  await succeed(entryway.issuer, 'com.atproto.server.createAccount', { input: { ...input, handle: 'late.test' } })
})

// contract 0.7
test('a handle that was taken on the PDS meanwhile leaves no account and no claim, though the directory has its DID', async () => {
  front.forget()
  const input = { ...applicant('later'), handle: residents[1].handle }
  let looks = 0
  const unseen = () => (looks++ === 0 ? json(400, { error: 'RepoNotFound', message: 'Could not find repo' }) : undefined)
  const refused = await front.during({ before: unseen }, ['com.atproto.repo.describeRepo'], () =>
    xrpc(entryway.issuer, 'com.atproto.server.createAccount', { input }),
  )
  assert.deepEqual([refused.status, refused.body.error], [400, 'HandleNotAvailable'])
  const [{ status, body }] = front.passed('com.atproto.server.createAccount')
  assert.equal(status, 500)
  // the DID is ours to end, which is done once no request of it can be under way any more
  const { did, plcOp } = JSON.parse(body)
  assert.equal((await identity(entryway, did)).status, 200)
  assert.deepEqual(plcOp.rotationKeys, [pds.settings.PDS_ENTRYWAY_PLC_ROTATION_KEY])
  assert.equal((await xrpc(pds.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: did } })).status, 400)
  const query = { handle: residents[1].handle }
  assert.equal((await xrpc(entryway.issuer, 'com.atproto.identity.resolveHandle', { query })).status, 400)
  await succeed(entryway.issuer, 'com.atproto.server.createAccount', { input: { ...input, handle: 'later.test' } })
})

// contract 0.8
test('the PDS only forwards what changes an account, and we call it back', async () => {
  const { accessJwt: bearer } = (await logIn(carol, pds.publicUrl)).session
  const atPds = (method, input) => xrpc(pds.publicUrl, method, { input, bearer })
  const record = { repo: carol.did, collection, record: { $type: collection, text: 'two' } }
  const write = async () => refusal(await atPds('com.atproto.repo.createRecord', record)).slice(0, 2)
  const active = async () => (await succeed(pds.publicUrl, 'com.atproto.server.getSession', { bearer })).active
  assert.deepEqual([await write(), await active()], [[200, undefined], true])
  assert.equal((await atPds('com.atproto.server.deactivateAccount', {})).status, 200)
  assert.deepEqual([await write(), await active()], [[401, 'AccountDeactivated'], false])
  assert.equal((await atPds('com.atproto.server.activateAccount', null)).status, 200)
  assert.deepEqual([await write(), await active()], [[200, undefined], true])

  const account = async () => {
    const { handle, handleIsCorrect } = await succeed(pds.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: carol.did } })
    const { email } = await succeed(pds.publicUrl, 'com.atproto.server.getSession', { bearer })
    return { handle, handleIsCorrect, email }
  }
  const before = await account()
  assert.deepEqual(before, { handle: carol.handle, handleIsCorrect: true, email: carol.email })
  for (const handle of ['carol-two.test', carol.handle]) {
    assert.equal((await atPds('com.atproto.identity.updateHandle', { handle })).status, 200)
    assert.deepEqual(await account(), { ...before, handle })
  }

  // its address, its password and its end are ours to know of: the PDS only asks
  for (const email of ['carol-two@example.com', carol.email]) {
    assert.equal((await atPds('com.atproto.server.updateEmail', { email })).status, 200)
    assert.deepEqual(await account(), { ...before, email })
  }
  assert.equal((await atPds('com.atproto.server.requestAccountDelete', null)).status, 200)
  const wrongCode = { token: 'AAAAA-AAAAA', password: 'another password' }
  const refused = refusal(await atPds('com.atproto.server.resetPassword', wrongCode))
  assert.deepEqual(refused.slice(0, 2), [400, 'InvalidToken'])
  assert.deepEqual(await account(), before)
  await logIn(carol, pds.publicUrl)
})

// contract 0.9
test('deactivateAccount is taken with the token of the person and with that of the PDS', async () => {
  const { accessJwt: bearer } = (await logIn(carol, entryway.issuer)).session
  const active = async () => (await succeed(pds.publicUrl, 'com.atproto.server.getSession', { bearer })).active
  // up to 0.5.34 a PDS passes the person's own token on, from 0.5.35 it signs one for them
  for (const origin of [entryway.issuer, pds.publicUrl]) {
    assert.equal(await active(), true)
    await succeed(origin, 'com.atproto.server.deactivateAccount', { input: {}, bearer })
    assert.equal(await active(), false, origin)
    await succeed(origin, 'com.atproto.server.activateAccount', { input: null, bearer })
  }
  assert.equal(await active(), true)
  // an app with a token that the PDS would not ask for is not believed
  const appPassword = await succeed(entryway.issuer, 'com.atproto.server.createAppPassword', { input: { name: 'bot' }, bearer })
  remember(appPassword.password)
  const bot = (await logIn({ ...carol, password: appPassword.password }, entryway.issuer)).session.accessJwt
  const refused = await xrpc(entryway.issuer, 'com.atproto.server.deactivateAccount', { input: {}, bearer: bot })
  assert.deepEqual(refusal(refused), [400, 'InvalidToken', 'Bad token scope'])
  assert.equal(await active(), true)
})

// contract 0.10
test('our metadata names every PDS or none as protected, and is the issuer the PDS names, byte for byte', async () => {
  const [named, metadata] = await Promise.all([
    fetchJson(`${pds.publicUrl}/.well-known/oauth-protected-resource`),
    fetchJson(`${entryway.issuer}/.well-known/oauth-authorization-server`),
  ])
  assert.deepEqual(named.authorization_servers, [entryway.issuer])
  assert.equal(metadata.issuer, named.authorization_servers[0])
  assert.equal(metadata.client_id_metadata_document_supported, true)
  const { protected_resources: resources = [named.resource] } = metadata
  assert.ok(resources.includes(named.resource), resources)
  // which is how a stock client decides whether to log in at all
  assert.equal((await authorize(entryway, carol, { start: pds.publicUrl })).did, carol.did)
})

const fetchJson = async (url) => (await fetch(url)).json()

/** The access token that a session holds, or the one after a refresh. */
async function accessToken(session, { refreshed = false } = {}) {
  await session.getTokenInfo(refreshed)
  return session.tokens().access_token
}

async function write(session, collection = 'com.example.note') {
  const record = { $type: collection, text: 'one' }
  const created = await call(session, 'com.atproto.repo.createRecord', { repo: session.did, collection, record })
  assert.equal(created.status, 200, JSON.stringify(created.body))
}

/** Has the sandbox's authority publish a permission set that allows to write these collections. */
async function publish(id, collections) {
  const permissions = [{ type: 'permission', resource: 'repo', collection: collections }]
  const main = { type: 'permission-set', title: 'Notes', detail: 'Keep notes', permissions }
  const lexicon = { $type: 'com.atproto.lexicon.schema', lexicon: 1, id, defs: { main } }
  const response = await fetch(`${entryway.pds}/sandbox/lexicons/${id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(lexicon),
  })
  assert.equal(response.status, 200, await response.clone().text())
  return id
}
