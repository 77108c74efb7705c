// The whole life of accounts at two unmodified PDS hosts, in the hands of a stock agent: what is changed at either side
// is changed at the PDS, in the PLC directory and here.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Secp256k1Keypair } from '@atproto/crypto'
import { remember } from './lib/artefacts.mjs'
import { writeAndRead } from './lib/client.mjs'
import { startDelegatingHosts } from './lib/delegation.mjs'
import { database, newPassword, operate, startEntryway } from './lib/entryway.mjs'
import { lettersTo, mailedCode, onceGood, until } from './lib/mailbox.mjs'
import { authorize, identity, logIn, signUp, stayAtLogin } from './lib/people.mjs'
import { refusal, succeed, xrpc } from './lib/xrpc.mjs'

const collection = 'com.example.note'

let entryway, fleet, carol

before(async () => {
  entryway = await startEntryway()
  fleet = await startDelegatingHosts(entryway, ['first', 'second'])
  carol = await signUp(entryway, fleet, 'carol')
})
after(async () => {
  await fleet?.stop()
  await entryway?.stop()
})

// an agent that talks to the PDS, which forwards to us, and one that talks to us alone
const sides = [
  ['the PDS', (account) => logIn(account, account.pds.publicUrl)],
  ['the login', async (account) => stayAtLogin(await logIn(account, entryway.issuer))],
]

for (const [side, agentOf] of sides) {
  const name = side === 'the PDS' ? 'pat' : 'lou'
  let person

  describe(`an account changed through ${side}`, () => {
    before(async () => {
      person = await signUp(entryway, fleet, name)
    })

    test('is called otherwise, and the directory, the PDS and we agree', async () => {
      const former = person.handle
      const agent = await agentOf(person)
      await agent.updateHandle({ handle: `${name}-two.test` })
      person.handle = `${name}-two.test`
      await assertAgreement(person)
      const gone = await xrpc(entryway.issuer, 'com.atproto.identity.resolveHandle', { query: { handle: former } })
      assert.equal(gone.status, 400)
      // the former one is free, for the same person too
      await agent.updateHandle({ handle: former })
      person.handle = former
      await assertAgreement(person)
      // and the session goes on
      await agent.sessionManager.refreshSession()
      assert.equal(agent.session.handle, former)
      await post(agent, 'by the former name')
    })

    test('is not called what somebody else is called', async () => {
      const agent = await agentOf(person)
      const input = { handle: carol.handle }
      await assert.rejects(agent.updateHandle(input), { error: 'HandleNotAvailable' })
      await assertAgreement(person)
      await assertAgreement(carol)
    })

    test('has its address confirmed by a code that is good once', async () => {
      const agent = await agentOf(person)
      const { server } = agent.com.atproto
      assert.equal((await server.getSession()).data.emailConfirmed, false)
      const token = await mailedCode(entryway, person.email, () => server.requestEmailConfirmation())
      await server.confirmEmail({ email: person.email, token })
      for (const [, anyAgentOf] of sides) {
        assert.equal((await (await anyAgentOf(person)).com.atproto.server.getSession()).data.emailConfirmed, true)
      }
      await assert.rejects(server.confirmEmail({ email: person.email, token }), { error: 'InvalidToken' })
    })

    test('gets another address with a code that went to the confirmed one', async () => {
      const agent = await agentOf(person)
      const { server } = agent.com.atproto
      const email = `${name}-two@example.com`
      await assert.rejects(server.updateEmail({ email }), { error: 'TokenRequired' })
      let asked
      const token = await mailedCode(entryway, person.email, async () => { asked = await server.requestEmailUpdate() })
      assert.equal(asked.data.tokenRequired, true)
      await assert.rejects(server.updateEmail({ email: carol.email, token }), { status: 400 })
      await server.updateEmail({ email, token })
      person.email = email
      const { data } = await server.getSession()
      assert.deepEqual([data.email, data.emailConfirmed], [email, false])
      // nobody has confirmed that one, so nobody can be asked
      person.email = `${name}-three@example.com`
      await server.updateEmail({ email: person.email })
    })

    test('rests and wakes, and writes only when awake', async () => {
      const agent = await agentOf(person)
      const session = await authorize(entryway, person)
      await agent.com.atproto.server.deactivateAccount({})
      await assert.rejects(post(agent, 'asleep'), { error: 'AccountDeactivated' })
      assert.deepEqual(await status(person), { active: false, status: 'deactivated' })
      await assert.rejects(session.getTokenInfo(true))
      await agent.com.atproto.server.activateAccount()
      assert.deepEqual(await status(person), { active: true, status: undefined })
      await post(agent, 'awake')
      await writeAndRead(await authorize(entryway, person), 'by an app again')
    })

    test('has a PLC operation signed with a mailed code, and submits it', async () => {
      const agent = await agentOf(person)
      const { identity: id } = agent.com.atproto
      const { data: { rotationKeys } } = await id.getRecommendedDidCredentials()
      const mine = (await Secp256k1Keypair.create()).did()
      const wish = { rotationKeys: [mine, ...rotationKeys] }
      await assert.rejects(id.signPlcOperation(wish), { status: 400 })
      const token = await mailedCode(entryway, person.email, () => id.requestPlcOperationSignature())
      const before = await log(person.did)
      const { data: { operation } } = await id.signPlcOperation({ token, ...wish })
      assert.deepEqual(await log(person.did), before, 'it was sent by whoever signed it')
      await assert.rejects(id.signPlcOperation({ token, ...wish }), { error: 'InvalidToken' })
      await id.submitPlcOperation({ operation })
      const data = await (await fetch(`${entryway.plc}/${person.did}/data`)).json()
      assert.deepEqual(data.rotationKeys, wish.rotationKeys)
      await assertAgreement(person)
    })

    test('gets another password by a mailed code, which ends every session there was', async () => {
      const agent = await agentOf(person)
      const app = await agent.com.atproto.server.createAppPassword({ name: 'bot' })
      remember(app.data.password)
      const bot = await agentOf({ ...person, password: app.data.password })
      const session = await authorize(entryway, person)
      const { server } = agent.com.atproto
      const token = await mailedCode(entryway, person.email, () => server.requestPasswordReset({ email: person.email }))
      const former = person.password
      person.password = newPassword()
      await onceGood(() => server.resetPassword({ token, password: person.password }))
      for (const { session: { refreshJwt: bearer } } of [agent, bot]) {
        const refused = await xrpc(entryway.issuer, 'com.atproto.server.refreshSession', { input: null, bearer })
        assert.deepEqual(refusal(refused), [400, 'ExpiredToken', 'Token has been revoked'])
      }
      await assert.rejects(session.getTokenInfo(true))
      await assert.rejects(logIn({ ...person, password: former }, person.pds.publicUrl), { error: 'AuthenticationRequired' })
      await assert.rejects(server.resetPassword({ token, password: former }), { error: 'InvalidToken' })
      await post(await agentOf(person), 'with another password')
    })

    test('is deleted with its password and a mailed code, and leaves its DID to its person', async () => {
      const leaver = await signUp(entryway, fleet, `${name}-leaver`)
      const agent = await agentOf(leaver)
      const session = await authorize(entryway, leaver)
      const { server } = agent.com.atproto
      const token = await mailedCode(entryway, leaver.email, () => server.requestAccountDelete())
      const wish = { did: leaver.did, password: leaver.password, token }
      await assert.rejects(server.deleteAccount({ ...wish, password: 'another' }), { status: 401 })
      await server.deleteAccount(wish)
      const query = { repo: leaver.did }
      assert.equal((await xrpc(leaver.pds.publicUrl, 'com.atproto.repo.describeRepo', { query })).status, 400)
      await assert.rejects(session.getTokenInfo(true))
      await assert.rejects(logIn(leaver, entryway.issuer), { error: 'AuthenticationRequired' })
      const { handle, did } = leaver
      assert.equal((await xrpc(entryway.issuer, 'com.atproto.identity.resolveHandle', { query: { handle } })).status, 400)
      assert.equal((await identity(entryway, did)).status, 200)
      const another = await signUp(entryway, fleet, `${name}-leaver`)
      assert.notEqual(another.did, did)
      await assertAgreement(another)
    })
  })
}

describe('an account that an operator takes down', () => {
  for (const [where, takeDown, restore] of [
    ['here', (person) => account('take-down', person, '--ref', 'case 7'), (person) => account('restore', person)],
    ['on its PDS', (person) => subjectStatus(person, true), (person) => subjectStatus(person, false)],
  ]) {
    test(`${where} is down on both sides, with every session ended, until it is restored`, async () => {
      const person = await signUp(entryway, fleet, where === 'here' ? 'tim' : 'tom')
      const [session, agent] = [await authorize(entryway, person), await logIn(person, person.pds.publicUrl)]
      await takeDown(person)
      await until(async () => (await status(person)).status === 'takendown', 'it is not down on its PDS', 60_000)
      await until(async () => (await listed(person)).includes('taken down'), 'it is not down here', 60_000)
      assert.equal((await createSession(person)).body.error, 'AccountTakedown')
      await assert.rejects(session.getTokenInfo(true))
      const { refreshJwt: bearer } = agent.session
      const refused = await xrpc(entryway.issuer, 'com.atproto.server.refreshSession', { input: null, bearer })
      assert.ok(['AccountTakedown', 'ExpiredToken'].includes(refused.body.error), JSON.stringify(refused.body))

      await restore(person)
      await until(async () => !(await listed(person)).includes('taken down'), 'it is not restored here', 60_000)
      await until(async () => (await status(person)).active, 'it is not restored on its PDS', 60_000)
      await writeAndRead(await authorize(entryway, person), 'restored')
    })
  }
})

test('an account moves from one host to the other, and its app goes on without asking again', async () => {
  const mover = await signUp(entryway, fleet, 'mover')
  const session = await authorize(entryway, mover)
  const agent = await logIn(mover, entryway.issuer)
  await writeAndRead(session, 'before the move')
  const picture = Buffer.from('a picture, of a kind')
  const { data: { blob } } = await agent.com.atproto.repo.uploadBlob(picture, { encoding: 'application/octet-stream' })
  await agent.com.atproto.repo.createRecord({ repo: mover.did, collection, record: { $type: collection, blob } })
  const [from, to] = [mover.pds, fleet.hosts.find((pds) => pds !== mover.pds)]

  await account('move', mover, '--to', to.publicUrl)
  mover.pds = to
  await assertAgreement(mover)
  // the app was never asked again: its next refresh is for where the account is now
  await session.getTokenInfo(true)
  assert.equal((await session.getTokenInfo(false)).aud, `${to.publicUrl}/`)
  await writeAndRead(session, 'after the move')
  const listed = await succeed(to.publicUrl, 'com.atproto.repo.listRecords', { query: { repo: mover.did, collection } })
  assert.deepEqual(listed.records.map(({ value }) => value.text).filter(Boolean), ['after the move', 'before the move'])
  const query = new URLSearchParams({ did: mover.did, cid: blob.ref.toString() })
  const kept = await fetch(`${to.publicUrl}/xrpc/com.atproto.sync.getBlob?${query}`)
  assert.deepEqual(Buffer.from(await kept.arrayBuffer()), picture)
  await agent.sessionManager.refreshSession()
  assert.equal(agent.pdsUrl.origin, to.publicUrl)
  await post(agent, 'by the agent after the move')
  const left = await xrpc(from.publicUrl, 'com.atproto.repo.createRecord', {
    input: { repo: mover.did, collection, record: { $type: collection } },
    bearer: agent.session.accessJwt,
  })
  assert.notEqual(left.status, 200)
})

test('letters that name nobody are not written', async () => {
  const stranger = 'nobody@example.com'
  await succeed(entryway.issuer, 'com.atproto.server.requestPasswordReset', { input: { email: stranger } })
  assert.deepEqual(await lettersTo(entryway, stranger), [])
})

// C28
test('nothing of all this is left to be finished', async () => {
  const nothing = async () => (await operate(['account', 'unfinished', ...database()])) === ''
  await until(nothing, 'something is unfinished', 60_000)
})

/** Its handle, as everybody says it is, and where it lives. */
async function assertAgreement({ did, handle, pds }) {
  const { document } = await identity(entryway, did)
  assert.deepEqual(document.alsoKnownAs, [`at://${handle}`])
  assert.equal(document.service[0].serviceEndpoint, pds.publicUrl)
  const repo = await succeed(pds.publicUrl, 'com.atproto.repo.describeRepo', { query: { repo: did } })
  assert.deepEqual([repo.did, repo.handle, repo.handleIsCorrect], [did, handle, true])
  const query = { handle }
  assert.deepEqual(await succeed(entryway.issuer, 'com.atproto.identity.resolveHandle', { query }), { did })
  const line = await listed({ did })
  assert.ok(line.includes(handle) && line.includes(pds.did), line)
}

/** What an operator is told of it. */
async function listed({ did }) {
  const lines = (await operate(['account', 'list', ...database()])).split('\n')
  return lines.find((line) => line.includes(did)) ?? ''
}

/** What the PDS says of its status. */
async function status({ did, pds }) {
  const { active, status } = await succeed(pds.publicUrl, 'com.atproto.sync.getRepoStatus', { query: { did } })
  return { active, status }
}

const createSession = ({ handle, password }) =>
  xrpc(entryway.issuer, 'com.atproto.server.createSession', { input: { identifier: handle, password } })

const account = (verb, { did }, ...more) => operate(['account', verb, did, ...more, ...database()])

const subjectStatus = ({ did, pds }, applied) =>
  succeed(pds.publicUrl, 'com.atproto.admin.updateSubjectStatus', {
    input: { subject: { $type: 'com.atproto.admin.defs#repoRef', did }, takedown: { applied } },
    headers: { authorization: `Basic ${Buffer.from(`admin:${pds.adminPassword}`).toString('base64')}` },
  })

const log = async (did) => (await fetch(`${entryway.plc}/${did}/log`)).json()

const post = (agent, text) =>
  agent.com.atproto.repo.createRecord({ repo: agent.did, collection, record: { $type: collection, text } })
