import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls';
import { describe, LeveretError } from '../errors/leveret-error.ts';

/** What a URL says of TLS: files by their paths. */
export interface UrlTls {
  /** Authorities that the broker's certificate may be signed by, in PEM. */
  readonly cafile: string | undefined;
  /** Our own certificate, in PEM. */
  readonly certfile: string | undefined;
  /** Its key, in PEM. */
  readonly keyfile: string | undefined;
  /** Whether the broker's certificate is verified. */
  readonly verify: boolean | undefined;
  /** The name that the broker's certificate must have. */
  readonly serverName: string | undefined;
}

/**
 * The TLS options of a connection; `undefined` is without TLS. What `tls` says goes before what the URL does. Files
 * are read here. Errors: `INVALID_ARGUMENT`, naming the parameter.
 */
export function tlsOptions(
  tls: boolean | TlsOptions | undefined,
  url: { readonly secure: boolean; readonly tls: UrlTls } | undefined,
): TlsOptions | undefined {
  if (tls === false) return undefined;
  const wanted = tls ?? url?.secure ?? false;
  if (typeof wanted !== 'boolean' && (typeof wanted !== 'object' || wanted === null))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `tls must be true, false or the options of tls.connect, not ${describe(wanted)}`,
    );
  const said = url ? fromUrl(url.tls) : {};
  if (wanted !== false) return wanted === true ? said : { ...said, ...wanted };
  if (Object.keys(said).length === 0) return undefined;
  throw new LeveretError(
    'INVALID_ARGUMENT',
    'url must start with amqps:// where it has parameters of TLS',
  );
}

function fromUrl({ cafile, certfile, keyfile, verify, serverName }: UrlTls): TlsOptions {
  if ((certfile === undefined) !== (keyfile === undefined))
    throw new LeveretError(
      'INVALID_ARGUMENT',
      'url must have certfile and keyfile, or neither: one is of no use without the other',
    );
  const options = {
    ...(cafile === undefined ? {} : { ca: read('cafile', cafile) }),
    ...(certfile === undefined ? {} : { cert: read('certfile', certfile) }),
    ...(keyfile === undefined ? {} : { key: read('keyfile', keyfile) }),
    ...(verify === undefined ? {} : { rejectUnauthorized: verify }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
  checkFiles(options);
  return options;
}

/** What no attempt to connect could ever use is refused at once. */
function checkFiles(options: TlsOptions): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `cafile, certfile and keyfile must be PEM files that fit each other: ${describe(cause)}`,
      { cause },
    );
  }
}

function read(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LeveretError(
      'INVALID_ARGUMENT',
      `${parameter} must be a file that can be read: ${describe(cause)}`,
      { cause },
    );
  }
}
