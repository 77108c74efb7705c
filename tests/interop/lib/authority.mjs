// A certificate authority of one test program, which trusts it from then on; a server is told by `--extra-ca`.

// x509 needs it, and only says so
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const days = 24 * 60 * 60 * 1000

/** Answers the `file` of the authority's certificate, `certificateFor(host, …)` and `remove()`. */
export async function newAuthority() {
  const keys = await newKeys()
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=Test authority of entryway',
    serialNumber: '01',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  setDefaultCACertificates([...getCACertificates('default'), authority.toString('pem')])
  const folder = mkdtempSync(join(tmpdir(), 'entryway-authority-'))
  const file = join(folder, 'authority.pem')
  writeFileSync(file, authority.toString('pem'))

  let serial = 1
  const certificateFor = async (...hosts) => {
    const own = await newKeys()
    serial += 1
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(),
      subject: `CN=${hosts[0]}`,
      issuer: authority.subject,
      serialNumber: serial.toString(16).padStart(2, '0'),
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns', value }))),
      ],
    })
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey)
    return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
  }
  return { file, certificateFor, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function newKeys() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function validity() {
  const now = Date.now()
  return { notBefore: new Date(now - days), notAfter: new Date(now + 7 * days) }
}
