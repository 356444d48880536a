import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile);

/** A certificate and its key: PEM texts, and the files that hold them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What {@link CertificateAuthority.issue} takes. */
export interface CertificateOptions {
  /** What it is for, as `subjectAltName`. @default 'IP:127.0.0.1' */
  readonly names?: string;
  /** Whether it ended long ago. @default false */
  readonly expired?: boolean;
}

/** An authority of this test's own, made with `openssl`, in a directory of its own. */
export class CertificateAuthority {
  private issued = 0;

  private constructor(
    private readonly dir: string,
    readonly own: Certificate,
  ) {}

  static async make(name: string): Promise<CertificateAuthority> {
    const dir = await mkdtemp(join(tmpdir(), 'roost-ca-'));
    const files = filesIn(dir, 'ca');
    await openssl('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', files.keyFile, '-out', files.certFile, '-days', '2', '-subj', `/CN=${name}`],
    ]);
    return new CertificateAuthority(dir, await read(files));
  }

  async issue({ names = 'IP:127.0.0.1', expired = false }: CertificateOptions = {}): Promise<Certificate> {
    const name = `issued-${(this.issued += 1)}`;
    const files = filesIn(this.dir, name);
    const request = join(this.dir, `${name}.csr`);
    const extensions = join(this.dir, `${name}.ext`);
    await writeFile(extensions, `subjectAltName=${names}\n`);
    await openssl('openssl', [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', files.keyFile, '-out', request, '-subj', `/CN=${name}`],
    ]);
    await openssl('openssl', [
      ...['x509', '-req', '-in', request, '-CA', this.own.certFile, '-CAkey', this.own.keyFile],
      // A lifetime of minus one day: it ended before it began.
      ...['-CAcreateserial', '-out', files.certFile, '-days', expired ? '-1' : '2', '-extfile', extensions],
    ]);
    return read(files);
  }

  /** Removes its directory. */
  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

function filesIn(dir: string, name: string) {
  return { certFile: join(dir, `${name}.crt`), keyFile: join(dir, `${name}.key`) };
}

async function read(files: { readonly certFile: string; readonly keyFile: string }): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(files.certFile, 'utf8'), readFile(files.keyFile, 'utf8')]);
  return { ...files, cert, key };
}
