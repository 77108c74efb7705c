// `entryway dev --pds reference`: the sandbox with unmodified PDS hosts instead of its own.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loopbackClient, writeAndRead } from './lib/client.mjs'
import { folder, startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { ownPort } from './lib/ports.mjs'
import { binary } from './lib/service.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const reference = ['--pds', 'reference', '--pds-package', import.meta.dirname, '--node', process.execPath]

let entryway, port
before(async () => {
  port = await ownPort()
  entryway = await startEntryway({ port, more: reference })
})
after(() => entryway?.stop())

test('two unmodified hosts delegate to the login, and each has an account', async () => {
  assert.equal(entryway.hosts.length, 2)
  for (const host of entryway.hosts) {
    const metadata = await (await fetch(`${host}/.well-known/oauth-protected-resource`)).json()
    assert.deepEqual(metadata.authorization_servers, [entryway.issuer])
  }
  const homes = await Promise.all([entryway.alice, entryway.bob].map(homeOf))
  assert.deepEqual(homes.toSorted(), entryway.hosts.toSorted())
})

test('a stock client that is told a handle logs in and writes', async () => {
  await writeAndRead(await logIn(), 'written in the sandbox')
})

test('the same folder has the same hosts and accounts later', async () => {
  const { hosts, alice } = entryway
  await entryway.stop()
  entryway = await startEntryway({ port, more: reference })
  assert.deepEqual(entryway.hosts, hosts)
  assert.equal(entryway.alice.did, alice.did)
  await writeAndRead(await logIn(), 'written later')
})

test('a folder of one kind is not opened as the other', () => {
  const refused = dev(['--data-dir', folder], 'sandbox')
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /this data directory was made with --pds reference/)
})

test('what is missing is told with the command that brings it', () => {
  const refused = dev(['--pds-package', newFolder(), '--node', process.execPath])
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /npm install --prefix \S+ @atproto\/pds@/)
  const nodeless = dev(['--node', join(newFolder(), 'node')])
  assert.equal(nodeless.status, 2)
  assert.match(nodeless.stderr, /needs Node 22/)
})

function dev(more, pds = 'reference') {
  return spawnSync(binary, ['dev', '--json', '--port', '0', '--pds', pds, ...more], { encoding: 'utf8', timeout: 30_000 })
}

function newFolder() {
  return mkdtempSync(join(tmpdir(), 'entryway-reference-'))
}

async function homeOf({ did }) {
  const { service } = await (await fetch(`${entryway.plc}/${did}`)).json()
  return service.find(({ id }) => id === '#atproto_pds').serviceEndpoint
}

async function logIn() {
  const client = loopbackClient(entryway, { handleResolver: entryway.issuer })
  const browser = new FormBrowser()
  const page = await browser.open(await client.authorize(entryway.alice.handle))
  const { answer } = await walkToAnswer(browser, page, entryway.alice)
  return (await client.callback(answer)).session
}
