import { generate } from 'selfsigned';

export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
  /** What a client has to trust. */
  readonly ca: string;
}

let made: Promise<ServerCertificate> | undefined;

/** For 127.0.0.1 and localhost; one a process, which several doubles share. Elliptic, because making an RSA key takes long. */
export function serverCertificate(): Promise<ServerCertificate> {
  made ??= makeCertificate();
  return made;
}

async function makeCertificate(): Promise<ServerCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Azure double of the tests' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 60_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  return { key, cert, ca: cert };
}
