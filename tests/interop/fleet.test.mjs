// Two unmodified PDS hosts behind our server: people sign up, are placed, and use their account with stock libraries,
// through their PDS and through us.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { call, loopbackClient, writeAndRead } from './lib/client.mjs'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { applicant, authorize, identity, logIn, newAgent, signUp, stayAtLogin } from './lib/people.mjs'
import { decoded, refusal, succeed, xrpc } from './lib/xrpc.mjs'

const collection = 'com.example.note'
const other = 'com.example.other'

let entryway, fleet, first, second, carol, dan

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['first', 'second'])
  const people = [await signUp(entryway, fleet, 'carol'), await signUp(entryway, fleet, 'dan')]
  ;[carol, dan] = people
  ;[first, second] = people.map(({ pds }) => pds)
})
after(async () => {
  await fleet?.stop()
  await entryway?.stop()
})

test('a delegating PDS names our server as the only login', async () => {
  for (const { publicUrl } of fleet.hosts) {
    const metadata = await (await fetch(`${publicUrl}/.well-known/oauth-protected-resource`)).json()
    assert.equal(metadata.resource, publicUrl)
    assert.deepEqual(metadata.authorization_servers, [entryway.issuer])
    assert.equal((await fetch(`${publicUrl}/.well-known/oauth-authorization-server`)).status, 404)
  }
})

test('the two hosts share the new accounts, and the login keeps none', async () => {
  assert.notEqual(first, second)
  const erin = await signUp(entryway, fleet, 'erin')
  const frank = await signUp(entryway, fleet, 'frank')
  assert.notEqual(erin.pds, frank.pds)
  for (const { did, handle, pds } of [carol, dan, erin, frank]) {
    const { document } = await identity(entryway, did)
    assert.deepEqual(document.alsoKnownAs, [`at://${handle}`])
    assert.equal(document.service[0].serviceEndpoint, pds.publicUrl)
    const repo = await succeed(pds.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: did } })
    assert.deepEqual([repo.did, repo.handle, repo.handleIsCorrect], [did, handle, true])
    const elsewhere = pds === first ? second : first
    assert.equal((await xrpc(elsewhere.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: did } })).status, 400)
  }
})

test('the login says who it is and which handles it gives out', async () => {
  const described = await succeed(entryway.issuer, 'com.atproto.server.describeServer')
  assert.deepEqual(described.availableUserDomains, ['.test'])
  const { claims } = decoded((await logIn(carol, entryway.issuer)).session.refreshJwt)
  assert.equal(described.did, claims.aud)
  for (const { publicUrl, did } of fleet.hosts) {
    assert.equal((await succeed(publicUrl, 'com.atproto.server.describeServer')).did, did)
  }
})

test('a handle leads to its account, whichever host that is on', async () => {
  for (const { handle, did } of [carol, dan]) {
    const query = { handle }
    assert.deepEqual(await succeed(entryway.issuer, 'com.atproto.identity.resolveHandle', { query }), { did })
    assert.deepEqual(await wellKnownDid(handle), [200, did])
  }
  const nobody = await xrpc(entryway.issuer, 'com.atproto.identity.resolveHandle', { query: { handle: 'nobody.test' } })
  assert.equal(nobody.status, 400)
  assert.equal((await wellKnownDid('nobody.test'))[0], 404)
})

describe('signing up', () => {
  test('a name or an address that somebody has is given to nobody else, on any host', async () => {
    const gina = await signUp(entryway, fleet, 'gina')
    for (const [typed, name] of [
      [{ ...applicant('other'), handle: gina.handle }, 'HandleNotAvailable'],
      [{ ...applicant('other'), handle: 'GINA.test' }, 'HandleNotAvailable'],
      [{ ...applicant('other'), email: gina.email }, 'InvalidRequest'],
    ]) {
      const refused = await xrpc(entryway.issuer, 'com.atproto.server.createAccount', { input: typed })
      assert.deepEqual([refused.status, refused.body.error], [400, name], JSON.stringify(typed))
    }
  })

  test('a PDS makes no account by itself', async () => {
    const refused = await xrpc(first.publicUrl, 'com.atproto.server.createAccount', { input: applicant('hank') })
    assert.deepEqual([refused.status, refused.body.error], [400, 'InvalidRequest'])
  })

  test('a person signs up on the page, and an app then logs in as them', async () => {
    const ivy = applicant('ivy')
    const browser = new FormBrowser()
    await signUpOn(browser, await browser.open(`${entryway.issuer}/account/new`), ivy)
    const session = await authorize(entryway, ivy)
    await writeAndRead(session, 'by somebody new')
  })

  // prompt=create, asked at the login or at a host, as an app's "create account" does
  for (const [where, start] of [['the login', () => entryway.issuer], ['a host', () => second.publicUrl]]) {
    test(`a stock client that asks ${where} for a new account gets one, with consent, and writes`, async () => {
      const jack = applicant(where === 'a host' ? 'jack' : 'jill')
      const client = loopbackClient(entryway, { handleResolver: entryway.issuer })
      const browser = new FormBrowser()
      const page = await browser.open(await client.authorize(start(), { prompt: 'create' }))
      const consent = await signUpOn(browser, page, jack)
      assert.ok(consent.buttons.includes('Authorize'), consent.text)
      const { session } = await client.callback((await browser.press(consent, 'Authorize')).answer)
      const { document } = await identity(entryway, session.did)
      assert.deepEqual(document.alsoKnownAs, [`at://${jack.handle}`])
      assert.equal((await session.getTokenInfo(false)).aud, `${document.service[0].serviceEndpoint}/`)
      await writeAndRead(session, 'by somebody newer')
    })
  }
})

describe('a stock OAuth client', () => {
  test('finds the login from a handle, a DID or a host, and writes where the account is', async () => {
    for (const account of [carol, dan]) {
      for (const start of [account.handle, account.did, account.pds.publicUrl]) {
        const session = await authorize(entryway, account, { start })
        assert.equal(session.did, account.did)
        assert.equal(session.serverMetadata.issuer, entryway.issuer)
        assert.equal((await session.getTokenInfo(false)).aud, `${account.pds.publicUrl}/`)
        await writeAndRead(session, `from ${start}`)
      }
    }
  })

  test('writes within its granular scope, and is refused outside it', async () => {
    const session = await authorize(entryway, carol, { scope: `atproto repo:${collection}?action=create` })
    const record = { $type: collection, text: 'one' }
    const created = await call(session, 'com.atproto.repo.createRecord', { repo: carol.did, collection, record })
    assert.equal(created.status, 200)
    const rkey = created.body.uri.split('/').at(-1)
    for (const [method, input] of [
      ['com.atproto.repo.deleteRecord', { repo: carol.did, collection, rkey }],
      ['com.atproto.repo.createRecord', { repo: carol.did, collection: other, record: { $type: other } }],
    ]) {
      const refused = await call(session, method, input)
      assert.deepEqual([refused.status, refused.body.error], [403, 'ScopeMissingError'], method)
    }
  })

  test('goes on after a refresh', async () => {
    const session = await authorize(entryway, dan)
    await session.getTokenInfo(true)
    await writeAndRead(session, 'after a refresh')
  })

  test('with a token for one host is refused by the other', async () => {
    const session = await authorize(entryway, carol)
    const refused = await session.fetchHandler(`${second.publicUrl}/xrpc/com.atproto.server.getSession`)
    assert.equal(refused.status, 401)
    assert.match(refused.headers.get('www-authenticate'), /error="invalid_token"/)
  })

  test('that sends its DPoP token to the login is told which host it is for', async () => {
    const session = await authorize(entryway, carol)
    const refused = await session.fetchHandler(`${entryway.issuer}/xrpc/com.atproto.repo.listMissingBlobs`)
    const body = await refused.json()
    assert.deepEqual([refused.status, body.error], [400, 'InvalidRequest'])
    assert.ok(body.message.includes(first.publicUrl), body.message)
  })

  test('sees the e-mail address where it may, which the host asks us for', async () => {
    for (const [scope, email] of [['atproto', undefined], ['atproto account:email', carol.email]]) {
      const session = await authorize(entryway, carol, { scope })
      const { status, body } = await call(session, 'com.atproto.server.getSession')
      assert.deepEqual([status, body.did, body.handle, body.email], [200, carol.did, carol.handle, email], scope)
    }
  })
})

const ways = [
  ['the login', () => entryway.issuer],
  ['the host of the account', (account) => account.pds.publicUrl],
  ['the other host', (account) => fleet.hosts.find((pds) => pds !== account.pds).publicUrl],
]

for (const [way, service] of ways) {
  describe(`AtpAgent that logs in at ${way}`, () => {
    test('is moved to the host of the account, writes there and reads', async () => {
      for (const account of [carol, dan]) {
        const agent = await logIn(account, service(account))
        assert.equal(agent.did, account.did)
        assert.equal(agent.pdsUrl.origin, account.pds.publicUrl)
        assert.equal(agent.session.email, account.email)
        await post(agent, `by ${account.handle} through ${way}`)
        const { data } = await agent.com.atproto.server.getSession()
        assert.deepEqual([data.did, data.handle, data.email, data.active], [account.did, account.handle, account.email, true])
      }
    })

    test('logs in by DID and by e-mail address', async () => {
      for (const identifier of [dan.did, dan.email, dan.email.toUpperCase()]) {
        const agent = newAgent(service(dan))
        await agent.login({ identifier, password: dan.password })
        assert.equal(agent.did, dan.did, identifier)
      }
    })

    test('is told the same of a wrong password as of nobody', async () => {
      const told = []
      for (const identifier of [carol.handle, 'nobody.test', 'nobody@example.com', 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa']) {
        const input = { identifier, password: 'not the password' }
        told.push(refusal(await xrpc(service(carol), 'com.atproto.server.createSession', { input })))
      }
      for (const each of told) assert.deepEqual(each, [401, 'AuthenticationRequired', 'Invalid identifier or password'])
    })
  })
}

// a host refreshes for its own accounts alone
for (const [way, service] of ways.slice(0, 2)) {
  describe(`AtpAgent at ${way}`, () => {
    test('refreshes, and goes on', async () => {
      const agent = await logIn(carol, service(carol))
      const { accessJwt, refreshJwt } = agent.session
      await agent.sessionManager.refreshSession()
      assert.notEqual(agent.session.accessJwt, accessJwt)
      assert.notEqual(agent.session.refreshJwt, refreshJwt)
      assert.equal(agent.pdsUrl.origin, first.publicUrl)
      await post(agent, 'after a refresh')
      await agent.resumeSession(agent.session)
      await post(agent, 'after it was resumed')
    })

    //
    test('that refreshes again with a spent token, as after a lost answer, gets the same successor', async () => {
      const { refreshJwt } = (await logIn(carol, service(carol))).session
      const refresh = () => succeed(service(carol), 'com.atproto.server.refreshSession', { input: null, bearer: refreshJwt })
      const [one, again] = [await refresh(), await refresh()].map((session) => decoded(session.refreshJwt).claims.jti)
      assert.equal(one, again)
      assert.notEqual(one, decoded(refreshJwt).claims.jti)
    })

    //
    test('that logs out has ended its session', async () => {
      const agent = await logIn(carol, service(carol))
      const { refreshJwt: bearer } = agent.session
      await agent.logout()
      const refused = await xrpc(service(carol), 'com.atproto.server.refreshSession', { input: null, bearer })
      assert.deepEqual(refusal(refused), [400, 'ExpiredToken', 'Token has been revoked'])
    })

    //
    test('can neither refresh with an access token nor read with a refresh token', async () => {
      const { accessJwt, refreshJwt } = (await logIn(carol, service(carol))).session
      for (const [method, token] of [
        ['com.atproto.server.refreshSession', { input: null, bearer: accessJwt }],
        ['com.atproto.server.getSession', { bearer: refreshJwt }],
        ['com.atproto.repo.listMissingBlobs', { bearer: refreshJwt }],
      ]) {
        const refused = await xrpc(service(carol), method, token)
        assert.deepEqual([refused.status, refused.body.error], [400, 'InvalidToken'], method)
      }
    })
  })
}

describe('through the login, without being told of a PDS', () => {
  test('an agent writes, reads, and uploads at the host of its account', async () => {
    for (const account of [carol, dan]) {
      const agent = stayAtLogin(await logIn(account, entryway.issuer))
      await post(agent, 'through the login')
      const bytes = randomBytes(3 * 1024 * 1024)
      const { data } = await agent.com.atproto.repo.uploadBlob(bytes, { encoding: 'application/octet-stream' })
      const record = { $type: collection, blob: data.blob }
      await agent.com.atproto.repo.createRecord({ repo: account.did, collection, record })
      const cid = data.blob.ref.toString()
      const kept = await fetch(`${account.pds.publicUrl}/xrpc/com.atproto.sync.getBlob?did=${account.did}&cid=${cid}`)
      assert.deepEqual(Buffer.from(await kept.arrayBuffer()), bytes)
    }
  })

  test('an agent hears what its host has to say, refusals too', async () => {
    const agent = stayAtLogin(await logIn(carol, entryway.issuer))
    const { accessJwt: bearer } = agent.session
    for (const [method, given] of [
      ['com.atproto.repo.createRecord', { input: { repo: carol.did, collection: 'no name', record: {} } }],
      ['com.atproto.repo.getRecord', { query: { repo: carol.did, collection, rkey: 'none' } }],
      ['com.example.noSuchMethod', {}],
      ['com.atproto.server.checkAccountStatus', {}],
    ]) {
      const [through, direct] = [entryway.issuer, first.publicUrl].map((origin) => xrpc(origin, method, { ...given, bearer }))
      assert.deepEqual([(await through).status, (await through).body], [(await direct).status, (await direct).body], method)
    }
  })
})

describe('an app password', () => {
  const security = {
    'com.atproto.server.createAppPassword': { name: 'of an app' },
    'com.atproto.server.requestEmailUpdate': null,
    'com.atproto.server.updateEmail': { email: 'thief@example.com' },
    'com.atproto.server.requestAccountDelete': null,
    'com.atproto.server.deactivateAccount': {},
    'com.atproto.identity.requestPlcOperationSignature': null,
  }
  // a PDS lets an app list and revoke app passwords
  const ofAppPasswords = {
    'com.atproto.server.createAppPassword': { name: 'of an app' },
    'com.atproto.server.listAppPasswords': undefined,
    'com.atproto.server.revokeAppPassword': { name: 'made through the login' },
  }
  const atHost = ({ pds }) => pds.publicUrl
  const atLogin = () => entryway.issuer
  for (const [way, agentOf, service, closed] of [
    ['the host', (account) => logIn(account, atHost(account)), atHost, security],
    ['the login', async (account) => stayAtLogin(await logIn(account, atLogin())), atLogin, ofAppPasswords],
  ]) {
    test(`made through ${way} opens the account, and nothing of its security`, async () => {
      const owner = await agentOf(carol)
      const name = `made through ${way}`
      const { password } = await newAppPassword(owner, name)
      assert.match(password, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/)
      const listed = await owner.com.atproto.server.listAppPasswords()
      const entry = listed.data.passwords.find((each) => each.name === name)
      assert.ok(entry && !entry.privileged && !('password' in entry), JSON.stringify(listed.data))

      const app = await agentOf({ ...carol, password })
      assert.equal(decoded(app.session.accessJwt).claims.scope, 'com.atproto.appPass')
      await post(app, 'by an app')
      await app.sessionManager.refreshSession()
      assert.equal(decoded(app.session.accessJwt).claims.scope, 'com.atproto.appPass')
      await post(app, 'by an app, later')
      const { accessJwt: bearer } = app.session
      for (const [method, input] of Object.entries(closed)) {
        const refused = await xrpc(service(carol), method, { input, bearer })
        assert.deepEqual(refusal(refused), [400, 'InvalidToken', 'Bad token scope'], method)
      }
    })

    test(`revoked through ${way} ends what it opened, and nothing else`, async () => {
      const owner = await agentOf(dan)
      const [gone, kept] = [await newAppPassword(owner, `gone, ${way}`), await newAppPassword(owner, `kept, ${way}`)]
      const [app, another] = [await agentOf({ ...dan, ...gone }), await agentOf({ ...dan, ...kept })]
      const { accessJwt, refreshJwt } = app.session
      await owner.com.atproto.server.revokeAppPassword({ name: gone.name })

      const refreshed = await xrpc(dan.pds.publicUrl, 'com.atproto.server.refreshSession', { input: null, bearer: refreshJwt })
      assert.deepEqual(refusal(refreshed), [400, 'ExpiredToken', 'Token has been revoked'])
      // a PDS asks nobody about an access token, which is why it is short-lived
      const asked = await xrpc(entryway.issuer, 'com.atproto.server.getSession', { bearer: accessJwt })
      assert.deepEqual([asked.status, asked.body.error], [400, 'ExpiredToken'])
      await assert.rejects(app.sessionManager.refreshSession())
      await assert.rejects(agentOf({ ...dan, ...gone }), { error: 'AuthenticationRequired' })
      await another.sessionManager.refreshSession()
      await owner.sessionManager.refreshSession()
      await post(another, 'by another app')
    })
  }

  test('is privileged where its owner says so', async () => {
    const owner = await logIn(carol, entryway.issuer)
    const { password } = await newAppPassword(owner, 'for messages', { privileged: true })
    const app = await logIn({ ...carol, password }, first.publicUrl)
    assert.equal(decoded(app.session.accessJwt).claims.scope, 'com.atproto.appPassPrivileged')
    await app.sessionManager.refreshSession()
    assert.equal(decoded(app.session.accessJwt).claims.scope, 'com.atproto.appPassPrivileged')
  })

  test('is not taken on a page', async () => {
    const { password } = await newAppPassword(await logIn(carol, entryway.issuer), 'typed on a page')
    await assert.rejects(authorize(entryway, { ...carol, password }), /no answer after/)
  })
})

async function newAppPassword(agent, name, more = {}) {
  const { data } = await agent.com.atproto.server.createAppPassword({ name, ...more })
  return { name, password: data.password }
}

/** Writes a record as the agent's person, and finds it where the account is. */
async function post(agent, text) {
  const record = { $type: collection, text }
  const { data } = await agent.com.atproto.repo.createRecord({ repo: agent.did, collection, record })
  const found = await agent.com.atproto.repo.getRecord({ repo: agent.did, collection, rkey: data.uri.split('/').at(-1) })
  assert.deepEqual(found.data.value, record)
}

/** Fills the page of a new account; answers what follows on it. */
function signUpOn(browser, page, { handle, email, password }) {
  return browser.press(page, 'Create account', { handle: handle.split('.')[0], email, password })
}

/** What the handle's own host answers when it is asked for its DID. */
function wellKnownDid(host) {
  return new Promise((done, fail) => {
    const request = httpRequest(`${entryway.issuer}/.well-known/atproto-did`, { headers: { host } }, async (answer) => {
      done([answer.statusCode, Buffer.concat(await answer.toArray()).toString().trim()])
    })
    request.on('error', fail).end()
  })
}
