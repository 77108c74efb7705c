// A PDS in trouble, people who would pass for one, and addresses that are not what they say.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { applicant, identity, logIn, signUp, stayAtLogin } from './lib/people.mjs'
import { startPdsFront, troubles } from './lib/pds-front.mjs'
import { decoded, succeed, xrpc } from './lib/xrpc.mjs'

const createAccount = 'com.atproto.server.createAccount'
const createSession = 'com.atproto.server.createSession'
/** What a sign-up asks of a PDS. */
const signUpCalls = ['com.atproto.repo.describeRepo', 'com.atproto.server.reserveSigningKey', createAccount]

let entryway, fleet, front, pds, carol, serviceDid

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['troubled'], {
    front: async ({ publicUrl, origin }) => {
      front = await startPdsFront(publicUrl)
      front.to(origin)
    },
  })
  ;[pds] = fleet.hosts
  carol = await signUp(entryway, fleet, 'carol')
  ;({ did: serviceDid } = await succeed(entryway.issuer, 'com.atproto.server.describeServer'))
})
after(async () => {
  await fleet?.stop()
  front?.stop()
  await entryway?.stop()
})

describe('a sign-up', () => {
  let number = 0
  for (const [what, trouble] of Object.entries(troubles)) {
    for (const method of signUpCalls) {
      const isLook = method !== createAccount
      const at = method.split('.').at(-1)
      test(`while the PDS ${what} at ${at} is refused with a reason or made whole, and a second try has one account`, async () => {
        const input = applicant(`name${++number}`)
        front.forget()
        const first = await front.during(trouble, [method], () => xrpc(entryway.issuer, createAccount, { input }))
        if (first.status !== 200) {
          assert.deepEqual([first.status, first.body.error], [502, 'UpstreamFailure'], JSON.stringify(first.body))
          assert.ok(first.body.message.includes('again'), first.body.message)
        } else {
          assert.equal(isLook, false, 'the trouble was not noticed')
        }
        const second = await succeed(entryway.issuer, createAccount, { input })
        assert.equal(second.handle, input.handle)
        if (first.status === 200) assert.equal(second.did, first.body.did)
        const { document } = await identity(entryway, second.did)
        assert.deepEqual(document.alsoKnownAs, [`at://${input.handle}`])
        // however often it was asked, the PDS was never asked for another DID
        const dids = front.passed(createAccount).map(({ body }) => JSON.parse(body).did)
        assert.deepEqual([...new Set(dids)], [second.did])
        await succeed(pds.publicUrl, 'com.atproto.server.checkAccountStatus', { bearer: second.accessJwt })
      })
    }
  }

  test('at a PDS that says nothing for half a minute ends in time, and a second try succeeds', async () => {
    const input = applicant('patient')
    const began = performance.now()
    const first = await front.silent([createAccount], () => xrpc(entryway.issuer, createAccount, { input }))
    const seconds = (performance.now() - began) / 1000
    assert.deepEqual([first.status, first.body.error], [504, 'UpstreamTimeout'], JSON.stringify(first.body))
    assert.ok(seconds < 45, `${seconds} s`)
    assert.equal((await succeed(entryway.issuer, createAccount, { input })).handle, input.handle)
  })
})

describe('a session', () => {
  test('begins, is refreshed and ends at the login while the PDS is down', async () => {
    const everything = ['com.atproto.server.getSession', 'com.atproto.repo.createRecord', 'com.atproto.server.describeServer', ...signUpCalls]
    await front.during(troubles['is down'], everything, async () => {
      const agent = await logIn(carol, entryway.issuer)
      assert.equal(agent.pdsUrl.origin, pds.publicUrl)
      await agent.sessionManager.refreshSession()
      await succeed(entryway.issuer, 'com.atproto.server.getSession', { bearer: agent.session.accessJwt })
      await agent.logout()
    })
  })

  for (const [what, trouble, status, name] of [
    ['is down', troubles['is down'], 502, 'UpstreamFailure'],
    ['breaks down', troubles['breaks down'], 500, 'InternalServerError'],
  ]) {
    test(`that writes through the login while the PDS ${what} is told so, and goes on`, async () => {
      const agent = stayAtLogin(await logIn(carol, entryway.issuer))
      const { accessJwt: bearer } = agent.session
      const record = { $type: 'com.example.note', text: 'again' }
      const input = { repo: carol.did, collection: 'com.example.note', record }
      const write = () => xrpc(entryway.issuer, 'com.atproto.repo.createRecord', { input, bearer })
      const refused = await front.during(trouble, ['com.atproto.repo.createRecord'], write)
      assert.deepEqual([refused.status, refused.body.error], [status, name])
      assert.equal((await write()).status, 200)
    })
  }
})

describe('a service token', () => {
  // a PDS makes one for any method at its person's wish, but for those it calls us for itself
  const protectedMethods = [
    ['com.atproto.server.getSession', {}],
    ['com.atproto.server.createAppPassword', { input: { name: 'stolen' } }],
    ['com.atproto.server.listAppPasswords', {}],
    ['com.atproto.server.revokeAppPassword', { input: { name: 'kept' } }],
  ]

  test('for a method that is between the PDS and us is not made by the PDS for its person', async () => {
    for (const [lxm] of protectedMethods) {
      const refused = await serviceAuth({ lxm })
      assert.equal(refused.status, 400, lxm)
      assert.match(refused.body.message, /protected method/)
    }
  })

  test('that a person had made for something else opens none of these', async () => {
    for (const made of [{ lxm: 'com.example.anything' }, {}]) {
      for (const [method, given] of protectedMethods) {
        const { token: bearer } = (await serviceAuth(made)).body
        assert.deepEqual([decoded(bearer).claims.iss, decoded(bearer).claims.aud], [carol.did, serviceDid])
        const refused = await xrpc(entryway.issuer, method, { ...given, bearer })
        assert.ok([400, 401].includes(refused.status), `${method}: ${refused.status}`)
        assert.match(refused.body.error, /^BadJwt/, `${method}: ${JSON.stringify(refused.body)}`)
      }
    }
    const { data } = await (await logIn(carol, entryway.issuer)).com.atproto.server.listAppPasswords()
    assert.deepEqual(data.passwords, [])
  })

  const serviceAuth = async (more) => {
    const { accessJwt: bearer } = (await logIn(carol, pds.publicUrl)).session
    return xrpc(pds.publicUrl, 'com.atproto.server.getServiceAuth', { query: { aud: serviceDid, ...more }, bearer })
  }
})

//
describe('the address of whoever signs in', () => {
  const wrong = (handle) => ({ input: { identifier: handle, password: 'not the password' } })
  /** Signs in wrongly until it is limited; how often it was not. */
  const exhaust = async (origin, options) => {
    for (let tries = 0; tries < 100; tries++) {
      const { status } = await xrpc(origin, createSession, options(tries))
      if (status === 429) return tries
      assert.equal(status, 401)
    }
    return Infinity
  }

  test('is believed of a PDS of the fleet, so that one guesser does not shut out the others', async () => {
    const dave = await signUp(entryway, fleet, 'dave')
    const guesser = { ...wrong(dave.handle), from: '127.0.0.7' }
    // the PDS itself, for the front has an address of its own
    assert.ok((await exhaust(pds.origin, () => guesser)) < 100)
    const input = { identifier: dave.handle, password: dave.password }
    assert.equal((await xrpc(pds.origin, createSession, { input, from: '127.0.0.8' })).status, 200)
    const limited = await xrpc(pds.origin, createSession, { input, from: '127.0.0.7' })
    assert.deepEqual([limited.status, limited.body.error], [429, 'RateLimitExceeded'])
  })

  test('is not believed of anybody else, who would guess for ever', async () => {
    const erin = await signUp(entryway, fleet, 'erin')
    const told = (tries) => ({ ...wrong(erin.handle), from: '127.0.0.9', headers: { 'x-forwarded-for': `192.0.2.${tries}` } })
    assert.ok((await exhaust(entryway.issuer, told)) < 100)
    // and neither is one that a guesser tells the PDS
    const frank = await signUp(entryway, fleet, 'frank')
    const asked = await xrpc(entryway.issuer, createSession, {
      input: { identifier: frank.handle, password: frank.password }, from: '127.0.0.9',
    })
    assert.equal(asked.status, 200)
  })
})
